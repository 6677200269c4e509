"""A real PostgreSQL server as the warehouse: its types, its rights, its failures, and what it never shows."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest

from features.check import Checked, check
from features.contract.violation import Violation
from features.errors import DataError
from features.warehouse import open_warehouse
from tests.features.tables import TODAY, arrow, good_tables
from tests.features.warehouse.homes import copy_into, postgres_database
from tests.postgres import Server

READS, WRONG = "sesam", "Geheim-Zwiebel"
COMMAND = Path(sys.executable).with_name("audit-yield")


@pytest.fixture
def url(postgres: Server) -> str:
    """A database with the small administration in it."""
    return postgres_database(good_tables(), postgres)


def run_check(place: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in `folder`."""
    return subprocess.run(
        [COMMAND, "check", place, "--today", TODAY.isoformat()],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def judged(url: str) -> Checked:
    with open_warehouse(url) as warehouse:
        return check(warehouse, today=TODAY)


def faults(url: str) -> dict[str, str]:
    return {f"{v.place} {v.rule}": v.found for v in judged(url).report.violations}


def violation(url: str, column: str) -> Violation:
    return next(v for v in judged(url).report.violations if v.column == column)


def change(postgres: Server, url: str, *statements: str) -> None:
    postgres.run(url.rpartition("/")[2], *statements)


def as_reader(postgres: Server, url: str, *rights: str) -> str:
    """Make a role with these rights alone, and return the URL with which it connects."""
    role = f"reader_{url.rpartition('_')[2]}"
    change(
        postgres,
        url,
        f"CREATE ROLE {role} LOGIN PASSWORD '{READS}'",
        *(f"GRANT {r} TO {role}" for r in rights),
    )
    return postgres.url(url.rpartition("/")[2], user=role, password=READS)


# --- types ------------------------------------------------------------------------------------------------


def value_of(url: str, column: str) -> object:
    with open_warehouse(url) as warehouse:
        values = warehouse.table("declarations")[column].to_pyarrow().to_pylist()
    return values[0]


@pytest.mark.parametrize(
    ("column", "kind", "expected"),
    [
        ("trader_id", "char(17)", "007"),
        ("hs_code", "varchar(10)", "61091000"),
        ("description", "xml", "shirts, cotton"),
        ("description", "inet", "10.0.0.1/32"),
        ("description", "int4range", "[1,3)"),
        ("customs_value", "numeric(18, 2)", 100.0),
        ("customs_value", "numeric", 100.0),
        ("customs_value", "real", 100.0),
        ("item_number", "smallint", 1),
        ("item_number", "numeric(5, 0)", 1),
        ("related_party", "smallint", False),
        ("related_party", "text", False),
        ("accepted_on", "timestamp", date(2024, 3, 1)),
        ("accepted_on", "timestamptz", date(2024, 3, 1)),
        ("accepted_on", "text", date(2024, 3, 1)),
        ("origin_country", "country", "CN"),
        ("hs_code", "digits", "61091000"),
    ],
)
def test_a_type_of_postgresql_becomes_the_type_of_the_contract(
    postgres: Server, url: str, column: str, kind: str, expected: object
) -> None:
    replaced = {"smallint": "0", "inet": "'10.0.0.1'", "int4range": "'[1,3)'"}
    using = replaced.get(kind, f"{column}::text::{kind}") if column != "item_number" else f"{column}::{kind}"
    change(
        postgres,
        url,
        "CREATE TYPE country AS ENUM ('CN', 'DE')",
        "CREATE DOMAIN digits AS text CHECK (VALUE ~ '^[0-9]+$')",
        f"ALTER TABLE declarations ALTER {column} TYPE {kind} USING {using}::{kind}",
    )
    assert value_of(url, column) == expected


def test_identifiers_may_be_uuids(postgres: Server, url: str) -> None:
    known = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    change(postgres, url, f"ALTER TABLE declarations ADD origin_proof_id uuid DEFAULT '{known}'")
    assert value_of(url, "origin_proof_id") == known
    assert faults(url) == {}


def test_money_with_a_currency_sign_is_a_fault_and_shown(postgres: Server, url: str) -> None:
    change(
        postgres,
        url,
        "ALTER TABLE declarations ALTER customs_value TYPE money USING customs_value::numeric::money",
    )
    found = violation(url, "customs_value")
    assert (found.rule, found.rows, found.examples[0]["customs_value"]) == ("type", 4, "$100.00")


def test_a_text_that_is_no_day_is_a_fault_with_its_row(postgres: Server, url: str) -> None:
    change(
        postgres,
        url,
        "ALTER TABLE declarations ALTER accepted_on TYPE text",
        "UPDATE declarations SET accepted_on = '2024-02-30' WHERE declaration_id = 'D3'",
    )
    found = violation(url, "accepted_on")
    assert (found.rule, found.rows) == ("type", 1)
    assert found.examples[0] == {
        "declaration_id": "D3",
        "item_number": 1,
        "version": 0,
        "accepted_on": "2024-02-30",
    }


def test_a_day_without_end_is_a_fault_and_no_crash(postgres: Server, url: str) -> None:
    change(postgres, url, "UPDATE declarations SET accepted_on = 'infinity' WHERE declaration_id = 'D3'")
    found = violation(url, "accepted_on")
    assert (found.rule, found.rows, found.examples[0]["accepted_on"]) == ("past_day", 1, "infinity")


def test_a_time_with_zone_is_read_in_utc_whatever_the_server_says(postgres: Server, url: str) -> None:
    change(
        postgres,
        url,
        f"ALTER DATABASE {url.rpartition('/')[2]} SET TimeZone = 'Asia/Seoul'",
        "ALTER TABLE declarations ALTER accepted_on TYPE timestamptz USING '2024-03-01 00:00+09'",
    )
    found = violation(url, "accepted_on")
    assert (found.rule, found.rows) == ("type", 4)  # 15:00 of the day before in UTC: never shifted silently


# --- where tables stand -----------------------------------------------------------------------------------


def test_views_and_partitioned_tables_are_tables(postgres: Server, url: str) -> None:
    change(
        postgres,
        url,
        "ALTER TABLE traders RENAME TO kept",
        "CREATE VIEW traders AS SELECT * FROM kept",
        "ALTER TABLE findings RENAME TO kept_findings",
        "CREATE TABLE findings (LIKE kept_findings) PARTITION BY LIST (audit_id)",
        "CREATE TABLE part PARTITION OF findings DEFAULT",
        "INSERT INTO findings SELECT * FROM kept_findings",
    )
    assert faults(url) == {}


def test_a_table_is_looked_for_along_the_search_path(postgres: Server, url: str) -> None:
    change(
        postgres,
        url,
        "CREATE SCHEMA customs",
        "ALTER TABLE traders SET SCHEMA customs",
    )
    assert faults(url)["traders required_table"] == "The table is missing."
    assert faults(f"{url}?options=-csearch_path%3Dcustoms,public") == {}


def test_names_are_taken_as_they_are_written(postgres: Server, url: str) -> None:
    change(postgres, url, 'ALTER TABLE traders RENAME size_band TO "Size Band"')
    assert "traders.Size Band known_column" in faults(url)


# --- rights -----------------------------------------------------------------------------------------------


def test_a_role_that_may_only_read_suffices_and_nothing_is_written(
    postgres: Server, url: str, tmp_path: Path
) -> None:
    database = url.rpartition("/")[2]
    change(
        postgres,
        url,
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    )
    reader = as_reader(
        postgres,
        url,
        f"CONNECT ON DATABASE {database}",
        "USAGE ON SCHEMA public",
        "SELECT ON ALL TABLES IN SCHEMA public",
    )
    before = state(postgres, database)
    done = run_check(reader, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert state(postgres, database) == before


def state(postgres: Server, database: str) -> list[tuple[object, ...]]:
    return postgres.run(
        database,
        "SELECT c.relname, c.relkind, c.xmin::text"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname NOT LIKE 'pg_%' ORDER BY 1, 2",
    )


def test_nothing_that_is_written_through_a_warehouse_outlives_it(postgres: Server, url: str) -> None:
    database = url.rpartition("/")[2]
    before = state(postgres, database)
    with open_warehouse(url) as warehouse:
        warehouse.engine.con.execute("DELETE FROM traders")
        warehouse.keep(warehouse.table("audits"))
    assert state(postgres, database) == before
    assert postgres.run(database, "SELECT count(*) > 0 FROM traders") == [(True,)]


@pytest.mark.parametrize("refusal", ["reads only", "has no right"])
def test_a_database_that_keeps_no_temporary_tables_is_told_with_advice(
    postgres: Server, url: str, refusal: str
) -> None:
    """A hot standby refuses with the SQL state of a transaction that only reads."""
    database = url.rpartition("/")[2]
    refuse = {
        "reads only": f"ALTER DATABASE {database} SET default_transaction_read_only = on",
        "has no right": f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    }
    reader = as_reader(postgres, url, "SELECT ON ALL TABLES IN SCHEMA public")
    change(postgres, url, refuse[refusal])
    with (
        pytest.raises(DataError, match="keeps no temporary tables") as refused,
        open_warehouse(reader) as opened,
    ):
        opened.keep(opened.table("audits"))
    assert "primary" in refused.value.advice
    assert READS not in str(refused.value)


def test_rows_that_arrive_during_a_check_are_not_seen(postgres: Server, url: str) -> None:
    with open_warehouse(url) as warehouse:
        before = warehouse.table("traders").count().to_pyarrow().as_py()
        change(postgres, url, "INSERT INTO traders SELECT * FROM traders")
        assert warehouse.table("traders").count().to_pyarrow().as_py() == before


def test_a_table_one_may_not_read_is_a_fault_and_the_rest_is_still_checked(
    postgres: Server, url: str, tmp_path: Path
) -> None:
    change(postgres, url, "UPDATE declarations SET origin_country = 'China' WHERE declaration_id = 'D3'")
    reader = as_reader(postgres, url, "SELECT ON declarations, audits, findings")
    done = run_check(reader, tmp_path)
    assert done.returncode == 2
    assert "permission denied for table traders" in done.stdout
    assert "declarations.origin_country · country: 1 of 4 rows break it." in done.stdout
    assert_no_traceback(done)


# --- failures ---------------------------------------------------------------------------------------------


def assert_no_traceback(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stdout + done.stderr


def test_a_connection_killed_in_the_middle_is_a_fault(postgres: Server, url: str, tmp_path: Path) -> None:
    change(
        postgres,
        url,
        "ALTER TABLE declarations RENAME TO kept",
        "CREATE VIEW declarations AS SELECT * FROM kept WHERE pg_terminate_backend(pg_backend_pid())",
    )
    done = run_check(url, tmp_path)
    assert done.returncode == 2
    assert "terminating connection" in done.stdout + done.stderr
    assert_no_traceback(done)


def wrong(url: str, postgres: Server) -> dict[str, tuple[str, str]]:
    """URLs that cannot be opened, and what is said of each."""
    database = url.rpartition("/")[2]
    return {
        "password": (postgres.url(database, password=WRONG), "password authentication failed"),
        "database": (postgres.url("nowhere"), 'database "nowhere" does not exist'),
        "port": (url.replace(f":{postgres.port}/", ":1/"), "refused"),
        "host": (f"postgres://owner:Geheim-Zwiebel@nowhere.invalid/{database}", "nowhere.invalid"),
        "slash": (f"postgres://owner:Geheim/Zwiebel@127.0.0.1:{postgres.port}/{database}", "%2F"),
        "hash": (f"postgres://owner:1#Geheim-Zwiebel@127.0.0.1:{postgres.port}/{database}", "%2F"),
        "option": (f"{url}?geheim=Geheim-Zwiebel", "cannot be opened"),
        "engine": (f"nonsense://owner:Geheim-Zwiebel@127.0.0.1/{database}", "cannot be opened"),
        "file": (f"duckdb://{database}.duckdb", "path"),
    }


@pytest.mark.parametrize(
    "case", ["password", "database", "port", "host", "slash", "hash", "option", "engine", "file"]
)
def test_an_address_that_cannot_be_opened_is_told_without_its_password(
    postgres: Server, url: str, case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    place, told = wrong(url, postgres)[case]
    with pytest.raises(DataError) as raised, open_warehouse(place):
        pass
    said = str(raised.value)
    assert told in said
    assert not any(secret in said for secret in ("Geheim", postgres.password, "Zwiebel"))
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_a_wrong_password_in_three_lines_and_exits_with_2(
    postgres: Server, url: str, tmp_path: Path
) -> None:
    done = run_check(postgres.url(url.rpartition("/")[2], password=WRONG), tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "password authentication failed" in done.stderr
    assert "Geheim" not in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_the_command_shows_no_password_and_leaves_no_connection(
    postgres: Server, url: str, tmp_path: Path
) -> None:
    done = run_check(url, tmp_path)
    written = (tmp_path / "check" / "accepted" / "report.json").read_text()
    assert done.returncode == 0
    assert postgres.password not in done.stdout + done.stderr + written
    assert connections(postgres, url) == 0


def connections(postgres: Server, url: str) -> int:
    """The number of connections but ours, once the server has seen the others off."""
    wait = "SELECT pg_sleep(0.2)"
    count = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return int(postgres.run(url.rpartition("/")[2], wait, count)[0][0])


def test_the_password_may_come_from_the_environment(postgres: Server, url: str, tmp_path: Path) -> None:
    place = url.replace(f":{postgres.password}@", "@")
    assert run_check(place, tmp_path, PGPASSWORD=postgres.password).returncode == 0


def test_an_administration_may_keep_other_tables_beside(postgres: Server, url: str) -> None:
    with psycopg.connect(url) as connection:
        copy_into(connection, "payroll", arrow("traders", good_tables()["traders"]))
    assert faults(url) == {}
