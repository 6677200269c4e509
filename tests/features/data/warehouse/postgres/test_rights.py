"""A role that may only read suffices, and nothing that is written outlives a warehouse."""

from pathlib import Path

import pytest
from ibis.expr import types as ir

from features.data.warehouse import open_warehouse
from tests.features.data.warehouse.all_tables import all_tables
from tests.features.data.warehouse.homes import parquet_folder, postgres_database
from tests.features.data.warehouse.postgres.database import Change, assert_no_traceback, run_check
from tests.postgres import Server

READS = "sesam"


def as_reader(postgres: Server, database: str, *rights: str) -> str:
    """Make a role with these rights alone, and return the URL with which it connects."""
    role = f"reader_{database}"
    postgres.run(
        database,
        f"CREATE ROLE {role} LOGIN PASSWORD '{READS}'",
        *(f"GRANT {r} TO {role}" for r in rights),
    )
    return postgres.url(database, user=role, password=READS)


def test_a_role_that_may_only_read_suffices_and_nothing_is_written(
    postgres: Server, database: str, tmp_path: Path, change: Change
) -> None:
    change(
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    )
    reader = as_reader(
        postgres,
        database,
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


def test_nothing_that_is_written_through_a_warehouse_outlives_it(
    postgres: Server, url: str, database: str
) -> None:
    before = state(postgres, database)
    with open_warehouse(url) as warehouse:
        warehouse.engine.con.execute("DELETE FROM traders")
        warehouse.materialise(warehouse.table("audits"))
    assert state(postgres, database) == before
    assert postgres.run(database, "SELECT count(*) > 0 FROM traders") == [(True,)]


@pytest.mark.parametrize("refusal", ["reads only", "has no right"])
def test_a_database_that_keeps_no_temporary_tables_for_us_is_read_all_the_same(
    postgres: Server, refusal: str, tmp_path: Path
) -> None:
    """A hot standby is, like such a database, in a transaction that only reads."""
    tables = all_tables()
    url = postgres_database(tables, postgres)
    database = url.rpartition("/")[2]
    refuse = {
        "reads only": f"ALTER DATABASE {database} SET default_transaction_read_only = on",
        "has no right": f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    }
    reader = as_reader(postgres, database, "SELECT ON ALL TABLES IN SCHEMA public")
    postgres.run(database, refuse[refusal])
    with open_warehouse(reader) as copied, open_warehouse(parquet_folder(tables, tmp_path)) as folder:
        assert set(copied.sources) == set(tables)
        for name in tables:
            assert as_rows(copied.materialise(copied.table(name))) == as_rows(folder.table(name))


def as_rows(table: ir.Table) -> list[str]:
    return sorted(map(repr, table.to_pyarrow().to_pylist()))


def test_a_database_that_was_copied_is_left(
    postgres: Server, url: str, database: str, change: Change
) -> None:
    change(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    reader = as_reader(postgres, database, "SELECT ON ALL TABLES IN SCHEMA public")
    with open_warehouse(reader) as copied:
        change("DELETE FROM traders")
        users = [user for (user,) in postgres.run(database, "SELECT usename FROM pg_stat_activity")]
        assert f"reader_{database}" not in users
        assert copied.table("traders").count().to_pyarrow().as_py() > 0


def test_rows_that_arrive_during_a_check_are_not_seen(url: str, change: Change) -> None:
    with open_warehouse(url) as warehouse:
        before = warehouse.table("traders").count().to_pyarrow().as_py()
        change("INSERT INTO traders SELECT * FROM traders")
        assert warehouse.table("traders").count().to_pyarrow().as_py() == before


def test_a_table_one_may_not_read_is_a_fault_and_the_rest_is_still_checked(
    postgres: Server, database: str, tmp_path: Path, change: Change
) -> None:
    change("UPDATE declarations SET origin_country = 'China' WHERE declaration_id = 'D3'")
    reader = as_reader(postgres, database, "SELECT ON declarations, audits, findings")
    done = run_check(reader, tmp_path)
    assert done.returncode == 2
    assert "permission denied for table traders" in done.stdout
    assert "declarations.origin_country · country: 1 of 4 rows break it." in done.stdout
    assert_no_traceback(done)
