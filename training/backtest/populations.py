"""Populations of audits that predictions are evaluated on, and the weight of each audit."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.fitting.circumstances import ON_RECORDED_DATA
from models.prediction import Floats
from training.backtest.experiment import Experiment


def everyone(audits: pa.Table) -> np.ndarray:
    """Every audit, however selected and treated."""
    return np.ones(audits.num_rows, dtype=bool)


def like_the_reference(audits: pa.Table) -> np.ndarray:
    """Audits close to those that predictions are for: in the field, chosen on recorded data.

    Those drawn at random alone would be too few to compare models by.
    """
    in_the_field = _is_in(audits["treatment"], {"field"})
    return np.asarray(in_the_field & _is_in(audits["selection_channel"], ON_RECORDED_DATA))


def selected_at_random(audits: pa.Table) -> np.ndarray:
    """Audits selected at random: the only ones that speak for all traders without bias."""
    return _is_in(audits["selection_channel"], {"random"})


Population = Callable[[pa.Table], np.ndarray]
POPULATIONS: Mapping[str, Population] = {
    "all": everyone,
    "reference": like_the_reference,
    "random": selected_at_random,
}
"""By name: the function that flags the rows of `features.outcomes` in it."""


def weights(audits: pa.Table, population: str) -> Floats:
    """Return how much each audit of a population counts (n,).

    One drawn at random counts as often as there are traders it stands for: the inverse of its inclusion
    probability. Where that is not known it counts as the average of the others; elsewhere every audit is 1.
    """
    if population != "random":
        return np.ones(audits.num_rows)
    return inverse_inclusion(audits)


def sample_weight(audits: pa.Table, experiment: Experiment) -> Floats | None:
    """Return how much each audit counts in training (n,), None where all count alike."""
    return inverse_inclusion(audits) if experiment.weighted else None


def inverse_inclusion(audits: pa.Table) -> Floats:
    """Return 1 / inclusion_probability (n,), for those unknown the mean of the others, scaled to mean 1."""
    inverse: Floats = 1.0 / audits["inclusion_probability"].to_numpy()
    known = np.isfinite(inverse)
    if not known.any():
        return np.ones(len(inverse))
    relative = inverse / inverse[known].mean()
    return np.where(known, relative, 1.0)


def _is_in(column: pa.ChunkedArray, levels: Iterable[str]) -> np.ndarray:
    return np.asarray(pc.is_in(column, pa.array(sorted(levels), pa.string())))
