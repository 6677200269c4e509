"""Predictions on their way to the log: of one trader with reasons, of many without; all numbers finite."""

from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from models.prediction import PER_TRADER, Explanation, Floats, Prediction
from serving.live.rounding import rounded
from serving.live.state import Live
from serving.log.entry import Asked, Basis, Entry
from serving.metrics import NOT_FINITE


class NotFiniteError(ValueError):
    """A number in an answer is none: a fault of the model or of the data, never sent as null."""


@dataclass(frozen=True)
class Case:
    """One trader: the features (1, p) looked at, what the model says, the same in cents, and why."""

    trader_id: str
    features: Floats
    said: Prediction
    told: Prediction
    why: Explanation

    @classmethod
    def of(cls, live: Live, trader_id: str) -> "Case":
        """Return that of a trader in the snapshot: all of it was worked out when the model went live."""
        row = [live.places[trader_id]]
        return cls(
            trader_id, live.X[row], live.said.taken(row), live.told.taken(row), live.explanation(trader_id)
        )

    @classmethod
    def supposed(cls, live: Live, trader_id: str, features: Floats) -> "Case":
        """Return that of a trader if its features were these."""
        prediction = live.bundle.model.predict(features)
        return cls(trader_id, features, prediction, rounded(prediction), live.bundle.model.explain(features))

    def entry(self, who: Asked, basis: Basis) -> Entry:
        """Return what the log keeps; raises `NotFiniteError`."""
        require_finite(self.said, self.why.contributions, np.array([self.why.base]))
        return Entry(
            asked=who,
            basis=basis,
            trader_ids=(self.trader_id,),
            features=self.features,
            prediction=self.said,
            contributions=self.why.contributions,
            base=self.why.base,
        )


def predicted(live: Live, entry: Entry) -> Entry:
    """Return an entry with what is said of its traders, which was worked out when the model went live.

    Raises `NotFiniteError`.
    """
    rows = live.rows(entry.trader_ids)
    said = live.said.taken(rows)
    require_finite(said)
    return replace(entry, features=live.X[rows], prediction=said)


def require_finite(said: Prediction, *others: Floats) -> None:
    """Raise `NotFiniteError`, and the alarm, unless every number of a prediction is one."""
    parts = (getattr(said, name) for name in (*PER_TRADER, "by_type"))
    if not all(np.isfinite(part).all() for part in (*parts, *others)):
        raise_not_finite("A prediction")


def raise_not_finite(found: str) -> NoReturn:
    """Raise `NotFiniteError`, and the alarm."""
    NOT_FINITE.inc()
    raise NotFiniteError(f"{found} is not a finite number.")
