"""What differs between engines stands in their adapters: nothing else asks which engine it has."""

import ast
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import duckdb
import ibis
import psycopg
import pytest

from features.data.warehouse import open_warehouse
from features.data.warehouse.engines import ADAPTERS, DUCKDB, POSTGRES, SPARK, adapter_of, engine_errors
from tests.features.data.warehouse.homes import duckdb_file, postgres_database
from tests.features.tables import good_tables, write_parquet
from tests.postgres import Server

ROOT = Path(__file__).parents[4]
PACKAGES = ("audit_yield", "features", "models", "training", "serving")
CHOICE = ROOT / "features" / "data" / "warehouse" / "engines" / "__init__.py"
ENGINES = ("engine", "backend", "connection", "con")


def test_each_home_is_opened_with_the_adapter_of_its_engine(tmp_path: Path, postgres: Server) -> None:
    tables = good_tables()
    homes = {
        str(write_parquet(tmp_path / "folder", tables)): DUCKDB,
        duckdb_file(tables, tmp_path): DUCKDB,
        postgres_database(tables, postgres): POSTGRES,
    }
    for location, adapter in homes.items():
        with open_warehouse(location) as warehouse:
            assert warehouse.adapter is adapter


def test_every_adapter_has_the_name_that_ibis_gives_its_engine() -> None:
    assert list(ADAPTERS.values()) == [DUCKDB, POSTGRES, SPARK]
    assert set(ADAPTERS) <= set(entry_points(group="ibis.backends").names)


def test_an_engine_without_an_adapter_does_all_as_ibis_does() -> None:
    engine = ibis.sqlite.connect()
    adapter = adapter_of(engine)
    adapter.begin(engine)
    engine.create_table("audits", schema=ibis.schema({"audit_id": "string"}))
    audits = adapter.open_table(engine, "audits", None)
    adapter.create_table(engine, "stored", engine.compile(audits), audits.schema())
    assert {"audits", "stored"} <= adapter.table_names(engine)
    assert engine.table("stored").columns == ("audit_id",)
    adapter.drop(engine, "stored")
    with pytest.raises(ibis.common.exceptions.TableNotFound):
        engine.table("stored")


def test_what_drivers_raise_is_known_once_they_are_imported() -> None:
    assert {duckdb.Error, psycopg.Error} <= set(engine_errors())


def questions(code: str) -> Iterator[str]:
    """Yield what asks which engine there is: its name, its class, or a name held against an adapter's."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Attribute(attr="name", value=ast.Name(id=owner) | ast.Attribute(attr=owner)):
                asks = owner in ENGINES
            case ast.Compare():
                sides = [node.left, *node.comparators]
                asks = any(isinstance(side, ast.Constant) and side.value in ADAPTERS for side in sides)
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
                asks = "Backend" in ast.unparse(kinds)
            case _:
                continue
        if asks:
            yield ast.unparse(node)


@pytest.mark.parametrize(
    "question",
    [
        "self.engine.name",
        "engine.name",
        "scheme == 'postgres'",
        "'duckdb' != kind",
        "isinstance(engine, duckdb.Backend)",
    ],
)
def test_a_question_which_engine_it_is_is_found(question: str) -> None:
    assert list(questions(f"if {question}: drop(table)")) == [question]


def test_nothing_but_the_choice_of_the_adapter_asks_which_engine_it_is() -> None:
    paths = {path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    questions_by_path = {path: list(questions(path.read_text(encoding="utf-8"))) for path in paths - {CHOICE}}
    assert {path: each for path, each in questions_by_path.items() if each} == {}
    assert list(questions(CHOICE.read_text(encoding="utf-8")))
