"""Rounding of answers: money to cents that still add up."""

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
    rank = np.argsort(np.argsort(floors - scaled, axis=1, kind="stable"), axis=1)
    return np.asarray((floors + (rank < left[:, None])) / 100.0 + 0.0, np.float64)


def round_prediction(prediction: Prediction) -> Prediction:
    """Round a prediction for an answer: money to cents, the split adding up to the whole."""
    return replace(
        prediction,
        expected=to_cents(prediction.expected),
        probability=prediction.probability.round(CHANCE_DIGITS),
        low=to_cents(prediction.low),
        high=to_cents(prediction.high),
        low_if_adjusted=to_cents(prediction.low_if_adjusted),
        high_if_adjusted=to_cents(prediction.high_if_adjusted),
        by_type=in_cents(prediction.by_type, prediction.expected),
    )


def to_cents(amounts: Floats) -> Floats:
    """Round amounts to cents."""
    return np.asarray(np.rint(amounts * 100.0) / 100.0 + 0.0, np.float64)  # no negative nothing
