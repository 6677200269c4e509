"""Record audit outcomes in the findings ledger: validated, once, and whole or not at all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from features.data.contract import TABLES
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse, open_warehouse
from features.storage.lock import file_lock
from serving.access.tokens import Caller
from serving.ledger import database, files
from serving.live.submitted import Row, broken_rules, submitted_rows
from serving.problems import ProblemError, ProblemKind

FINDINGS = TABLES["findings"]
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class RecordedOutcome:
    """An event in the ledger: its trader, since when it is known, and whether it was recorded just now."""

    trader_id: str
    known_on: date
    is_new: bool


def record_outcome(dataset: Dataset, event: Row, *, caller: Caller, today: date) -> RecordedOutcome:
    """Append a money event to the ledger of a folder or database, known from `today` on.

    The same event sent again changes nothing. Raises `ProblemError` for an audit that is not there or not the
    caller's, an event that breaks the contract, another event of the same key, and a ledger without a column
    for a value; `OutputError` where the disk or the database refuses.
    """
    row = {**event, "known_on": today}
    with _one_at_a_time, _exclusive_writer(dataset.data):
        with open_warehouse(dataset.data, dialect=dataset.dialect) as warehouse:
            trader_id = _trader_of_audit(warehouse, str(event["audit_id"]), caller)
            _require_fit(row, warehouse, today)
            if (known := _recorded_event(warehouse, row)) is not None:
                _require_same(known, row)
                return RecordedOutcome(trader_id, known["known_on"], is_new=False)
            dialect = warehouse.dialect
        if Path(dataset.data).is_dir():
            files.append(Path(dataset.data), row, dialect=dialect)
        else:
            database.append(dataset.data, row)
    return RecordedOutcome(trader_id, today, is_new=True)


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


def _trader_of_audit(warehouse: Warehouse, audit_id: str, caller: Caller) -> str:
    audits = warehouse.table("audits")
    trader_ids = (
        audits.filter(audits.audit_id == audit_id).select("trader_id").to_pyarrow()["trader_id"].to_pylist()
    )
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


def _require_fit(row: Row, warehouse: Warehouse, today: date) -> None:
    with submitted_rows([row], warehouse, FINDINGS) as submitted:
        faults = broken_rules(submitted, FINDINGS, today=today)
    if faults:
        raise ProblemError(
            ProblemKind.REFUSED,
            "The event cannot be recorded.",
            expected="a row of the findings ledger that keeps the data contract.",
            violations=faults,
        )


def _recorded_event(warehouse: Warehouse, row: Row) -> dict[str, Any] | None:
    ledger = warehouse.table("findings")
    same_key = [ledger[name] == row[name] for name in FINDINGS.key]
    events: list[dict[str, Any]] = ledger.filter(*same_key).to_pyarrow().to_pylist()
    return events[0] if events else None


def _require_same(known: Row, row: Row) -> None:
    differing = [name for name in FINDINGS.names if name != "known_on" and known.get(name) != row.get(name)]
    if differing:
        raise ProblemError(
            ProblemKind.CONFLICT,
            "The audit has another event of this number.",
            expected="a number of its own for every event; a correction is a new event (reduced, cancelled).",
            known={name: known.get(name) for name in differing},
            sent={name: row.get(name) for name in differing},
        )
