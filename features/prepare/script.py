"""Scripts: the statements of one piece of work, written once for the columns there are, and run on any rows.

To write the statements of a build takes Ibis longer than an engine needs to answer them for a trader. They
depend on which columns there are, not on a row or a day: tables of the contract, the spine and days stand in
them under names, and every run says what those are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self
from uuid import uuid4

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from features.data.contract import TABLES
from features.data.warehouse import Warehouse, in_floats
from features.days import WINDOWS, with_days
from features.spine import Spine

NAMES = "audit_yield_run"
"""Begins every name in a script; each run has names of its own."""
SPINE, LINE_PARTS = "spine", "line_parts"


@dataclass(frozen=True)
class Layout:
    """All of a warehouse that statements depend on: its engine, and the columns of tables and line parts."""

    engine: str
    tables: frozenset[str]
    columns: frozenset[str]
    line_parts: ibis.Schema | None

    @classmethod
    def of(cls, warehouse: Warehouse, line_parts: ir.Table | None = None) -> Self:
        """Return the layout of a warehouse, where lines are read from these parts, if any."""
        columns = (f"{table.name}.{column}" for table in TABLES.values() for column in table.names)
        return cls(
            warehouse.adapter.name,
            frozenset(warehouse.sources),
            frozenset(column for column in columns if warehouse.has(column)),
            None if line_parts is None else line_parts.schema(),
        )

    def has(self, column: str) -> bool:
        """Return whether a column of the contract, given as `table.column`, is there."""
        return column in self.columns


NO_ROWS = ibis.schema({})


class Step(Enum):
    """What a statement does."""

    VIEW = auto()
    TABLE = auto()
    DROP = auto()
    READ = auto()


@dataclass(frozen=True)
class Statement:
    """A step of a script: the name that it makes or drops, and the rows that it stores or reads."""

    step: Step
    name: str = ""
    sql: str = ""
    schema: ibis.Schema = NO_ROWS


@dataclass(frozen=True)
class Script:
    """Statements in their order, and the tables of the contract that they name."""

    statements: tuple[Statement, ...]
    tables: frozenset[str]


class Writer:
    """Writes a script for a layout; `written` gives an expression in the SQL of its engine.

    Tables of the contract have its columns and types.
    """

    def __init__(self, layout: Layout, written: Callable[[ir.Table], str]) -> None:
        self.layout = layout
        self._written = written
        self._statements: list[Statement] = []
        self._tables: set[str] = set()

    @property
    def script(self) -> Script:
        """What is written so far."""
        return Script(tuple(self._statements), frozenset(self._tables))

    @property
    def spine(self) -> ir.Table:
        """The rows of the spine."""
        return _named(SPINE, ibis.Schema.from_pyarrow(Spine.schema(WINDOWS)))

    @property
    def line_parts(self) -> ir.Table | None:
        """The lines that are read from parts, if any."""
        schema = self.layout.line_parts
        return None if schema is None else _named(LINE_PARTS, schema)

    def has(self, column: str) -> bool:
        """Return whether a column of the contract, given as `table.column`, is there."""
        return self.layout.has(column)

    def table(self, name: str) -> ir.Table:
        """Return a table of the contract; where the warehouse lacks it, no run begins."""
        self._tables.add(name)
        return _named(name, ibis.schema({column.name: column.kind.ibis for column in TABLES[name].columns}))

    def optional_table(self, name: str) -> ir.Table | None:
        """Return a table of the contract as `table` does, or None where it is absent."""
        return self.table(name) if name in self.layout.tables else None

    def view(self, table: ir.Table) -> ir.Table:
        """Give an expression a name, so that what is made of it is short to write."""
        return self._made(Step.VIEW, table)

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute a table once and store it until the run ends."""
        return self._made(Step.TABLE, in_floats(table))

    def drop(self, materialised: ir.Table) -> None:
        """Drop a materialised table before the run ends."""
        self._statements.append(Statement(Step.DROP, materialised.get_name()))

    def read(self, table: ir.Table) -> None:
        """Read the rows of an expression."""
        self._statements.append(Statement(Step.READ, sql=self._written(table), schema=table.schema()))

    def _made(self, step: Step, table: ir.Table) -> ir.Table:
        named = _named(f"made_{len(self._statements)}", table.schema())
        self._statements.append(Statement(step, named.get_name(), self._written(table), table.schema()))
        return named


def _named(name: str, schema: ibis.Schema) -> ir.Table:
    return ibis.table(schema, name=f"{NAMES}_{name}")


class ScriptRun:
    """One run of a script, on the rows and under the names of its own; what it made is dropped at its end."""

    def __init__(
        self, script: Script, warehouse: Warehouse, spine: Spine, line_parts: ir.Table | None
    ) -> None:
        self._script = script
        self._warehouse = warehouse
        self._cutoffs = spine.cutoffs
        self._names = f"run_{uuid4().hex}"
        self._made: dict[str, Step] = {}
        self._spine = ibis.memtable(spine.dated(WINDOWS))
        self._given = {name: warehouse.table(name) for name in sorted(script.tables)}
        if line_parts is not None:
            self._given[LINE_PARTS] = line_parts

    def __enter__(self) -> Self:
        spine = self._warehouse.written(self._spine)
        self._make(Step.TABLE, f"{self._names}_{SPINE}", spine, self._spine.schema())
        for name, table in self._given.items():
            self._make(Step.VIEW, f"{self._names}_{name}", self._warehouse.written(table), table.schema())
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:  # after an error PostgreSQL refuses to drop, which would hide the error
            for name in reversed(list(self._made)):
                self._drop(name)

    def results(self) -> Iterator[pa.Table]:
        """Run the statements in order; yield the rows of each that reads."""
        for statement in self._script.statements:
            name, sql = self._filled_in(statement.name), self._filled_in(statement.sql)
            if statement.step is Step.READ:
                yield self._warehouse.read(sql, statement.schema)
            elif statement.step is Step.DROP:
                self._drop(name)
            else:
                self._make(statement.step, name, sql, statement.schema)

    def store(self) -> None:
        """Run the statements of a script that reads nothing; what they store is then there for `rows`."""
        for _ in self.results():
            pass

    def rows(self, table: ir.Table) -> pa.Table:
        """Return the rows of an expression over what the script names."""
        return self._warehouse.read(self._filled_in(self._warehouse.written(table)), table.schema())

    def _make(self, step: Step, name: str, sql: str, schema: ibis.Schema) -> None:
        self._made[name] = step
        if step is Step.VIEW:
            self._warehouse.create_view(name, sql)
        else:
            self._warehouse.create_table(name, sql, schema)

    def _drop(self, name: str) -> None:
        if self._made.pop(name) is Step.VIEW:
            self._warehouse.drop_view(name)
        else:
            self._warehouse.drop(name)

    def _filled_in(self, text: str) -> str:
        return with_days(text.replace(NAMES, self._names), self._cutoffs)
