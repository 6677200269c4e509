"""Submitted rows for a table of the contract: loaded into the engine, and checked against its rules."""

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
def submitted_rows(rows: Sequence[Row], warehouse: Warehouse, table: Table) -> Iterator[ir.Table]:
    """Yield rows as a table of the contract on the warehouse's own engine, for this connection alone."""
    schema = pa.schema([field.with_nullable(True) for field in table.schema])  # what must be filled is judged
    content = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    materialised = warehouse.materialise(ibis.memtable(content))
    try:
        yield materialised
    finally:
        warehouse.drop(materialised.get_name())


def broken_rules(rows: ir.Table, table: Table, *, today: date) -> list[Fault]:
    """Return the violations of a table's rules by rows, as plain data; empty where there is none."""
    checked = judge(Source(rows, "sent"), table, dialect=Dialect(), today=today, parents={})
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
