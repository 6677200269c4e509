"""History of traders: the audits known on a day, and the earlier predictions of the service."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import pyarrow as pa

from features.as_known import in_force, known_before
from features.data.contract.required import FINDING_TYPES
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.outcomes import outcomes
from features.prepare.corrections import with_corrections
from features.successors import under_current_numbers
from serving.live.state import Live
from serving.live.submitted import Row
from serving.log.reader import LoggedPrediction


@dataclass(frozen=True)
class PastAudit:
    """An audit as known on a day, of duty, levies, VAT and excise.

    `closed_on`, `assessed` and `collected` (money, net of refunds) are None until its closing is known;
    `finding_type` names the kind of finding that moved the most money, None where none did. `is_confirmed`
    where an amount is beyond what the trader declared, and whoever recorded it confirmed it.
    """

    audit_id: str
    opened_on: date
    closed_on: date | None
    treatment: str
    selection_channel: str
    assessed: float | None
    collected: float | None
    finding_type: str | None
    is_confirmed: bool = False


@dataclass(frozen=True)
class EarlierPrediction:
    """An earlier answer of the service: the cutoff of its snapshot, its model, the money expected."""

    cutoff: date
    model_version: str
    expected: float


Audits = Mapping[str, tuple[PastAudit, ...]]


def past_audits(dataset: Dataset) -> Audits:
    """Return the audits of each trader that were known before the cutoff, the newest first.

    Takes a second: read it once a day. Raises `DataError` where it is refused.
    """
    with dataset.open() as warehouse:
        return known_audits(warehouse, cutoff=dataset.cutoff)


def known_audits(warehouse: Warehouse, *, cutoff: date) -> Audits:
    """Return the audits of each trader that were known before the cutoff, the newest first.

    Those under a former number are there under the one it has.
    """
    audits = warehouse.table("audits")
    own = audits.filter(known_before(audits, cutoff))
    known = under_current_numbers(own, warehouse.optional_table("links"), cutoff).order_by(
        "trader_id", audits.opened_on.desc(), "audit_id"
    )
    assessed = _by_audit(outcomes(warehouse, cutoff=cutoff).to_pyarrow())
    collected = _by_audit(outcomes(warehouse, cutoff=cutoff, measure="collected").to_pyarrow())
    confirmed = _confirmed_audits(warehouse, cutoff)
    pairs = [
        (
            row["trader_id"],
            _past_audit(
                row,
                assessed.get(row["audit_id"]),
                collected.get(row["audit_id"]),
                is_confirmed=row["audit_id"] in confirmed,
            ),
        )
        for row in known.to_pyarrow().to_pylist()
    ]
    return {
        trader: tuple(audit for _, audit in group)
        for trader, group in groupby(pairs, key=lambda pair: pair[0])
    }


class History:
    """Cache of the audits known of every trader, read once for each dataset."""

    def __init__(self) -> None:
        self._cached: tuple[Dataset, Audits] | None = None
        self._lock = threading.Lock()

    def cached(self, dataset: Dataset) -> Audits | None:
        """Return the audits of each trader where they were read before, else None."""
        if self._cached is None or self._cached[0] != dataset:
            return None
        return self._cached[1]

    def read(self, dataset: Dataset) -> Audits:
        """Return the audits of each trader; takes seconds where they must be read."""
        with self._lock:
            audits = self.cached(dataset)
            if audits is None:
                audits = past_audits(dataset)
                self._cached = dataset, audits
            return audits


def earlier_predictions(logged: Iterable[LoggedPrediction], *, live: Live) -> tuple[EarlierPrediction, ...]:
    """Return the predictions of a trader from snapshots of other days or by other models, each once.

    The order is that of `logged` (`serving.log.reader.of_trader`); what-if questions are none of it.
    """
    entries = [each.entry for each in logged]
    expected_by_model = {
        (entry.basis.as_of, entry.basis.model_version): float(entry.prediction.expected[0])
        for entry in reversed(entries)
        if entry.basis and entry.basis.snapshot_digest and entry.prediction
    }
    expected_by_model.pop((live.dataset.cutoff, live.version), None)
    return tuple(EarlierPrediction(*key, expected) for key, expected in reversed(expected_by_model.items()))


def _by_audit(table: pa.Table) -> Mapping[str, Row]:
    return {row["audit_id"]: row for row in table.to_pylist()}


def _confirmed_audits(warehouse: Warehouse, cutoff: date) -> frozenset[str]:
    """Return the audits with a confirmed event in force before the cutoff."""
    events = with_corrections(warehouse.table("findings"))
    confirmed = events.filter(in_force(events, cutoff), events.confirmed)
    return frozenset(confirmed.audit_id.to_pyarrow().to_pylist())


def _past_audit(row: Row, assessed: Row | None, collected: Row | None, *, is_confirmed: bool) -> PastAudit:
    """Return an audit; without an outcome it is open as far as is known, whatever its status says now."""
    return PastAudit(
        audit_id=str(row["audit_id"]),
        opened_on=row["opened_on"],
        closed_on=assessed["closed_on"] if assessed else None,
        treatment=str(row["treatment"]),
        selection_channel=str(row["selection_channel"]),
        assessed=assessed["yield_amount"] if assessed else None,
        collected=collected["yield_amount"] if collected else None,
        finding_type=_weightiest(assessed) if assessed else None,
        is_confirmed=is_confirmed,
    )


def _weightiest(outcome: Row) -> str | None:
    """Return the finding type with the most money, up or down."""
    money = {kind: abs(outcome[f"{kind}_amount"]) for kind in FINDING_TYPES}
    most = max(money, key=money.__getitem__)
    return most if money[most] else None
