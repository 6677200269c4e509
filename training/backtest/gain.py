"""Gain: the part of all money that the first audits bring, in the order of a model."""

import numpy as np

from models.card import Gain
from models.prediction import Floats, Prediction
from training.backtest.out_of_fold import OutOfFold

SHARES = np.linspace(0.0, 1.0, 21)
"""The shares of the audits at which the card has the gain."""


def gathered(y: Floats, prediction: Prediction) -> Floats:
    """Return the part of all money `y` (n,) after 0, 1, ... n audits, the highest prediction first.

    Where refunds outweigh, it is a part of all the money that moves.
    """
    net, moved = float(y.sum()), float(np.abs(y).sum())
    whole = net if net > 0 else moved or 1.0
    order = np.argsort(-prediction.expected, kind="stable")
    return np.append(0.0, y[order].cumsum()) / whole


def gains(out_of_fold: OutOfFold) -> tuple[Gain, ...]:
    """Return the gain of every model at `SHARES`; none where no audit was tested."""
    if not len(out_of_fold):
        return ()
    done = np.linspace(0.0, 1.0, len(out_of_fold) + 1)
    return tuple(
        Gain(name, tuple(np.interp(SHARES, done, gathered(out_of_fold.y, prediction)).round(6).tolist()))
        for name, prediction in out_of_fold.predictions.items()
    )
