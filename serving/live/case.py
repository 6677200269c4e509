"""Predictions for an answer and its log entry: of one trader with reasons, of many without."""

from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from models.prediction import Explanation, Floats, Prediction
from serving.live.rounding import round_prediction
from serving.live.state import Live
from serving.log.entry import Access, AnswerBasis, LogEntry
from serving.metrics import NOT_FINITE


class NotFiniteError(ValueError):
    """A number in an answer is not finite: a fault of the model or of the data, never sent as null."""


@dataclass(frozen=True)
class Case:
    """One trader: its features (1, p), the prediction, the same rounded to cents, and its explanation."""

    trader_id: str
    features: Floats
    prediction: Prediction
    rounded: Prediction
    explanation: Explanation

    @classmethod
    def of(cls, live: Live, trader_id: str) -> "Case":
        """Return the case of a trader in the snapshot, computed when the model went live."""
        row = [live.row_index[trader_id]]
        return cls(
            trader_id,
            live.X[row],
            live.prediction.taken(row),
            live.rounded.taken(row),
            live.explanation(trader_id),
        )

    @classmethod
    def what_if(cls, live: Live, trader_id: str, features: Floats) -> "Case":
        """Return the case of a trader if its features were these."""
        prediction = live.bundle.model.predict(features)
        return cls(
            trader_id, features, prediction, round_prediction(prediction), live.bundle.model.explain(features)
        )

    def log_entry(self, access: Access, basis: AnswerBasis) -> LogEntry:
        """Return the log entry of the answer; raises `NotFiniteError`."""
        require_finite(self.prediction, self.explanation.contributions, np.array([self.explanation.base]))
        return LogEntry(
            access=access,
            basis=basis,
            trader_ids=(self.trader_id,),
            features=self.features,
            prediction=self.prediction,
            contributions=self.explanation.contributions,
            base=self.explanation.base,
        )


def with_predictions(live: Live, entry: LogEntry) -> LogEntry:
    """Return a log entry with the predictions of its traders, computed when the model went live.

    Their features are logged by reference: the digest of the snapshot and the trader say which they are, and
    a thousand traders are 0.1 MB instead of 1.3. Raises `NotFiniteError`.
    """
    prediction = live.prediction.taken(live.rows(entry.trader_ids))
    require_finite(prediction)
    return replace(entry, prediction=prediction)


def require_finite(prediction: Prediction, *others: Floats) -> None:
    """Raise `NotFiniteError`, and the alarm, unless every number of a prediction is finite."""
    if not all(np.isfinite(part).all() for part in (prediction.matrix, *others)):
        raise_not_finite("A prediction")


def raise_not_finite(subject: str) -> NoReturn:
    """Raise `NotFiniteError`, and the alarm."""
    NOT_FINITE.inc()
    raise NotFiniteError(f"{subject} is not a finite number.")
