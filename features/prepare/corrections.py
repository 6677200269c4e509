"""Corrections of the findings ledger: which events stand, and until when the others did."""

from ibis.expr import types as ir


def with_corrections(findings: ir.Table) -> ir.Table:
    """Return the events of the ledger with `superseded_on`, the day on which a correction became known.

    It is empty where none did. The correction is an event like others, known from its own `known_on`.
    """
    corrections = findings.filter(findings.corrects.notnull())
    days = corrections.group_by("audit_id", "corrects").aggregate(superseded_on=corrections.known_on.min())
    same = (findings.audit_id == days.audit_id) & (findings.event_number == days.corrects)
    return findings.left_join(days, same).select(findings, "superseded_on")
