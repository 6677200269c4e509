"""Datasets: checked once for each version of the data, with the rows and the words of a fresh check."""

import json
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import ibis
import pytest
from hypothesis import given
from ibis.expr import types as ir

from features.data.check import check
from features.data.check.outcome import CheckOutcome
from features.data.contract import TABLES, ColumnType
from features.data.contract.rule import PAST_DAY, PLANNED_DAY, Rule
from features.data.dataset import CHECKS, Dataset
from features.data.version import DataVersion
from features.data.warehouse import open_warehouse
from features.errors import DataError
from features.storage.atomic import atomic_file
from features.storage.json_cache import read_cached, write_cached
from tests.features.data.check.test_random_corruption import many, row_faults, spoil_rows
from tests.features.tables import (
    TODAY,
    Write,
    audit,
    finding,
    good_tables,
    trader,
    write_csv,
    write_parquet,
)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return of(write_parquet(tmp_path / "data", good_tables()))


def of(data: Path) -> Dataset:
    return Dataset(data=str(data), cutoff=TODAY, today=TODAY, home=data.parent / "home")


def cached(dataset: Dataset) -> Path:
    [path] = (dataset.home / CHECKS).glob("*.json")
    return path


def written(dataset: Dataset) -> tuple[int, int]:
    """Which file holds the outcome: every check puts another in its place."""
    status = cached(dataset).stat()
    return status.st_ino, status.st_mtime_ns


def opened(dataset: Dataset) -> None:
    with dataset.open():
        pass


def spoilt(tables: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """Give a line a value that refuses the data."""
    tables["declarations"][0]["customs_value"] = -1.0
    return tables


def refusal(open_it: Callable[[], object]) -> str:
    with pytest.raises(DataError) as raised:
        open_it()
    return str(raised.value)


def test_data_is_checked_once_for_each_version(dataset: Dataset) -> None:
    opened(dataset)
    first = written(dataset)
    opened(dataset)
    assert written(dataset) == first
    write_parquet(Path(dataset.data), good_tables() | {"payments": []})
    opened(dataset)
    assert len(list((dataset.home / CHECKS).glob("*.json"))) == 2


def rows_of(dataset: Dataset) -> dict[str, int]:
    """The rows of each table by the newest outcome, which is then given one more: those were not counted."""
    path = max((dataset.home / CHECKS).glob("*.json"), key=lambda each: each.stat().st_mtime_ns)
    content = read_cached(path)
    rows = {name: table["rows"] for name, table in content["tables"].items()}
    for table in content["tables"].values():
        table["rows"] += 1
    write_cached(path, content)
    return rows


def test_after_a_change_of_one_table_it_is_checked_and_what_is_judged_by_it(dataset: Dataset) -> None:
    tables = good_tables()
    tables["findings"].append(finding("A2", 1, amount=5.0))
    opened(dataset)
    assert rows_of(dataset) == {"traders": 3, "declarations": 4, "audits": 2, "findings": 3}
    write_parquet(Path(dataset.data), tables)
    opened(dataset)
    assert rows_of(dataset) == {"traders": 4, "declarations": 5, "audits": 3, "findings": 4}
    tables["audits"].append(audit("A3", "T3"))
    write_parquet(Path(dataset.data), tables)
    opened(dataset)
    assert rows_of(dataset) == {"traders": 5, "declarations": 6, "audits": 3, "findings": 4}
    tables["traders"].append(trader("T4"))
    write_parquet(Path(dataset.data), tables)
    opened(dataset)
    assert rows_of(dataset) == {"traders": 4, "declarations": 4, "audits": 3, "findings": 4}


def test_a_bad_row_of_an_unchanged_table_stays_set_aside_with_its_children(tmp_path: Path) -> None:
    tables = good_tables()
    tables["audits"] += [audit(f"B{number}", "007") for number in range(150)]
    tables["audits"][0]["hours_spent"] = -1.0  # its findings go with it
    dataset = of(write_parquet(tmp_path / "data", tables))
    tables["findings"] = [finding(f"B{number}", 1, amount=5.0) for number in range(150)]
    write_parquet(Path(dataset.data), tables)
    opened(dataset)
    tables["findings"].append(finding("A1", 1, amount=5.0))
    write_parquet(Path(dataset.data), tables)
    with dataset.open() as usable:
        assert usable.table("audits").to_pyarrow().num_rows == 151
        assert "A1" not in usable.table("findings").to_pyarrow()["audit_id"].to_pylist()


def test_what_is_cached_is_believed(dataset: Dataset) -> None:
    opened(dataset)
    write_cached(cached(dataset), read_cached(cached(dataset)) | {"refusal": "The moon is full."})
    assert "The moon is full." in refusal(lambda: opened(dataset))


def test_refused_data_stays_refused_with_the_same_words(tmp_path: Path) -> None:
    dataset = of(write_parquet(tmp_path / "data", spoilt(good_tables())))
    first = refusal(lambda: opened(dataset))
    assert "declarations" in first
    before = written(dataset)
    assert refusal(lambda: opened(dataset)) == first
    assert written(dataset) == before


@given(faults=row_faults)
@many
def test_a_cached_outcome_gives_the_rows_of_a_fresh_check(
    faults: list[tuple[str, str, int, int, str]],
) -> None:
    tables = good_tables()
    spoil_rows(tables, faults)
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder), tables)
        with open_warehouse(folder) as warehouse:
            checked = check(warehouse, today=TODAY, limit=1.0)
            content = json.loads(json.dumps(checked.outcome.content()))
            if checked.report.accepted:
                fresh = {name: checked.good_rows(name) for name in warehouse.sources}
                expected = {name: count(table) for name, table in fresh.items()}
                with open_warehouse(folder) as again:
                    usable = CheckOutcome.of(content).usable(again)
                    counts = {name: count(usable.table(name)) for name in usable.sources}
                assert counts == expected
            else:
                with open_warehouse(folder) as again:
                    words = refusal(lambda: CheckOutcome.of(content).usable(again))
                assert words == refusal(lambda: checked.outcome.usable(warehouse))


