"""Rows that a caller sent for a table of the contract: on the engine, and held against its rules."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from features.data.check.judge import judge
from features.data.contract import Table
from features.data.contract.violation import Severity
from features.data.warehouse import Dialect, Source, Warehouse

Row = Mapping[str, Any]
Fault = dict[str, object]


@contextlib.contextmanager
def sent_rows(rows: Sequence[Row], warehouse: Warehouse, table: Table) -> Iterator[ir.Table]:
    """Yield rows as a table of the contract on the warehouse's own engine, for this connection alone."""
    schema = pa.schema([field.with_nullable(True) for field in table.schema])  # what must be filled is judged
    kept = warehouse.keep(ibis.memtable(pa.Table.from_pylist([dict(row) for row in rows], schema=schema)))
    try:
        yield kept
    finally:
        warehouse.drop(kept)


def broken_rules(sent: ir.Table, table: Table, *, today: date) -> list[Fault]:
    """Return what rows break of a table's rules, as data; empty where they keep all."""
    checked = judge(Source(sent, "sent"), table, dialect=Dialect(), today=today, parents={})
    return [
        {
            "column": violation.column,
            "rule": violation.rule,
            "found": violation.found,
            "expected": violation.expected,
            "advice": violation.advice,
        }
        for violation in checked.violations()
        if violation.severity is not Severity.NOTE
    ]
