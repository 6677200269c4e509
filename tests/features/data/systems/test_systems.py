"""What every source system must keep, the next one too."""

from pathlib import Path

import ibis
import ibis.expr.types as ir
import pytest

from features.data.contract import TABLES
from features.data.systems import SYSTEMS, System, system_named
from features.data.systems.document import document
from features.errors import SettingError

PAGE = Path(__file__).parents[4] / "docs" / "systems.md"
EVERY = pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)


def lines_of(system: System) -> ir.Table:
    return ibis.table({column.name: column.kind.ibis for column in system.source.columns}, name="lines")


@EVERY
def test_a_system_makes_the_required_tables_with_their_required_columns(system: System) -> None:
    made = system.tables(lines_of(system))
    assert {table.name for table in TABLES.values() if table.required} <= set(made) <= set(TABLES)
    for name, rows in made.items():
        assert {column.name for column in TABLES[name].columns if column.required} <= set(rows.columns)
        assert set(rows.columns) <= set(TABLES[name].names)


@EVERY
def test_a_system_says_when_every_row_was_known(system: System) -> None:
    for name, rows in system.tables(lines_of(system)).items():
        assert "known_on" in rows.columns or "known_on" not in TABLES[name].names


@EVERY
def test_a_column_says_what_it_becomes_in_names_of_the_contract(system: System) -> None:
    for field in system.fields:
        for target in field.to:
            table, column = target.split(".")
            assert column in TABLES[table].names, f"{field.column.name} becomes {target}"


@EVERY
def test_a_required_column_of_the_contract_never_hangs_on_a_column_that_may_be_absent(system: System) -> None:
    may_be_absent = [field.column.name for field in system.fields if not field.column.required]
    for target in system.targets_without(may_be_absent):
        table, column = target.split(".")
        assert not TABLES[table][column].required


@EVERY
def test_a_system_states_what_it_assumes(system: System) -> None:
    assert system.assumptions
    assert system.derived
    assert system.obtain


def test_the_page_agrees_with_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "run `make fix`"


def test_every_column_of_every_system_stands_on_the_page() -> None:
    sections = document().split("\n## ")[1:]
    assert [section.split(":")[0] for section in sections] == list(SYSTEMS)
    for section, system in zip(sections, SYSTEMS.values(), strict=True):
        written = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]
        assert written[1:] == list(system.source.names)


def test_a_system_is_found_by_name_and_a_wrong_name_is_helped() -> None:
    assert system_named("kcs") is SYSTEMS["kcs"]
    with pytest.raises(SettingError, match="Did you mean 'asycuda'"):
        system_named("asycudda")
