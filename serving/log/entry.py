"""Log entries: who accessed what, on which model and data the answer rests, and what was predicted."""

from dataclasses import dataclass
from datetime import date

from models.prediction import Floats, Prediction


@dataclass(frozen=True)
class Access:
    """One access to the service: who called which endpoint, and what for.

    `request_id` is the caller's own, or made for it: the same actor's same id is one answer, logged once.
    `actor` is the name of the token, never the token; `detail` is what else is known (a filter, a refusal).
    """

    endpoint: str
    request_id: str
    actor: str
    role: str
    purpose: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class AnswerBasis:
    """The basis of an answer: the day, the model and the data, each by what proves it.

    `snapshot_digest` is None where the features came from declarations in the request.
    """

    as_of: date
    model_version: str
    model_digest: str
    feature_digest: str
    snapshot_digest: str | None


@dataclass(frozen=True)
class Decision:
    """The decision of people after a prediction, each part None as long as it is not known.

    It becomes known later than the prediction, so it is an entry of its own, `about` the earlier one.
    `judgement` is what somebody said of it, as JSON (`serving.log.judgements`).
    """

    about: str | None = None
    selection_probability: float | None = None
    human_decision: str | None = None
    override_reason: str | None = None
    outcome: str | None = None
    judgement: str | None = None


@dataclass(frozen=True, eq=False)
class LogEntry:
    """One answer about `n` traders (none, where it spoke of no trader in particular).

    - `features` (n, p): in the order of the model's columns, NaN where unknown; None where they are those
      that the snapshot of the basis has of these traders.
    - `prediction`: of length n, with its split by finding type.
    - `contributions` (n, p) and `base`: in money, where reasons were given.
    """

    access: Access
    basis: AnswerBasis | None = None
    trader_ids: tuple[str, ...] = ()
    features: Floats | None = None
    prediction: Prediction | None = None
    contributions: Floats | None = None
    base: float | None = None
    decision: Decision = Decision()
