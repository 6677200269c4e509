"""Circumstances of an audit: treatment, selection channel and team, which move outcomes beside the trader.

A prediction is for the reference audit: a field audit by a team of average skill, for which the trader was
chosen on recorded data. A referral, a complaint or a tax audit carries information that no feature has;
selection by rule, by a model or at random does not. The effects are estimated beside the features' margins,
each drawn towards none by a normal prior, and left out when predicting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.fitting.glm import logistic, sigmoid
from models.prediction import Floats

REFERENCE: Mapping[str, frozenset[str]] = {
    "treatment": frozenset({"field"}),
    "selection_channel": frozenset({"random", "rule", "model"}),
    "team_id": frozenset(),
}
PRIOR_DEVIATION = 0.5
"""Two thirds of teams find between 0.6 and 1.6 times as often as the average, before any is looked at."""
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
        return cls(
            tuple(
                (column, level)
                for column, reference in REFERENCE.items()
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

    def ridge(self, *, dispersion: float = 1.0) -> Floats:
        """Return the penalty of each effect, for a likelihood with that dispersion."""
        return np.full(len(self.levels), dispersion / PRIOR_DEVIATION**2)

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
