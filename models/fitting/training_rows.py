"""Training rows and the result of learning from them: the data between `fit` and a kind of model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from features.errors import SettingError
from models.fitting.circumstances import Circumstances
from models.fitting.link import Link
from models.fitting.margin import Margin
from models.prediction import ExpectedOutcome, Floats


@dataclass(frozen=True)
class TrainingRows:
    """Audits to learn from: a row an audit, in the order of opening where that is known.

    `design` (n, levels) encodes the circumstances of each; `blocks` are the rows held out in turn.
    """

    X: Floats
    y: Floats
    weight: Floats
    design: Floats
    circumstances: Circumstances
    blocks: tuple[np.ndarray, ...]
    names: tuple[str, ...]

    def without_circumstances(self) -> "TrainingRows":
        """Return the audits as if nothing were known of how they were done."""
        return replace(self, design=np.zeros((len(self.y), 0)), circumstances=Circumstances(()))

    def directions(self, monotone: Mapping[str, int] | None) -> tuple[int, ...]:
        """Return +1, -1 or 0 a column, of directions given by feature."""
        return tuple((monotone or {}).get(name, 0) for name in self.names)

    def column_index(self, name: str) -> int:
        """Return the index of a feature's column; raises `SettingError` where there is none."""
        if name not in self.names:
            raise SettingError(
                f"There is no feature '{name}' to learn from.",
                expected=f"one of the {len(self.names)} features given.",
                advice="Name another feature, or leave this model out.",
            )
        return self.names.index(name)


@dataclass(frozen=True)
class Learned:
    """The result of learning: margins of the features, the link to money, and the same held out.

    `held_out` is what a model that had not seen an audit expects of it; of the hurdle as of a reference
    audit, so that intervals allow for what whoever chose the trader knew beside its features.
    `effects` are the estimated effects of the circumstances, as data.
    """

    margins: tuple[Margin, ...]
    link: Link
    held_out: ExpectedOutcome
    effects: Mapping[str, list[dict[str, str | float]]]
