"""What models said of audits that they had not learned from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from features.data.contract.required import FINDING_TYPES
from models.prediction import SAID, Floats, Prediction

ORACLE = "oracle"
"""What stands among the models for one who knows the outcome."""


@dataclass(frozen=True)
class OutOfFold:
    """Tested audits and what each model said of them, row for row.

    `audits` are rows of `features.outcomes`, as known at the end of all, with the day of their `fold`.
    """

    audits: pa.Table
    predictions: Mapping[str, Prediction]

    def __len__(self) -> int:
        return int(self.audits.num_rows)

    @property
    def y(self) -> Floats:
        """The money found (n,), signed."""
        return self.audits["yield_amount"].to_numpy()  # type: ignore[no-any-return]

    def where(self, mask: np.ndarray) -> "OutOfFold":
        """Return the audits for which a mask (n,) holds."""
        kept = {name: prediction.taken(mask) for name, prediction in self.predictions.items()}
        return OutOfFold(self.audits.filter(pa.array(mask)), kept)

    def table(self) -> pa.Table:
        """Return one row an audit and model: the audit's columns, model, expected, probability, low, high."""
        parts = []
        for model, said in self.predictions.items():
            part = self.audits.append_column("model", pa.array([model] * len(self), pa.string()))
            for name in SAID:
                part = part.append_column(name, pa.array(getattr(said, name), pa.float64()))
            parts.append(part)
        return pa.concat_tables(parts)


def joined(parts: Sequence[OutOfFold]) -> OutOfFold:
    """Return the audits of all folds, one fold after the other."""
    models = parts[0].predictions
    return OutOfFold(
        pa.concat_tables([part.audits for part in parts]),
        {model: _joined([part.predictions[model] for part in parts]) for model in models},
    )


def oracle(y: Floats) -> Prediction:
    """Return what one would say who knows the outcome: `ORACLE`, the most that an order can capture."""
    types = np.zeros((len(y), len(FINDING_TYPES)))
    types[:, -1] = y
    return Prediction(y, (y != 0).astype(np.float64), y, y, types, FINDING_TYPES)


def _joined(parts: Sequence[Prediction]) -> Prediction:
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*SAID, "by_type")
    }
    return replace(parts[0], **columns)