def test_a_cached_outcome_leaves_out_bad_rows_their_children_and_repetitions(tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"][0]["customs_value"] = -1.0
    tables["declarations"].append(dict(tables["declarations"][1]))
    tables["audits"][0]["opened_on"] = TODAY.replace(year=1989)  # its findings go with it
    data = str(write_parquet(tmp_path / "data", tables))
    with open_warehouse(data) as warehouse:
        content = json.loads(json.dumps(check(warehouse, today=TODAY, limit=1.0).outcome.content()))
    with open_warehouse(data) as warehouse:
        usable = CheckOutcome.of(content).usable(warehouse)
        lines = (
            usable.table("declarations").to_pyarrow().select(["declaration_id", "item_number"]).to_pylist()
        )
        assert sorted(tuple(line.values()) for line in lines) == [("D1", 2), ("D2", 1), ("D3", 1)]
        assert usable.table("audits").to_pyarrow()["audit_id"].to_pylist() == ["A2"]
        assert usable.table("findings").to_pyarrow().num_rows == 0
        assert usable.sources["traders"] is warehouse.sources["traders"]  # nothing is filtered in vain


def count(table: ir.Table) -> list[str]:
    """The rows of a table, without what stands in for an empty day."""
    names = [name for name in table.columns if name != "known_on"]
    return sorted(map(repr, table.select(names).to_pyarrow().to_pylist()))


@pytest.mark.parametrize("damage", [b"", b"{}", b"null", b'{"sha256": "0", "content": {}}', b"\0", b"[["])
def test_a_damaged_outcome_is_worked_out_anew(dataset: Dataset, damage: bytes) -> None:
    opened(dataset)
    whole = cached(dataset).read_bytes()
    cached(dataset).write_bytes(damage)
    opened(dataset)
    assert cached(dataset).read_bytes() == whole


def test_an_outcome_of_other_data_under_its_name_is_worked_out_anew(dataset: Dataset, tmp_path: Path) -> None:
    opened(dataset)
    (tmp_path / "other").mkdir()
    other = of(write_parquet(tmp_path / "other" / "data", spoilt(good_tables())))
    refusal(lambda: opened(other))
    cached(dataset).write_bytes(cached(other).read_bytes())
    opened(dataset)


@dataclass(frozen=True, kw_only=True)
class Racing(Dataset):
    """Data that somebody replaces right after its version was read for the `after`th time."""

    reads: list[int]
    after: int
    change: Callable[[], object]

    def version(self) -> DataVersion:
        version = super().version()
        self.reads.append(1)
        if len(self.reads) == self.after:
            self.change()
        return version


@pytest.mark.parametrize("form", [write_parquet, write_csv])
def test_data_that_changes_meanwhile_gets_no_outcome_of_other_rows(tmp_path: Path, form: Write) -> None:
    data = form(tmp_path / "data", good_tables())
    honest = of(data)
    opened(honest)
    racing = Racing(**vars(honest), reads=[], after=1, change=lambda: form(data, spoilt(good_tables())))
    assert "declarations" in refusal(lambda: opened(racing))  # the cached outcome is not that of these rows
    assert "declarations" in refusal(lambda: opened(honest))
    form(data, good_tables())
    opened(honest)  # and the refusal was not cached for the rows before


def test_a_change_during_the_first_check_leaves_no_outcome(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    change = lambda: write_parquet(data, spoilt(good_tables()))  # noqa: E731
    racing = Racing(**vars(of(data)), reads=[], after=1, change=change)
    refusal(lambda: opened(racing))
    assert list((racing.home / CHECKS).glob("*.json")) == []


def killed(path: Path) -> None:
    with atomic_file(path) as fresh:
        fresh.write_text('{"sha256": "half a fi')
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_kill_while_it_is_written_leaves_nothing_that_hinders(dataset: Dataset) -> None:
    opened(dataset)
    path = cached(dataset)
    whole = path.read_bytes()
    path.unlink()
    process = multiprocessing.get_context("spawn").Process(target=killed, args=(path,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert not path.exists()
    opened(dataset)
    assert path.read_bytes() == whole
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def at_once(dataset: Dataset, barrier: Barrier) -> None:
    barrier.wait(60)
    opened(dataset)


def test_two_at_once_are_harmless(dataset: Dataset) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    both = [context.Process(target=at_once, args=(dataset, barrier)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(120)
    assert [each.exitcode for each in both] == [0, 0]
    assert read_cached(cached(dataset))["refusal"] is None


def condition(rule: Rule, kind: ColumnType, today: date) -> str:
    table = ibis.table({"value": kind.ibis}, name="rows")
    return str(ibis.to_sql(table.filter(rule.broken(table.value, today)), dialect="duckdb"))


def test_only_rules_of_the_latest_day_ask_for_today() -> None:
    rules = {
        (rule, column.kind) for table in TABLES.values() for column in table.columns for rule in column.rules
    }
    for rule, kind in rules:
        days = [date(2025, 1, 1) + timedelta(days=n) for n in (0, 100, 364, 365)]
        number = {PAST_DAY: 4, PLANNED_DAY: 2}.get(rule, 1)
        assert len({condition(rule, kind, day) for day in days}) == number, rule.name


def test_a_day_in_the_future_is_checked_again_on_a_later_day(tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"][0]["known_on"] = TODAY + timedelta(days=3)
    dataset = of(write_parquet(tmp_path / "data", tables))
    refusal(lambda: opened(dataset))
    refusal(lambda: opened(replace(dataset, today=TODAY + timedelta(days=2))))
    opened(replace(dataset, today=TODAY + timedelta(days=3)))
    refusal(lambda: opened(dataset))


def test_an_outcome_holds_for_later_days_unless_a_row_waits_for_its_day(dataset: Dataset) -> None:
    opened(dataset)
    content = read_cached(cached(dataset))
    del content["keys"]
    outcome = CheckOutcome.of(content)
    later = TODAY + timedelta(days=400)
    assert outcome.holds(TODAY)
    assert outcome.holds(later)
    assert not outcome.holds(TODAY - timedelta(days=1))
    waiting = {"traders": replace(outcome.tables["traders"], has_future_days=True)}
    assert not replace(outcome, tables={**outcome.tables, **waiting}).holds(later)


def test_a_file_that_cannot_be_read_is_looked_at_again(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    (data / "tariff.parquet").write_bytes(b"no Parquet")
    dataset = of(data)
    refusal(lambda: opened(dataset))
    assert not (dataset.home / CHECKS).exists()
