"""Where tables may stand in a database, and under which names."""

import psycopg

from tests.features.data.warehouse.homes import copy_into
from tests.features.data.warehouse.postgres.database import Change, faults
from tests.features.tables import arrow, good_tables


def test_views_and_partitioned_tables_are_tables(url: str, change: Change) -> None:
    change(
        "ALTER TABLE traders RENAME TO kept",
        "CREATE VIEW traders AS SELECT * FROM kept",
        "ALTER TABLE findings RENAME TO kept_findings",
        "CREATE TABLE findings (LIKE kept_findings) PARTITION BY LIST (audit_id)",
        "CREATE TABLE part PARTITION OF findings DEFAULT",
        "INSERT INTO findings SELECT * FROM kept_findings",
    )
    assert faults(url) == {}


def test_a_table_is_looked_for_along_the_search_path(url: str, change: Change) -> None:
    change(
        "CREATE SCHEMA customs",
        "ALTER TABLE traders SET SCHEMA customs",
    )
    missing = "There is no table traders on the search path, but customs.traders."
    assert faults(url)["traders required_table"] == missing
    assert faults(f"{url}?options=-csearch_path%3Dcustoms,public") == {}


def test_names_are_taken_as_they_are_written(url: str, change: Change) -> None:
    change('ALTER TABLE traders RENAME size_band TO "Size Band"')
    assert "traders.Size Band known_column" in faults(url)


def test_an_administration_may_keep_other_tables_beside(url: str) -> None:
    with psycopg.connect(url) as connection:
        copy_into(connection, "payroll", arrow("traders", good_tables()["traders"]))
    assert faults(url) == {}
