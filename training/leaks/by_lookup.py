"""Alarms on lookup tables of a few attributes that predict outcomes better than honest data allows."""

from collections.abc import Callable, Iterator, Sequence

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from features.as_known import in_force
from features.prepare.records import descriptions
from training.leaks.alarm import SURE, Alarm, unjudged
from training.leaks.area import areas, enough
from training.leaks.evidence import LeakEvidence, brought_revenue, numbers
from training.leaks.labelled import audited_lines, controlled_lines, with_lateness
from training.leaks.tables import MEANINGLESS, Lookup, LookupScores, lookups, score_lookup

LabelledLines = Callable[[LeakEvidence, Sequence[Lookup]], pa.Table]
GOODS = "goods"
DESCRIBED = ("sector", "size_band", "region", "legal_form")


def of_controls(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Try every table on lines with a control result."""
    if "controls" in evidence.warehouse.sources:
        yield from _of_lines(evidence, controlled_lines, subject="controls")


def of_findings(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Try every table on lines in the scope of audits, which have a finding where one names them."""
    yield from _of_lines(evidence, audited_lines, subject="findings")


def of_traders(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Try tables of who the trader is against the best model, and endings of identifiers alone."""
    described = Lookup("traders", "sector, size, region and legal form", _description)
    endings = [
        Lookup(f"{name}_ending", f"the length and last characters of {name}", _shape(name), MEANINGLESS)
        for name in ("audit_id", "trader_id")
    ]
    audits = _audits(evidence, (described, *endings))
    yield _beats_the_model(evidence, score_lookup(audits, described), described, subject="audits")
    for ending in endings:
        yield _knows_too_much(score_lookup(audits, ending), ending, subject="audits")


def _of_lines(evidence: LeakEvidence, lines: LabelledLines, *, subject: str) -> Iterator[Alarm]:
    tables = lookups(evidence.warehouse)
    labelled = lines(evidence, tables)
    for lookup in tables:
        scored = score_lookup(labelled, lookup)
        yield _knows_too_much(scored, lookup, subject=subject)
        if lookup.name == GOODS:
            yield _beats_the_model(evidence, scored, lookup, subject=subject)


def _knows_too_much(scored: LookupScores, lookup: Lookup, *, subject: str) -> Alarm:
    """Raise where the table ranks later rows better than anything honest could."""
    name = f"{subject}_by_{lookup.name}"
    score, positive = scored.score[scored.is_known], scored.has_finding[scored.is_known]
    if not enough(positive):
        return unjudged(name, limit=lookup.limit, reason=f"only {positive.sum():,} later rows were found.")
    ranked = areas(score[None], positive)
    value = float(ranked.values[0])
    raised = ranked.surely_above(1.0, limit=lookup.limit, errors=SURE)
    seen = (
        f"A table of {lookup.words}, learned on earlier {subject} and other traders, ranks later ones at "
        f"{value:.2f} (0.50 is chance)"
    )
    advice = (
        f", above {lookup.limit:.2f}: the results seem made from it, or it from the results. Ask how that "
        "column is filled, and whether results were written back over it."
    )
    return Alarm(name, raised, value, lookup.limit, seen + (advice if raised else "."))


def _beats_the_model(evidence: LeakEvidence, scored: LookupScores, lookup: Lookup, *, subject: str) -> Alarm:
    """Raise where the table, summed over each audit's rows, ranks audits better than the best model."""
    name = f"{subject}_table_of_{lookup.name}_beats_model"
    model, table = evidence.best, _by_audit(scored)
    indices = pc.index_in(model["audit_id"], table["audit_id"])
    both = model.filter(indices.is_valid())
    if not enough(brought_revenue(both)):
        return unjudged(name, limit=0.0, reason=f"only {len(both):,} audits are judged by both.")
    score = table["score"].take(indices.drop_null()).to_numpy()
    ranked = areas(np.vstack([score, numbers(both, "probability")]), brought_revenue(both))
    better = float(ranked.values[0] - ranked.values[1])
    raised = ranked.surely_above(1.0, -1.0, limit=0.0, errors=SURE)
    seen = (
        f"A table of {lookup.words} ranks {len(both):,} audits at {ranked.values[0]:.2f}, "
        f"the best model at {ranked.values[1]:.2f}"
    )
    advice = (
        ". No learning is needed to beat the model: outcomes seem tied to these columns, or the features "
        "miss what they hold. Look at both before trusting either."
    )
    return Alarm(name, raised, better, 0.0, seen + (advice if raised else "."))


def _by_audit(scored: LookupScores) -> pa.Table:
    rows = pa.table({"audit_id": scored.audit_id, "score": scored.score})
    known = rows.filter(rows["audit_id"].is_valid()).group_by("audit_id", use_threads=False)
    summed = known.aggregate([("score", "sum")])
    return summed.rename_columns(["audit_id", "score"])


def _audits(evidence: LeakEvidence, tables: Sequence[Lookup]) -> pa.Table:
    """Return closed audits as labelled rows, with the trader as described when the audit opened."""
    audits = evidence.labelled_audits.audits.select(["audit_id", "trader_id", "opened_on"])
    rows = ibis.memtable(audits.append_column("has_finding", pa.array(evidence.brought_revenue)))
    described = descriptions(evidence.warehouse.table("traders"))
    known = described.select(*DESCRIBED, "known_on", "superseded_on", described_id="trader_id")
    joined = rows.left_join(known, [rows.trader_id == known.described_id, in_force(known, rows.opened_on)])
    columns = {name: value for each in tables for name, value in each.columns(joined).items()}
    ordered = joined.order_by("opened_on", "audit_id")
    return with_lateness(ordered.select(*rows.columns, **columns).to_pyarrow(), day="opened_on")


def _description(audit: ir.Table) -> list[ir.Value]:
    return [audit[name] for name in DESCRIBED]


def _shape(name: str) -> Callable[[ir.Table], list[ir.Value]]:
    """Return the length of an identifier with its last letter, then its last two."""
    return lambda row: [row[name].length(), row[name].right(1), row[name].right(2)]
