"""What happened to traders before: the audits known on a day, and what the service said earlier."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import pyarrow as pa

from features.as_known import known_before
from features.data.contract.required import FINDING_TYPES
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.outcomes import outcomes
from serving.live.state import Live
from serving.log.reader import Logged


@dataclass(frozen=True)
class PastAudit:
    """An audit as known on a day, of duty, VAT and excise.

    `closed_on`, `assessed` and `collected` (money, net of refunds) are None until its closing is known;
    `found` names the kind of finding that moved the most money, None where none did.
    """

    audit_id: str
    opened_on: date
    closed_on: date | None
    treatment: str
    selection_channel: str
    assessed: float | None
    collected: float | None
    found: str | None


@dataclass(frozen=True)
class EarlierPrediction:
    """What the service answered before: the day asked for, the model that answered, the money expected."""

    as_of: date
    model_version: str
    expected: float


Audits = Mapping[str, tuple[PastAudit, ...]]


def past_audits(dataset: Dataset) -> Audits:
    """Return the audits of each trader that were known before the cutoff, the newest first.

    Takes a second: read it once a day. Raises `DataError` where it is refused.
    """
    with dataset.open() as warehouse:
        return known_audits(warehouse, before=dataset.cutoff)


def known_audits(warehouse: Warehouse, *, before: date) -> Audits:
    """Return the audits of each trader that were known before a day, the newest first."""
    audits = warehouse.table("audits")
    known = audits.filter(known_before(audits, before)).order_by(
        "trader_id", audits.opened_on.desc(), "audit_id"
    )
    assessed = _closed(outcomes(warehouse, cutoff=before).to_pyarrow())
    collected = _closed(outcomes(warehouse, cutoff=before, measure="collected").to_pyarrow())
    told = [
        (row["trader_id"], _past_audit(row, assessed.get(row["audit_id"]), collected.get(row["audit_id"])))
        for row in known.to_pyarrow().to_pylist()
    ]
    return {
        trader: tuple(audit for _, audit in group)
        for trader, group in groupby(told, key=lambda each: each[0])
    }


class History:
    """The audits known of every trader, read once for each dataset."""

    def __init__(self) -> None:
        self._of: tuple[Dataset, Audits] | None = None
        self._lock = threading.Lock()

    def known(self, dataset: Dataset) -> Audits | None:
        """Return the audits of each trader as known on the day, None where they must be read first."""
        kept = self._of
        return kept[1] if kept is not None and kept[0] == dataset else None

    def read(self, dataset: Dataset) -> Audits:
        """Return the same, read where need be; takes seconds."""
        with self._lock:
            known = self.known(dataset)
            if known is None:
                known = past_audits(dataset)
                self._of = dataset, known
            return known


def earlier_predictions(found: Iterable[Logged], *, live: Live) -> tuple[EarlierPrediction, ...]:
    """Return what was said of a trader from snapshots of other days or by other models, each once.

    The order is that of `found` (`serving.log.reader.of_trader`); what-if questions are none of it.
    """
    said = [each.alone for each in found]
    kept = {
        (entry.basis.as_of, entry.basis.model_version): float(entry.prediction.expected[0])
        for entry in reversed(said)
        if entry.basis and entry.basis.snapshot_digest and entry.prediction
    }
    kept.pop((live.dataset.cutoff, live.version), None)
    return tuple(EarlierPrediction(*key, expected) for key, expected in reversed(kept.items()))


Row = Mapping[str, Any]


def _closed(table: pa.Table) -> Mapping[str, Row]:
    return {row["audit_id"]: row for row in table.to_pylist()}


def _past_audit(row: Row, assessed: Row | None, collected: Row | None) -> PastAudit:
    """An audit without an outcome is open as far as is known, whatever was later written over its status."""
    return PastAudit(
        audit_id=str(row["audit_id"]),
        opened_on=row["opened_on"],
        closed_on=assessed["closed_on"] if assessed else None,
        treatment=str(row["treatment"]),
        selection_channel=str(row["selection_channel"]),
        assessed=assessed["yield_amount"] if assessed else None,
        collected=collected["yield_amount"] if collected else None,
        found=_weightiest(assessed) if assessed else None,
    )


def _weightiest(outcome: Row) -> str | None:
    """The finding type with the most money, up or down."""
    money = {kind: abs(outcome[f"{kind}_amount"]) for kind in FINDING_TYPES}
    most = max(money, key=money.__getitem__)
    return most if money[most] else None
