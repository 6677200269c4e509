"""Money rounded once, on its way out: to cents that still add up."""

from dataclasses import replace

import numpy as np

from models.prediction import Floats, Prediction

CHANCE_DIGITS = 6


def in_cents(parts: Floats, totals: Floats) -> Floats:
    """Round `parts` (n, k) to cents, each row adding up to its total (n,) in cents, by the largest remainder.

    They must add up to the totals before, but for the rounding of floats.
    """
    scaled = parts * 100.0
    floors = np.floor(scaled)
    left = np.rint(totals * 100.0) - floors.sum(axis=1)
    place = np.argsort(np.argsort(floors - scaled, axis=1, kind="stable"), axis=1)
    return np.asarray((floors + (place < left[:, None])) / 100.0 + 0.0, np.float64)


def rounded(said: Prediction) -> Prediction:
    """Round predictions as they are answered: money to cents, the split adding up to the whole."""
    return replace(
        said,
        expected=cents(said.expected),
        probability=said.probability.round(CHANCE_DIGITS),
        low=cents(said.low),
        high=cents(said.high),
        by_type=in_cents(said.by_type, said.expected),
    )


def cents(amounts: Floats) -> Floats:
    """Round amounts to cents."""
    return np.asarray(np.rint(amounts * 100.0) / 100.0 + 0.0, np.float64)  # no negative nothing
