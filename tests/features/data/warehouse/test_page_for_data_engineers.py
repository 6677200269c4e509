"""What `docs/warehouse.md` says holds; what is not asked here is asked by the tests beside this file."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from features.data.check import check
from features.data.mapping import Dialect, FileForm, Form, TableMapping
from features.data.mapping.dialect import SETTINGS
from features.data.mapping.tables import COLUMN, TABLE
from features.data.warehouse import open_warehouse
from features.data.warehouse.engine import LARGEST_SPILL
from features.environment import MEMORY
from features.errors import SettingError
from tests.features.data.warehouse.homes import FILES, duckdb_file, postgres_database
from tests.features.tables import TODAY, good_tables
from tests.postgres import Server

PAGE = Path(__file__).parents[4] / "docs" / "warehouse.md"
MEANINGS = re.compile(r"^- `(?P<name>\w+)`: (?P<meaning>.*)\.$", re.MULTILINE)
TOML = {"()": "`[]`", "None": "none", "mappingproxy({})": "`{}`"}


@pytest.mark.parametrize("kind", [Dialect, FileForm, Form, TableMapping])
def test_the_page_of_mappings_lists_every_setting_with_its_default_and_meaning(kind: type) -> None:
    default, page = kind(), (PAGE.parent / "mapping.md").read_text()
    meanings = {m["name"]: m["meaning"] for m in MEANINGS.finditer(inspect.getdoc(kind) or "")}
    assert meanings.keys() <= {"from", *(setting.name for setting in fields(kind))}
    shown = (
        {} if kind is TableMapping else {name: f" {in_toml(getattr(default, name))} |" for name in meanings}
    )
    rows = [f"| `{name}` |{shown.get(name, '')} {meaning} |" for name, meaning in meanings.items()]
    assert "\n".join(rows) in page


def test_the_page_of_mappings_lists_every_setting_of_tables_and_columns() -> None:
    page = (PAGE.parent / "mapping.md").read_text()
    assert [name for name in {**TABLE, **COLUMN, **SETTINGS} if f"| `{name}` |" not in page] == []


def in_toml(value: object) -> str:
    return TOML.get(repr(value)) or f"`{value}`" if not isinstance(value, str) else f'`"{value}"`'


def test_the_memory_is_what_the_environment_says_and_3_gb_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    location = duckdb_file(good_tables(), tmp_path)
    assert (MEMORY.default, LARGEST_SPILL) == ("3GB", "50GB")
    monkeypatch.setenv(MEMORY.name, "128MiB")
    with open_warehouse(location) as warehouse:
        limit = warehouse.engine.con.execute("SELECT current_setting('memory_limit')").fetchone()
    assert limit == ("128.0 MiB",)
    monkeypatch.setenv(MEMORY.name, "much")
    with pytest.raises(SettingError, match="AUDIT_YIELD_MEMORY is 'much'"), open_warehouse(location):
        pass


def test_the_rights_on_the_page_suffice(postgres: Server) -> None:
    database = postgres_database(good_tables(), postgres).rpartition("/")[2]
    statements = re.search(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert statements
    postgres.run(database, *statements[1].strip().splitlines())
    with open_warehouse(postgres.url(database, user="audit_yield", password="change-me")) as warehouse:  # noqa: S106
        assert check(warehouse, today=TODAY).report.violations == ()


def test_times_may_be_left_out_of_a_time_with_zone(postgres: Server) -> None:
    url = postgres_database(good_tables(), postgres)
    postgres.run(
        url.rpartition("/")[2],
        "ALTER TABLE declarations ALTER accepted_on TYPE timestamptz USING '2024-03-01 10:30+00'",
    )
    with open_warehouse(url, dialect=Dialect.of({"times": "drop"})) as warehouse:
        assert check(warehouse, today=TODAY).report.violations == ()


@pytest.mark.parametrize("home", ["Parquet", "CSV"])
def test_a_table_may_be_a_folder_of_parts(home: str, tmp_path: Path) -> None:
    folder = Path(FILES[home](good_tables(), tmp_path))
    whole = next(folder.glob("traders.*"))
    (folder / "traders").mkdir()
    whole.rename(folder / "traders" / f"part-1{whole.suffix}")
    with open_warehouse(str(folder)) as warehouse:
        assert check(warehouse, today=TODAY).report.violations == ()
