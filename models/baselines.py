"""What a risk unit goes by without a model: what was declared, what audits found, how many rules fire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.base import YieldModel
from models.direct import DirectModel
from models.fitting.calibrate import amount_map
from models.fitting.line import columns_line, points_line
from models.fitting.margin import Margin
from models.fitting.training_rows import Audited, Learned
from models.tweedie import learned_log

VARIANCE = 1.5


@dataclass(kw_only=True, eq=False)
class DeclaredValueModel(DirectModel):
    """The larger the declared value, the larger the yield: traders by size."""

    kind: ClassVar[str] = "declared_value"
    column: str = "customs_value_12m"

    def _margin(self, audited: Audited, rows: np.ndarray) -> Margin:
        return columns_line(audited.X[rows], columns=[audited.place(self.column)], scale="same")


@dataclass(kw_only=True, eq=False)
class RuleScoreModel(DirectModel):
    """A score of rules: a point for each feature that is unusual in the direction that theory fears.

    `monotone` gives the directions by feature; those without one do not count.
    """

    kind: ClassVar[str] = "rule_score"
    monotone: Mapping[str, int] | None = None

    def _margin(self, audited: Audited, rows: np.ndarray) -> Margin:
        return points_line(audited.X[rows], directions=audited.directions(self.monotone))


@dataclass(kw_only=True, eq=False)
class PastYieldModel(YieldModel):
    """Past yield, shrunk: what earlier audits brought per declared value, times the value declared now.

    The rate is `features.prepare.track.shrunk`: drawn towards others of the sector and size.
    """

    kind: ClassVar[str] = "past_yield"
    rate: str = "yield_on_value"
    value: str = "customs_value_12m"

    def _learn(self, audited: Audited) -> Learned:
        columns = [audited.place(self.rate), audited.place(self.value)]
        line = columns_line(audited.X, columns=columns, scale="log")
        said = line.value(audited.X)
        found = amount_map(said, np.abs(audited.y), audited, variance=VARIANCE)
        return learned_log(line, said, found, audited=audited, variance=VARIANCE)
