"""What an audit found goes into the findings ledger: checked, once, and whole or not at all."""

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
from serving.live.submitted import Row, broken_rules, sent_rows
from serving.problems import Kind, ProblemError

FINDINGS = TABLES["findings"]
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Recorded:
    """An event that is in the ledger: of which trader, since when, and whether it was put there now."""

    trader_id: str
    known_on: date
    now: bool


def record_outcome(dataset: Dataset, event: Row, *, caller: Caller, today: date) -> Recorded:
    """Append a money event to the ledger of a folder or database, known from `today` on.

    The same event sent again changes nothing. Raises `ProblemError` for an audit that is not there or not the
    caller's, an event that breaks the contract, another event of the same key, and a ledger without a place
    for a value; `OutputError` where the disk or the database refuses.
    """
    row = {**event, "known_on": today}
    with _one_at_a_time, _alone(dataset.data):
        with open_warehouse(dataset.data, dialect=dataset.dialect) as warehouse:
            trader_id = _audited(warehouse, str(event["audit_id"]), caller)
            _require_fit(row, warehouse, today)
            if (known := _known(warehouse, row)) is not None:
                _require_same(known, row)
                return Recorded(trader_id, known["known_on"], now=False)
            dialect = warehouse.dialect
        if Path(dataset.data).is_dir():
            files.append(Path(dataset.data), row, dialect=dialect)
        else:
            database.append(dataset.data, row)
    return Recorded(trader_id, today, now=True)


@contextmanager
def _alone(data: str) -> Iterator[None]:
    """Keep other processes from writing the same files; a database has locks of its own."""
    path = Path(data)
    if "://" in data or not path.exists():
        yield
        return
    place = path / ".findings.lock" if path.is_dir() else path.with_name(f".{path.name}.lock")
    with file_lock(place):
        yield


def _audited(warehouse: Warehouse, audit_id: str, caller: Caller) -> str:
    audits = warehouse.table("audits")
    found = (
        audits.filter(audits.audit_id == audit_id).select("trader_id").to_pyarrow()["trader_id"].to_pylist()
    )
    if not found:
        raise ProblemError(
            Kind.NOT_FOUND,
            "There is no such audit.",
            expected="an audit of the table audits.",
            advice="Record the audit where audits are kept, then what it found.",
        )
    if not caller.may_see(found[0]):
        raise ProblemError(Kind.FORBIDDEN, "The token is limited to other traders.")
    return str(found[0])


def _require_fit(row: Row, warehouse: Warehouse, today: date) -> None:
    with sent_rows([row], warehouse, FINDINGS) as sent:
        faults = broken_rules(sent, FINDINGS, today=today)
    if faults:
        raise ProblemError(
            Kind.REFUSED,
            "The event cannot be recorded.",
            expected="a row of the findings ledger that keeps the data contract.",
            violations=faults,
        )


def _known(warehouse: Warehouse, row: Row) -> dict[str, Any] | None:
    ledger = warehouse.table("findings")
    same_key = [ledger[name] == row[name] for name in FINDINGS.key]
    found: list[dict[str, Any]] = ledger.filter(*same_key).to_pyarrow().to_pylist()
    return found[0] if found else None


def _require_same(known: Row, row: Row) -> None:
    differing = [name for name in FINDINGS.names if name != "known_on" and known.get(name) != row.get(name)]
    if differing:
        raise ProblemError(
            Kind.CONFLICT,
            "The audit has another event of this number.",
            expected="a number of its own for every event; a correction is a new event (reduced, cancelled).",
            known={name: known.get(name) for name in differing},
            sent={name: row.get(name) for name in differing},
        )
