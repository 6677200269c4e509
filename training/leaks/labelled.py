"""Labelled lines: lines with a result of controls or audits, split into earlier and later ones."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from ibis.expr import types as ir

from features import exact
from features.as_known import in_force, known_before
from features.outcomes import outcomes
from features.prepare.audits import TAXES
from features.prepare.corrections import with_corrections
from training.leaks.evidence import LeakEvidence
from training.leaks.tables import Lookup


def controlled_lines(evidence: LeakEvidence, tables: Sequence[Lookup]) -> pa.Table:
    """Return first versions of controlled lines; `has_finding` where a control of it found something."""
    controls = evidence.warehouse.table("controls")
    known = controls.filter(known_before(controls, evidence.cutoff))
    results = known.group_by("declaration_id", "item_number").aggregate(
        has_finding=known.finding_type.notnull().any()
    )
    lines = first_versions(evidence)
    joined = lines.join(results, ["declaration_id", "item_number"]).select(*lines.columns, "has_finding")
    scopes = _scopes(evidence)
    scoped = joined.left_join(scopes, _inside(joined, scopes))
    return _fetched(scoped.select(*joined.columns, "audit_id"), tables)


def audited_lines(evidence: LeakEvidence, tables: Sequence[Lookup]) -> pa.Table:
    """Return first versions of lines in the scope of closed audits; `has_finding` where one names it."""
    lines, scopes = first_versions(evidence), _scopes(evidence)
    scoped = lines.join(scopes, _inside(lines, scopes)).select(*lines.columns, "audit_id")
    key = ["audit_id", "declaration_id", "item_number"]
    named = named_lines(evidence).select(*key).distinct().mutate(named=True)
    joined = scoped.left_join(named, key)
    flagged = joined.select(*scoped.columns, has_finding=joined.named.notnull())
    return _fetched(flagged, tables)


def first_versions(evidence: LeakEvidence) -> ir.Table:
    """Return what traders first declared, as far as it was known."""
    lines = evidence.warehouse.table("declarations")
    return lines.filter(lines.version == 0, known_before(lines, evidence.cutoff))


def named_lines(evidence: LeakEvidence) -> ir.Table:
    """Return the lines that findings name, by audit and finding type, with the taxes and duty assessed."""
    findings = with_corrections(evidence.warehouse.table("findings"))
    assessed = findings.filter(
        in_force(findings, evidence.cutoff),
        findings.event == "assessed",
        findings.tax_type.isin(TAXES),
        findings.declaration_id.notnull(),
    )
    return assessed.group_by("audit_id", "declaration_id", "item_number", "finding_type").aggregate(
        taxes=exact.total(assessed.amount),
        duty=exact.total(assessed.amount, assessed.tax_type == "duty").fill_null(0.0),
    )


def _scopes(evidence: LeakEvidence) -> ir.Table:
    closed = outcomes(evidence.warehouse, cutoff=evidence.cutoff)
    return closed.select("audit_id", "period_from", "period_to", audited_id="trader_id")


def _inside(lines: ir.Table, scopes: ir.Table) -> list[ir.BooleanValue]:
    return [
        lines.trader_id == scopes.audited_id,
        lines.accepted_on >= scopes.period_from,
        lines.accepted_on <= scopes.period_to,
    ]


def _fetched(labelled: ir.Table, tables: Sequence[Lookup]) -> pa.Table:
    """Fetch the columns of all tables; a line `is_late` as `with_lateness` has it.

    The order is fixed, so that areas come out alike to the last bit.
    """
    columns = {name: value for lookup in tables for name, value in lookup.columns(labelled).items()}
    ordered = labelled.order_by("declaration_id", "item_number", "audit_id")
    label = ("trader_id", "audit_id", "accepted_on", "has_finding")
    return with_lateness(ordered.select(*label, **columns).to_pyarrow(), day="accepted_on")


def with_lateness(rows: pa.Table, *, day: str) -> pa.Table:
    """Add `is_late`: whether the day of a row comes after the middle day of the rows with a finding."""
    days = rows[day].to_numpy()
    finding_days = np.sort(days[rows["has_finding"].to_numpy()])
    late = (
        days > finding_days[len(finding_days) // 2]
        if len(finding_days)
        else np.zeros(len(days), dtype=np.bool_)
    )
    return rows.append_column("is_late", pa.array(late))
