"""Known rows: what becomes known later leaves the digest before a cutoff as it was; other changes do not."""

from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.as_known import known_before
from features.data.warehouse import open_warehouse
from features.proofs.changed import shuffled, without
from features.proofs.draw import CUTOFFS
from features.proofs.histories import history
from features.proofs.known import known, past
from features.proofs.tables import warehouse_of
from features.snapshots.known_rows import KnownRows
from tests.features.data.warehouse.homes import csv_folder, duckdb_file, parquet_folder, postgres_database
from tests.features.proofs.futures import edited, futures
from tests.features.tables import Tables
from tests.postgres import Server

CUTOFF = CUTOFFS[1]
HISTORY = history(0)


def digest(tables: Tables, cutoff: date = CUTOFF) -> str:
    with warehouse_of(tables) as opened:
        return KnownRows.of(opened).digest_before(cutoff)


@cache
def before(*names: str) -> str:
    """The digest of the history, or of some of its tables alone."""
    return digest({name: HISTORY[name] for name in names or HISTORY})


@given(st.data())
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_another_future_leaves_the_digest_as_it_was(data: st.DataObject) -> None:
    assert digest(edited(HISTORY, data.draw(futures(HISTORY, CUTOFF)), CUTOFF)) == before()


def test_the_order_of_rows_counts_for_nothing_and_neither_does_what_is_not_yet_known() -> None:
    assert digest(shuffled(HISTORY, 1)) == before()
    assert digest(past(HISTORY, CUTOFF)) == before()


def earliest(tables: Tables, table: str) -> int:
    """The number of the row of a table that became known first."""
    return min(range(len(tables[table])), key=lambda number: known(table, tables[table][number]))


def repeated(tables: Tables, table: str) -> Tables:
    """A row of the past once more."""
    return tables | {table: [*tables[table], tables[table][earliest(tables, table)]]}


def shortened(tables: Tables, table: str) -> Tables:
    """A row of the past less."""
    first = earliest(tables, table)
    return tables | {table: [row for number, row in enumerate(tables[table]) if number != first]}


def renamed(tables: Tables, table: str) -> Tables:
    """A row of the past with another value in its first column."""
    first, rows = earliest(tables, table), list(tables[table])
    rows[first] = rows[first] | {next(iter(rows[first])): "999999"}
    return tables | {table: rows}


@pytest.mark.parametrize("table", [name for name in HISTORY if name != "levies"])
def test_a_row_more_or_less_or_changed_in_the_past_gives_another_digest(table: str) -> None:
    alone = {table: HISTORY[table]}
    changed = {digest(change(alone, table)) for change in (repeated, shortened, renamed)}
    assert len(changed | {before(table)}) == 4


def test_an_end_that_has_come_gives_another_digest_and_one_that_is_still_to_come_does_not() -> None:
    rows = [row for row in HISTORY["audits"] if known("audits", row) < CUTOFF]
    rest = [row for row in HISTORY["audits"] if row not in rows]
    ends = {"status": "closed", "hours_spent": 7.5}
    closed = {
        day: {"audits": [rows[0] | ends | {"closed_on": day}, *rows[1:], *rest]}
        for day in (CUTOFF, date.fromordinal(CUTOFF.toordinal() - 1))
    }
    open_ = {"audits": [rows[0] | {"closed_on": None, "status": "open"}, *rows[1:], *rest]}
    still_to_come, has_come = (digest(tables) for tables in closed.values())
    assert digest(open_) == still_to_come != has_come


def test_a_levy_is_known_with_the_version_on_which_it_stands() -> None:
    lines = [row for row in HISTORY["declarations"] if row["version"] == 0]
    others = [row for row in HISTORY["levies"] if row["version"] == 0]

    def taken(is_known: bool) -> str:
        key = next(
            (levy["declaration_id"], levy["item_number"])
            for levy in others
            if (known("levies", levy) < CUTOFF) is is_known
        )
        rest = [row for row in others if (row["declaration_id"], row["item_number"]) != key]
        return digest({"declarations": lines, "levies": rest})

    whole = digest({"declarations": lines, "levies": others})
    assert taken(is_known=False) == whole != taken(is_known=True)


def test_a_cancellation_gives_another_digest_from_the_day_after() -> None:
    [first, *rest] = [row | {"cancelled_on": None} for row in HISTORY["declarations"]]
    first |= {"accepted_on": date(2020, 1, 1), "known_on": None}
    assert known("declarations", first) < CUTOFF
    stands, to_come, has_come = (
        digest({"declarations": [first | {"cancelled_on": day}, *rest]})
        for day in (None, CUTOFF, date.fromordinal(CUTOFF.toordinal() - 1))
    )
    assert stands == to_come != has_come


def test_a_column_that_is_absent_gives_another_digest_though_no_row_had_a_value_in_it() -> None:
    empty = {"traders": [row | {"region": None} for row in HISTORY["traders"]]}
    assert digest(empty) != digest(without(empty, "traders.region"))


def test_days_are_told_apart_as_the_rule_of_time_does() -> None:
    alone = {"declarations": HISTORY["declarations"]}
    for cutoff in (CUTOFF, date.fromordinal(CUTOFF.toordinal() + 1)):
        with warehouse_of(alone) as opened:
            rows = opened.table("declarations")
            visible = rows.filter(known_before(rows, cutoff)).to_pyarrow().to_pylist()
        assert 0 < len(visible) < len(alone["declarations"])
        assert digest({"declarations": visible}, cutoff) == digest(alone, cutoff)


def test_a_folder_and_a_file_of_the_same_rows_have_one_digest(tmp_path: Path) -> None:
    digests = set()
    for home in (parquet_folder, csv_folder, duckdb_file):
        with open_warehouse(home(HISTORY, tmp_path)) as opened:
            digests.add(KnownRows.of(opened).digest_before(CUTOFF))
    assert digests == {before()}


def test_postgresql_tells_the_same_changes_apart(postgres: Server) -> None:
    def stored(tables: Tables) -> str:
        with open_warehouse(postgres_database(tables, postgres)) as opened:
            return KnownRows.of(opened).digest_before(CUTOFF)

    first = stored(HISTORY)
    assert stored(shuffled(past(HISTORY, CUTOFF), 1)) == first
    changed = {stored(change(HISTORY, "declarations")) for change in (repeated, shortened, renamed)}
    assert len(changed | {first}) == 4
