"""Judgements: what people say of an estimate, as rows of the log of their own."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from threading import Lock

import pyarrow as pa

from serving.log import reader
from serving.log.entry import Decision
from serving.log.reader import LoggedPrediction

ENDPOINT = "POST /judgements"
"""The endpoint under which judgements are logged: those of a log are found by it."""
STATUSES = ("new", "assigned", "under audit", "closed")
"""What the status of a case can be."""


@dataclass(frozen=True)
class Opinion:
    """What somebody says of an estimate; a part that is not said is None.

    - `verdict`: `agree` or `wrong`, with the reason for it in `because`; of the `feature`, or of the whole
      where that is None.
    - `audited`: whether an audit follows; `not_audited_because` where none does.
    - `status` and `assigned_to` of the case, and a `note`.
    """

    verdict: str | None = None
    feature: str | None = None
    because: str | None = None
    audited: bool | None = None
    not_audited_because: str | None = None
    status: str | None = None
    assigned_to: str | None = None
    note: str | None = None

    def decision(self, about: str | None) -> Decision:
        """Return it as the decision of a log entry, about an earlier prediction."""
        return Decision(about=about, judgement=json.dumps(asdict(self), sort_keys=True))


@dataclass(frozen=True)
class LoggedJudgement:
    """A judgement as logged: of which trader, model and prediction, by whom and when."""

    judgement_id: str
    trader_id: str
    about: str | None
    model_version: str
    author: str
    role: str
    logged_at: datetime
    opinion: Opinion


def judgements_of(folder: Path, *trader_ids: str) -> tuple[LoggedJudgement, ...]:
    """Return the judgements about traders in recent segments, the newest first."""
    return _readable(reader.of_endpoint_and_traders(folder, ENDPOINT, trader_ids))


def all_judgements(folder: Path, *, after: int = 0, until: float = math.inf) -> tuple[LoggedJudgement, ...]:
    """Return the judgements of a log in the rows after one and until another, the newest first.

    Those about erased traders are none of them.
    """
    logged = reader.of_endpoint(folder, ENDPOINT, after=after)
    return _readable(each for each in logged if each.sequence <= until)


def _readable(logged: Iterable[LoggedPrediction]) -> tuple[LoggedJudgement, ...]:
    return tuple(filter(None, map(_judgement, logged)))


def _judgement(logged: LoggedPrediction) -> LoggedJudgement | None:
    """Return the judgement of a row; None where nobody can read it any more."""
    entry = logged.entry
    if entry.decision.judgement is None or entry.basis is None:
        return None
    return LoggedJudgement(
        judgement_id=logged.prediction_id,
        trader_id=entry.trader_ids[0],
        about=entry.decision.about,
        model_version=entry.basis.model_version,
        author=entry.access.actor,
        role=entry.access.role,
        logged_at=logged.logged_at,
        opinion=Opinion(**json.loads(entry.decision.judgement)),
    )


@dataclass(frozen=True)
class VerdictCount:
    """How often a model's estimates, or one of its features, were agreed with or called wrong, by whom."""

    feature: str | None
    agreed: int
    wrong: int
    authors: tuple[str, ...]


Verdict = tuple[str, str | None, str, str]
"""Model version, feature or None for the whole, verdict, and author."""


def count_verdicts(verdicts: Mapping[Verdict, int], *, model_version: str) -> tuple[VerdictCount, ...]:
    """Return the counts of one model: the whole first, then features, the most often wrong first."""
    counts: dict[str | None, Counter[str]] = {}
    authors: dict[str | None, set[str]] = {}
    for (version, feature, verdict, author), count in verdicts.items():
        if version == model_version:
            counts.setdefault(feature, Counter())[verdict] += count
            authors.setdefault(feature, set()).add(author)
    rows = [
        VerdictCount(feature, each["agree"], each["wrong"], tuple(sorted(authors[feature])))
        for feature, each in counts.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.feature is not None, -row.wrong, row.feature or "")))


def verdicts(judgements: Iterable[LoggedJudgement]) -> Counter[Verdict]:
    """Count the verdicts of judgements; what is only noted or assigned is none."""
    return Counter(
        (each.model_version, each.opinion.feature, each.opinion.verdict, each.author)
        for each in judgements
        if each.opinion.verdict
    )


class VerdictCounter:
    """Counts the verdicts of a log, each row read once: the log only grows. It keeps no trader."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._verdicts: Counter[Verdict] = Counter()
        self._rows = 0
        self._lock = Lock()

    def read(self, *, rows: int) -> Mapping[Verdict, int]:
        """Return the verdicts among the first `rows` of the log, at least."""
        with self._lock:
            if rows > self._rows:
                self._verdicts += verdicts(all_judgements(self._folder, after=self._rows, until=rows))
                self._rows = rows
            return dict(self._verdicts)


def judgements_to_text(judgements: Sequence[LoggedJudgement]) -> Iterator[str]:
    """Describe judgements to a person: their number, and what was agreed with or called wrong, by model."""
    yield f"{len(judgements):,} judgements."
    counted = verdicts(judgements)
    for version in sorted({version for version, *_ in counted}, key=lambda each: (len(each), each)):
        for row in count_verdicts(counted, model_version=version):
            subject = row.feature or "the estimate"
            yield (
                f"Model {version}, {subject}: agreed with {row.agreed:,}, wrong {row.wrong:,}; "
                f"by {', '.join(row.authors)}."
            )


def judgement_table(judgements: Sequence[LoggedJudgement]) -> pa.Table:
    """Return judgements as a table to hand out, a row each."""
    names = [field.name for field in fields(LoggedJudgement) if field.name != "opinion"]
    rows = [
        {
            **{name: getattr(each, name) for name in names},
            **asdict(each.opinion),
            "logged_at": each.logged_at.isoformat(timespec="seconds"),
        }
        for each in judgements
    ]
    columns = [*names, *(field.name for field in fields(Opinion))]
    types = {"audited": pa.bool_()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    return pa.Table.from_pylist(rows, schema=schema)
