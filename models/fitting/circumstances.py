"""Circumstances of an audit: treatment, selection channel and team, which move outcomes beside the trader.

A prediction is for the reference audit: a field audit by a team of average skill, of a trader drawn at random
among those with its features. Whoever chose a trader knew something that no feature has, a referral more than
a rule. The effects are estimated beside the features' margins, each drawn towards none by a normal prior, and
left out when predicting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.fitting.glm import logistic, sigmoid
from models.prediction import Floats

REFERENCE: Mapping[str, frozenset[str]] = {
    "treatment": frozenset({"field"}),
    "selection_channel": frozenset({"random"}),
    "team_id": frozenset(),
}
ON_RECORDED_DATA = frozenset({"random", "rule", "model"})
"""Selection channels without knowledge beside the data; they are the reference where `FEWEST_RANDOM` audits
drawn at random are not there."""
CHANCE_DEVIATIONS: Mapping[str, float] = {"treatment": 0.25, "selection_channel": 0.8, "team_id": 0.5}
"""Prior deviations of the effects on the log-odds of an adjustment. Small for treatments: desk audits are of
small traders, so that their effect and that of size can hardly be told apart, and an effect that is too large
inflates the small. Large for channels: audits drawn at random find a third as often as those chosen."""
MONEY_DEVIATIONS: Mapping[str, float] = {"treatment": 0.25, "selection_channel": 0.01, "team_id": 0.3}
"""The same of the effects on the log of money. Channels have next to none: the mean of the few random audits
that find something is ruled by one large finding, or by its absence."""
FEWEST_RANDOM = 30
RAREST = 1e-4


@dataclass(frozen=True)
class Circumstances:
    """The levels that differ from the reference, as (column, level), in the order of the effects."""

    levels: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, audits: pa.Table | None) -> "Circumstances":
        """Return the levels that stand in audits; none where there are no audits."""
        if audits is None:
            return cls(())
        at_random = audits["selection_channel"].to_pylist().count("random")
        few = {"selection_channel": ON_RECORDED_DATA} if at_random < FEWEST_RANDOM else {}
        return cls(
            tuple(
                (column, level)
                for column, reference in {**REFERENCE, **few}.items()
                for level in _levels(audits, column)
                if level not in reference
            )
        )

    def design(self, audits: pa.Table | None, *, rows: int) -> Floats:
        """Return a column of 0 and 1 for each level (rows, levels)."""
        if audits is None or not self.levels:
            return np.zeros((rows, 0))
        columns = {column: np.array(audits[column].to_pylist(), dtype=object) for column, _ in self.levels}
        return np.column_stack([columns[column] == level for column, level in self.levels]).astype(np.float64)

    def ridge(self, deviations: Mapping[str, float], *, dispersion: float = 1.0) -> Floats:
        """Return the penalty of each effect, for prior deviations and a likelihood with that dispersion."""
        return np.array([dispersion / deviations[column] ** 2 for column, _ in self.levels], np.float64)

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
