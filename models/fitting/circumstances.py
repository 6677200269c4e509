"""Circumstances of an audit: treatment, selection channel, team and day, which move outcomes beside the trader.

A prediction is for the reference audit: a field audit by a team of average skill, opened on the newest day,
of a trader drawn at random from those like it. Whoever chose a trader knew something that no feature has, a
referral more than a rule; and non-compliance changes with the years. The effects are estimated beside the
features' margins, each drawn towards none by a normal prior, and left out when predicting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.fitting.glm import logistic, sigmoid
from models.prediction import Floats

REFERENCE: Mapping[str, str | None] = {"treatment": "field", "selection_channel": "random", "team_id": None}
TREND = "opened_on"
CHANCE_DEVIATIONS: Mapping[str, float] = {
    "treatment": 0.5,
    "selection_channel": 0.7,
    "team_id": 0.5,
    TREND: 0.15,
}
"""Prior deviations of the effects on the log-odds of an adjustment: two thirds of teams find between 0.6 and
1.6 times as often as the average, before any is looked at; of the trend, a year."""
MONEY_DEVIATIONS: Mapping[str, float] = {
    "treatment": 0.5,
    "selection_channel": 0.1,
    "team_id": 0.5,
    TREND: 0.15,
}
"""The same of the effects on the log of money. Who chose the trader hardly moves it: the few random audits
that find something would decide, and their mean is ruled by one large finding, or by its absence."""
DAYS_A_YEAR = 365.25
FEWEST_RANDOM = 30
RAREST = 1e-4


@dataclass(frozen=True)
class Circumstances:
    """The levels that differ from the reference, as (column, level), in the order of the effects.

    The level of the trend is a year earlier than the newest audit.
    """

    levels: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, audits: pa.Table | None) -> "Circumstances":
        """Return the levels that stand in audits; none where there are no audits."""
        if audits is None or not len(audits):
            return cls(())
        levels = [
            (column, level)
            for column, reference in REFERENCE.items()
            for level in _levels(audits, column)
            if level != reference
        ]
        return cls((*levels, (TREND, "a year earlier")))

    def design(self, audits: pa.Table | None, *, rows: int) -> Floats:
        """Return a column for each level (rows, levels): 0 or 1, or the years before the newest audit."""
        if audits is None or not self.levels:
            return np.zeros((rows, 0))
        columns = {column: np.array(audits[column].to_pylist(), dtype=object) for column in REFERENCE}
        days = audits[TREND].to_numpy().astype("datetime64[D]").astype(np.float64)
        years = (days.max() - days) / DAYS_A_YEAR
        return np.column_stack(
            [years if column == TREND else columns[column] == level for column, level in self.levels]
        ).astype(np.float64)

    def ridge(self, deviations: Mapping[str, float], *, dispersion: float = 1.0) -> Floats:
        """Return the penalty of each effect, for prior deviations and a likelihood with that dispersion."""
        return np.array([dispersion / deviations[column] ** 2 for column, _ in self.levels])

    def named(self, effects: Sequence[float]) -> list[dict[str, str | float]]:
        """Return effects beside their levels, as data."""
        return [
            {"column": column, "level": level, "effect": float(effect)}
            for (column, level), effect in zip(self.levels, effects, strict=True)
        ]


def representative(audits: pa.Table | None, probability: Floats) -> Floats:
    """Return the weight with which each audit represents all traders: audits are mostly of risky ones.

    Those drawn at random are like all traders. Along the predicted log-odds of an adjustment, the weight is
    the share of audits drawn at random there over their share in all; 1 where these are too few.
    """
    at_random = np.zeros(len(probability))
    if audits is not None:
        at_random += np.array([channel == "random" for channel in audits["selection_channel"].to_pylist()])
    if not FEWEST_RANDOM <= at_random.sum() < len(at_random):
        return np.ones_like(probability)
    chance = np.clip(probability, RAREST, 1 - RAREST)
    design = np.column_stack([np.ones_like(chance), np.log(chance / (1 - chance))])
    coefficients = logistic(design, at_random, weight=np.ones_like(chance), ridge=np.array([0.0, 1.0]))
    return np.asarray(sigmoid(design @ coefficients) / at_random.mean(), np.float64)


def _levels(audits: pa.Table, column: str) -> list[str]:
    return sorted({level for level in audits[column].to_pylist() if level is not None})
