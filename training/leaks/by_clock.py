"""Alarms on time: rows with a day on which they could not have been known yet."""

from collections.abc import Iterator
from dataclasses import dataclass

from ibis.expr import types as ir

from features.as_known import known_before
from features.outcomes import outcomes
from training.leaks.alarm import Alarm, too_often, unjudged
from training.leaks.evidence import LeakEvidence
from training.leaks.labelled import named_lines

CLERICAL = 0.01
AMENDED = 0.05
LOADED = 0.50
LONG_DAYS = 365
FEWEST_ROWS = 20
HAPPENED = {
    "declarations": "accepted_on",
    "findings": "event_on",
    "controls": "controlled_on",
    "tax_returns": "filed_on",
    "tax_audits": "opened_on",
    "payments": "due_on",
}


def of_findings_before_opening(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Raise where findings were recorded before the audit that made them had opened."""
    audits = evidence.warehouse.table("audits").select("audit_id", "opened_on")
    findings = evidence.warehouse.table("findings")
    joined = findings.filter(known_before(findings, evidence.cutoff)).join(audits, "audit_id")
    early = (joined.known_on < joined.opened_on) | (joined.event_on < joined.opened_on)
    judged = joined.group_by("audit_id").aggregate(is_early=early.any())
    count, of = _count(judged, judged.is_early)
    yield too_often(
        "findings_before_opening",
        count,
        of=of,
        limit=CLERICAL,
        what="audits with findings have one dated or known before the audit opened",
        advice="History features then hold the outcome: restore the day on which each row was booked.",
        fewest=FEWEST_ROWS,
    )


def of_amended_before_opening(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Raise where lines that an audit found wrong had been put right before it opened."""
    lines = evidence.warehouse.table("declarations")
    later = lines.filter(lines.version > 0, known_before(lines, evidence.cutoff))
    first = later.group_by("declaration_id", "item_number").aggregate(amended_on=later.known_on.min())
    opened = outcomes(evidence.warehouse, cutoff=evidence.cutoff).select("audit_id", "opened_on")
    key = ["declaration_id", "item_number"]
    named = named_lines(evidence).join(opened, "audit_id").select("audit_id", "opened_on", *key).distinct()
    judged = named.left_join(first, key)
    count, of = _count(judged, judged.amended_on < judged.opened_on)
    yield too_often(
        "amended_before_opening",
        count,
        of=of,
        limit=AMENDED,
        what="lines named in findings had a later version known before the audit opened",
        advice="Corrections made by audits seem dated back: give amendments the day they were entered.",
        fewest=FEWEST_ROWS,
    )


def of_loads(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Raise where most rows of a table became known on one day though their events lie years apart."""
    biggest = [_biggest(evidence, table, day) for table, day in HAPPENED.items()]
    loads = [load for load in biggest if load.of >= FEWEST_ROWS]
    if not loads:
        yield unjudged("loaded_at_once", limit=LOADED, reason="no table has dated rows.")
        return
    worst = max(loads, key=lambda load: load.rows / load.of)
    yield too_often(
        "loaded_at_once",
        worst.rows,
        of=worst.of,
        limit=LOADED,
        what=f"rows of {worst.table} became known on one day, though what they tell lies years apart",
        advice="That day is a load, not knowledge: restore known_on, or features before and after differ.",
    )


@dataclass(frozen=True)
class LargestLoad:
    """The most rows of a table that became known on one day though years apart, of how many."""

    table: str
    rows: int
    of: int


def _biggest(evidence: LeakEvidence, table: str, day: str) -> LargestLoad:
    if table not in evidence.warehouse.sources:
        return LargestLoad(table, 0, 0)
    all_rows = evidence.warehouse.table(table)
    rows = all_rows.filter(known_before(all_rows, evidence.cutoff))
    days = rows.group_by("known_on").aggregate(rows=rows.count(), first=rows[day].min(), last=rows[day].max())
    by_size = days.order_by(days.rows.desc(), "known_on").to_pyarrow()
    total = sum(by_size["rows"].to_pylist())
    for each in by_size.slice(0, 1).to_pylist():
        apart = each["first"] is not None and (each["last"] - each["first"]).days > LONG_DAYS
        return LargestLoad(table, each["rows"] if apart else 0, total)
    return LargestLoad(table, 0, 0)


def _count(rows: ir.Table, condition: ir.BooleanValue) -> tuple[int, int]:
    """Return how many rows meet a condition, and of how many."""
    [counted] = rows.aggregate(met=rows.count(where=condition), rows=rows.count()).to_pyarrow().to_pylist()
    return int(counted["met"]), int(counted["rows"])
