"""Record audit outcomes in the findings ledger: in agreement with all else, once, and whole or not at all."""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from features.data.contract import TABLES
from features.data.contract.ledger import RECORDED
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse, open_warehouse
from features.storage.lock import file_lock
from serving.access.permissions import may_correct, may_record
from serving.access.tokens import Caller
from serving.ledger import database, files
from serving.ledger.agreement import needs_confirmation
from serving.live.submitted import Row
from serving.problems import ProblemError, ProblemKind

FINDINGS = TABLES["findings"]
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class RecordedOutcome:
    """An event in the ledger: its trader, since when it is known, whether it was recorded just now.

    `is_confirmed` where its amount is beyond what the trader declared, and was confirmed.
    """

    trader_id: str
    known_on: date
    is_new: bool
    is_confirmed: bool


def record_outcome(
    dataset: Dataset,
    event: Row,
    *,
    caller: Caller,
    now: datetime,
    confirm: bool = False,
    predicted: Collection[str] | None = None,
) -> RecordedOutcome:
    """Append a money event to the ledger of a folder or database, known from the day of `now` on.

    `confirm` says that an amount beyond what the trader declared was looked at again. `predicted` are the
    traders of the prediction that the event names, None where it names none. The same event sent again
    changes nothing. Raises `ProblemError` for an audit that is not there or not the caller's, what the caller
    may not record or correct, an event that breaks the contract alone or beside other rows, an amount that
    needs a second look, another event of the same key, and a ledger without a column for a value;
    `OutputError` where the disk or the database refuses.
    """
    today = now.astimezone().date()
    row = {
        **event,
        "known_on": today,
        "recorded_by": caller.name,
        "recorded_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    with _one_at_a_time, _exclusive_writer(dataset.data):
        with open_warehouse(dataset.data, dialect=dataset.dialect) as warehouse:
            events = _events_of_audit(warehouse, row)
            trader_id = _trader_of_audit(warehouse, row, caller=caller)
            _require_permitted(row, events, caller=caller)
            _require_about(predicted, trader_id)
            if (known := events.get(row["event_number"])) is not None:
                _require_same(known, row)
                return RecordedOutcome(trader_id, known["known_on"], False, bool(known["confirmed"]))
            if needs_confirmation(
                row,
                warehouse,
                trader_id=trader_id,
                today=today,
                next_number=max(events, default=0) + 1,
                confirm=confirm,
            ):
                row["confirmed"] = True
            dialect = warehouse.dialect
        if Path(dataset.data).is_dir():
            files.append(Path(dataset.data), row, dialect=dialect)
        else:
            database.append(dataset.data, row)
    return RecordedOutcome(trader_id, today, True, bool(row.get("confirmed")))


@contextmanager
def _exclusive_writer(data: str) -> Iterator[None]:
    """Keep other processes from writing the same files; a database has locks of its own."""
    path = Path(data)
    if "://" in data or not path.exists():
        yield
        return
    lock_path = path / ".findings.lock" if path.is_dir() else path.with_name(f".{path.name}.lock")
    with file_lock(lock_path):
        yield


def _events_of_audit(warehouse: Warehouse, row: Row) -> Mapping[int, dict[str, Any]]:
    """Return the events of the ledger of the audit of a row, by number."""
    ledger = warehouse.table("findings")
    of_audit = ledger.filter(ledger.audit_id == row["audit_id"], ledger.event_number.notnull())
    return {event["event_number"]: event for event in of_audit.to_pyarrow().to_pylist()}


def _trader_of_audit(warehouse: Warehouse, row: Row, *, caller: Caller) -> str:
    audits = warehouse.table("audits")
    audit = audits.filter(audits.audit_id == row["audit_id"]).select("trader_id")
    trader_ids = audit.to_pyarrow()["trader_id"].to_pylist()
    if not trader_ids and not caller.is_limited:
        raise ProblemError(
            ProblemKind.NOT_FOUND,
            "There is no such audit.",
            expected="an audit of the table audits.",
            advice="Record the audit where audits are kept, then what it found.",
        )
    if not trader_ids or not caller.may_see(trader_ids[0]):  # the same: nobody may try which audits there are
        raise ProblemError(ProblemKind.FORBIDDEN, "The token is limited to other traders.")
    return str(trader_ids[0])


def _require_permitted(row: Row, events: Mapping[int, Row], *, caller: Caller) -> None:
    """Raise `ProblemError` where the caller may not record, or may not correct what another recorded."""
    if row["corrects"] is None:
        if not may_record(caller):
            raise ProblemError(
                ProblemKind.FORBIDDEN,
                "The token may correct outcomes, not record them.",
                expected="a token of an auditor.",
            )
    elif not may_correct(caller, recorded_by=events.get(row["corrects"], {}).get("recorded_by")):
        raise ProblemError(
            ProblemKind.FORBIDDEN,
            "The event was recorded by another.",
            expected="a correction by whoever recorded it, or by a risk unit.",
        )


def _require_about(predicted: Collection[str] | None, trader_id: str) -> None:
    """Raise `ProblemError` where the prediction named is not there or of other traders, which it hides."""
    if predicted is not None and trader_id not in predicted:
        raise ProblemError(
            ProblemKind.REFUSED,
            "There is no such prediction of the audit's trader.",
            expected="the prediction_id of an answer about the trader, or none.",
            advice="The trader's page has it at its foot.",
        )


def _require_same(known: Row, row: Row) -> None:
    reported = [name for name in FINDINGS.names if name not in RECORDED]
    differing = [name for name in reported if known.get(name) != row.get(name)]
    if differing:
        raise ProblemError(
            ProblemKind.CONFLICT,
            "The audit has another event of this number.",
            expected="a number of its own for every event: what became of the money is a new event (reduced,"
            " cancelled), and so is the correction of a mistake (corrects).",
            known={name: known.get(name) for name in differing},
            sent={name: row.get(name) for name in differing},
        )
