"""Agreement of a new event with all else: the contract, its audit, its trader's lines, other events."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import ibis
from ibis.expr import types as ir

from features.data.contract import TABLES
from features.data.contract.ledger import (
    BEYOND_DECLARED,
    FOREIGN_LINE,
    RULES,
    UNKNOWN_LINE,
    declared_in_scope,
)
from features.data.contract.rule import TablesRule
from features.data.warehouse import Warehouse
from serving.live.submitted import Fault, Row, broken_rules, submitted_rows
from serving.problems import ProblemError, ProblemKind

FINDINGS = TABLES["findings"]


def needs_confirmation(
    row: Row, warehouse: Warehouse, *, trader_id: str, today: date, next_number: int, confirm: bool
) -> bool:
    """Return whether the amount of a new event is beyond what the trader declared, which is then confirmed.

    Raises `ProblemError` with every rule that the event breaks, alone or beside other rows, or where such an
    amount is not confirmed. `next_number` is the number that the audit's next event has.
    """
    with submitted_rows([row], warehouse, FINDINGS) as submitted:
        faults = broken_rules(submitted, FINDINGS, today=today)
        if not faults:
            with _tables_beside(row, submitted, warehouse, trader_id=trader_id) as tables:
                broken = _broken_between(row, tables)
                declared = declared_in_scope(tables).declared.to_pyarrow().to_pylist()
            faults = [_fault(rule) for rule in broken if rule is not BEYOND_DECLARED]
    if faults:
        raise ProblemError(
            ProblemKind.REFUSED,
            "The event cannot be recorded.",
            expected="a row of the findings ledger that keeps the data contract.",
            violations=faults,
            next_event_number=next_number,
        )
    is_beyond = BEYOND_DECLARED in broken
    if is_beyond and not confirm:
        raise _second_look(row["amount"], sum(declared))
    return is_beyond


@contextmanager
def _tables_beside(
    row: Row, submitted: ir.Table, warehouse: Warehouse, *, trader_id: str
) -> Iterator[Mapping[str, ir.Table]]:
    """Yield of the tables that the rules read what can matter for a row, the row itself among the findings.

    They are computed once: what ten rules make of the tables as stored takes Ibis a second to write.
    """
    findings, audits, lines = (warehouse.table(name) for name in ("findings", "audits", "declarations"))
    earlier = findings.filter(findings.audit_id == row["audit_id"])
    tables = {
        "findings": earlier.union(submitted.select(*earlier.columns).cast(earlier.schema())),
        "audits": audits.filter(audits.audit_id == row["audit_id"]).select(*FINDINGS.reads["audits"]),
        "declarations": lines.filter(
            (lines.trader_id == trader_id) | (lines.declaration_id == (row["declaration_id"] or ""))
        ).select(*FINDINGS.reads["declarations"]),
    }
    if (links := warehouse.optional_table("links")) is not None:
        tables["links"] = links.select(*FINDINGS.reads["links"])
    if warehouse.has("levies.amount"):
        levies = warehouse.table("levies").select(*FINDINGS.reads["levies"])
        tables["levies"] = levies.semi_join(tables["declarations"], "declaration_id")
    materialised = {name: warehouse.materialise(table) for name, table in tables.items()}
    try:
        yield materialised
    finally:
        for table in materialised.values():
            warehouse.drop(table.get_name())


def _broken_between(row: Row, tables: Mapping[str, ir.Table]) -> tuple[TablesRule, ...]:
    """Return the rules between rows and tables that a row of the findings breaks."""
    broken = ibis.union(*(rule.broken(tables).mutate(rule=ibis.literal(rule.name)) for rule in RULES))
    names = broken.filter(broken.event_number == row["event_number"]).rule.to_pyarrow().to_pylist()
    return tuple(rule for rule in RULES if rule.name in names)


def _fault(rule: TablesRule) -> Fault:
    """Return a broken rule as plain data; whether another trader's line exists is not told."""
    rule = FOREIGN_LINE if rule is UNKNOWN_LINE else rule
    return {
        "column": rule.column,
        "rule": rule.name,
        "found": "Other rows contradict it.",
        "expected": rule.sentence,
        "advice": "Look at the audit and at what was recorded of it before.",
    }


def _second_look(amount: float, declared: float) -> ProblemError:
    return ProblemError(
        ProblemKind.UNCONFIRMED,
        f"The amount of {abs(amount):,.2f} is more than all that the trader declared in the audit's scope,"
        f" {declared:,.2f} of customs value and taxes.",
        expected="an amount in the reporting currency, in its units and not in cents.",
        advice='Look again. If it is right, send the same event with "confirm": true, which is recorded too.',
        amount=amount,
        declared=declared,
    )
