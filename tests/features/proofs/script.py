"""All features of many histories by statements written once, and values as bits that can be compared.

Most of the time of a build goes into writing its statements, which depend on the columns there are and on the
cutoffs, not on a single row. So they are written once (`Script.of`) and run on many histories (`Script.run`);
`test_statements_do_not_depend_on_rows` proves that this is the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import duckdb
import ibis.expr.operations as ops
import pyarrow as pa
import pytest
from ibis.expr import types as ir

from features.build import KEY, FeatureSet, beside_spine
from features.data.warehouse import Warehouse
from features.library import LIBRARY
from features.prepare.prepared import WINDOWS
from features.spine import Spine
from tests.features.building import warehouse
from tests.features.proofs.draw import CUTOFFS
from tests.features.proofs.histories import history
from tests.features.tables import Tables, arrow

Key = tuple[str, date]
Values = Mapping[Key, Mapping[str, float | None]]
SPINE_TABLE = "asked_of_the_script"


@dataclass(frozen=True)
class Recorder(Warehouse):
    """A warehouse that writes down what a build asks of its engine, and gives it tables without rows."""

    statements: list[str] = field(default_factory=list)

    def materialise(self, table: ir.Table) -> ir.Table:
        name = f"materialised_{len(self.statements)}"
        self.statements.append(f"CREATE TEMP TABLE {name} AS {self._written(table)}")
        self.engine.create_table(name, schema=table.schema(), temp=True)
        return self.engine.table(name, database="temp.main")

    def view(self, table: ir.Table) -> ir.Table:
        name = f"view_{len(self.statements)}"
        self.statements.append(f"CREATE TEMP VIEW {name} AS {self._written(table)}")
        return ops.DatabaseTable(name, schema=table.schema(), source=self.engine).to_expr()

    def drop_view(self, view: ir.Table) -> None:
        self.statements.append(f"DROP VIEW {view.op().name}")

    def drop(self, materialised: ir.Table) -> None:
        self.statements.append(f"DROP TABLE {materialised.op().name}")

    def ask(self, table: ir.Table, **_: object) -> pa.Table:
        self.statements.append(self._written(table))
        return table.schema().to_pyarrow().empty_table()

    def _written(self, table: ir.Table) -> str:
        query = str(self.engine.compile(table))
        for memory in table.op().find(ops.InMemoryTable):
            query = query.replace(f'"{memory.name}"', SPINE_TABLE)
        return query


@dataclass(frozen=True, eq=False)
class Script:
    """The statements of one build; those that ask, not materialise or drop, give the values of features."""

    statements: tuple[str, ...]
    features: FeatureSet

    @classmethod
    def of(cls, tables: Tables, spine: Spine, *, features: FeatureSet = LIBRARY) -> "Script":
        """Write down what building these features of these tables and cutoffs asks of the engine."""
        with warehouse(tables) as opened, pytest.MonkeyPatch.context() as patch:
            recorder = Recorder(
                opened.name, opened.engine, opened.adapter, opened.sources, opened.faults, opened.dialect
            )
            patch.setattr(opened.engine, "to_pyarrow", recorder.ask)
            features.build(recorder, spine)
        return cls(tuple(recorder.statements), features)

    def run(self, tables: Tables, spine: Spine, *, threads: int = 1) -> Values:
        """Run the statements on other rows of the same columns, as of the same cutoffs."""
        values: dict[str, pa.ChunkedArray] = {}
        with duckdb.connect(config={"threads": threads}) as engine:
            for name, rows in tables.items():
                engine.register("given", arrow(name, rows))
                engine.execute(f"CREATE TABLE {name} AS FROM given")
            engine.register(SPINE_TABLE, spine.table(WINDOWS).to_pyarrow())
            for statement in self.statements:
                answer = engine.execute(statement)
                if not statement.startswith(("CREATE", "DROP")):
                    values |= self._beside_spine(answer.to_arrow_table(), spine)
        return by_key(self.features.finished(spine, values))

    def _beside_spine(self, results: pa.Table, spine: Spine) -> dict[str, pa.ChunkedArray]:
        names = [name for name in results.column_names if name not in KEY]
        return beside_spine(results, spine, [self.features.by_name[name] for name in names])


def run(tables: Tables, *, threads: int = 1) -> Values:
    """Return all features of every trader of a history, as of `CUTOFFS`."""
    return script(CUTOFFS).run(tables, Spine.every(traders(tables), CUTOFFS), threads=threads)


@cache
def values_of(seed: int) -> Values:
    """Return those of the history of a seed, worked out once for all proofs."""
    return run(history(seed))


@cache
def script(cutoffs: tuple[date, ...]) -> Script:
    """Return the statements that build the whole library on a history as of these cutoffs."""
    tables = history(0)
    return Script.of(tables, Spine.every(traders(tables), cutoffs))


def by_key(built: pa.Table) -> Values:
    """Return values by trader and cutoff."""
    return {
        (row.pop("trader_id"), row.pop("cutoff")): {
            name: None if value is None else float(value) for name, value in row.items()
        }
        for row in built.to_pylist()
    }


def differences(one: Values, other: Values) -> dict[str, str]:
    """Return, for each feature that differs in a bit on a row both have, the first such row."""
    first: dict[str, str] = {}
    for key in sorted(one.keys() & other.keys()):
        for name, value in one[key].items():
            if _bits(value) != _bits(other[key][name]):
                first.setdefault(name, f"{key[0]} {key[1]}: {value!r} {other[key][name]!r}")
    return first


def _bits(value: float | None) -> str | None:
    """Two empty values are equal, 0.0 and -0.0 are not."""
    return None if value is None else value.hex()


def traders(tables: Tables) -> list[str]:
    """Return the traders, each once."""
    return sorted({str(row["trader_id"]) for row in tables["traders"]})
