"""Baselines: rankings by declared value, by past yield and by a score of rules, as without a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models.base import YieldModel
from models.direct import DirectModel
from models.fitting.calibrate import amount_map
from models.fitting.line import columns_margin, points_margin
from models.fitting.margin import Margin
from models.fitting.training_rows import Learned, TrainingRows
from models.tweedie import fit_log_link

VARIANCE = 1.5


@dataclass(kw_only=True, eq=False)
class DeclaredValueModel(DirectModel):
    """The larger the declared value, the larger the yield: traders by size."""

    kind: ClassVar[str] = "declared_value"
    column: str = "customs_value_12m"

    def _margin(self, training: TrainingRows, rows: np.ndarray) -> Margin:
        return columns_margin(training.X[rows], columns=[training.column_index(self.column)], scale="same")


@dataclass(kw_only=True, eq=False)
class RuleScoreModel(DirectModel):
    """A score of rules: a point for each feature that is unusual in the direction that theory fears.

    `monotone` gives the directions by feature; those without one do not count.
    """

    kind: ClassVar[str] = "rule_score"
    monotone: Mapping[str, int] | None = None

    def _margin(self, training: TrainingRows, rows: np.ndarray) -> Margin:
        return points_margin(training.X[rows], directions=training.directions(self.monotone))


@dataclass(kw_only=True, eq=False)
class PastYieldModel(YieldModel):
    """Past yield, shrunk: what earlier audits brought per declared value, times the value declared now.

    The rate is `features.prepare.track.shrunk`: drawn towards others of the sector and size.
    """

    kind: ClassVar[str] = "past_yield"
    rate: str = "yield_on_value"
    value: str = "customs_value_12m"

    def _learn(self, training: TrainingRows) -> Learned:
        columns = [training.column_index(self.rate), training.column_index(self.value)]
        margin = columns_margin(training.X, columns=columns, scale="log")
        values = margin.value(training.X)
        calibration = amount_map(values, np.abs(training.y), training, variance=VARIANCE)
        return fit_log_link(margin, values, calibration, training=training, variance=VARIANCE)
