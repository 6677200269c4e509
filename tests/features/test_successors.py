"""A trader under another number keeps its history from the day after that is known, and no day before."""

from datetime import date
from pathlib import Path

import pytest

from features.availability import availability
from features.data.check import check
from features.data.contract.violation import Severity
from features.data.warehouse import open_warehouse
from features.proofs.tables import warehouse_of
from features.spine import Spine
from serving.live.history import known_audits
from tests.features.administration import administration, audit, day, finding, line, trader
from tests.features.building import values
from tests.features.tables import TODAY, Row, Tables, good_tables, write_parquet
from tests.features.tables import audit as good_audit
from tests.features.tables import finding as good_finding


def succession(
    former: str, current: str, valid_from: str, known_on: str | None = None, **other: object
) -> Row:
    row = {"from_id": former, "to_id": current, "link_type": "successor", "valid_to": None, **other}
    return row | {"valid_from": day(valid_from), "known_on": day(known_on or valid_from)}


def chain() -> Tables:
    """T1 went on as T2 on the first of April, known ten days later, and that as T3 in June."""
    return administration(
        traders=[trader("T1", sector="10"), trader("T2"), trader("T3")],
        declarations=[
            line("D1", "T1", "2024-03-01", customs_value=100.0),
            line("D2", "T2", "2024-05-01", customs_value=70.0),
        ],
        audits=[audit("A1", "T1", "2023-05-01", "2023-09-01")],
        findings=[finding("A1", 1, "2023-08-01", 500.0)],
        links=[succession("T1", "T2", "2024-04-01", "2024-04-11"), succession("T2", "T3", "2024-06-01")],
    )


DAYS = ("2024-04-11", "2024-04-12", "2024-06-01", "2024-06-02")


@pytest.mark.parametrize(
    ("trader_id", "by_day"),
    [
        ("T1", [100.0, 100.0, 100.0, 100.0]),
        ("T2", [0.0, 100.0, 170.0, 170.0]),
        ("T3", [0.0, 0.0, 0.0, 170.0]),
    ],
)
def test_lines_are_kept_from_the_day_after_the_link_is_known(trader_id: str, by_day: list[float]) -> None:
    assert values(chain(), trader_id, "customs_value_12m", *DAYS) == by_day


def test_audits_are_kept_too() -> None:
    assert values(chain(), "T2", "past_hit_share", *DAYS[:2]) == [None, 1.0]


def test_sector_and_size_are_those_of_the_number_itself() -> None:
    tables = chain() | {"traders": [trader("T1", sector="10", registered_on=date(1999, 1, 1)), trader("T2")]}
    of_t2 = values(tables, "T2", "trader_age", DAYS[1])
    assert of_t2 == values(tables | {"links": []}, "T2", "trader_age", DAYS[1])


@pytest.mark.parametrize(("cutoff", "active"), list(zip(DAYS, (["T1"], ["T2"], ["T2"], ["T3"]), strict=True)))
def test_the_current_number_alone_is_active_and_has_the_audits(cutoff: str, active: list[str]) -> None:
    with warehouse_of(chain()) as opened:
        spine = Spine.active(opened, day(cutoff)).rows
        assert spine["trader_id"].to_pylist() == active
        [row] = availability(opened, spine["trader_id"], day(cutoff)).to_pylist()
        assert (row["last_opened_on"], row["office_code"]) == (date(2023, 5, 1), "01")
        assert list(known_audits(opened, cutoff=day(cutoff))) == active


def test_a_succession_that_is_told_twice_doubles_nothing() -> None:
    tables = chain()
    tables["links"] = [*tables["links"], succession("T1", "T2", "2024-04-05")]
    assert values(tables, "T3", "customs_value_12m", DAYS[3]) == [170.0]
    with warehouse_of(tables) as opened:
        assert Spine.active(opened, day(DAYS[3])).rows["trader_id"].to_pylist() == ["T3"]
        [audits] = known_audits(opened, cutoff=day(DAYS[3])).values()
    assert len(audits) == 1


def test_a_succession_that_ended_counts_no_more() -> None:
    links = [succession("T1", "T2", "2024-04-01", valid_to=day("2024-04-30"))]
    tables = chain() | {"links": links}
    assert values(tables, "T2", "customs_value_12m", "2024-05-01", "2024-05-03") == [100.0, 70.0]


@pytest.mark.parametrize(
    ("links", "rule"),
    [
        ([("007", "0815", "2024-01-01"), ("0815", "007", "2024-02-01")], "successor_later"),
        ([("007", "007", "2024-01-01")], "successor_later"),
        ([("007", "0815", "2024-01-01"), ("0815", "T3", "2023-12-01")], "successor_later"),
        ([("007", "0815", "2024-01-01"), ("007", "T3", "2024-02-01")], "one_successor"),
        ([("007", "0815", "2024-01-01"), ("0815", "T3", "2024-02-01"), ("X", "T3", "2023-01-01")], None),
    ],
    ids=["a cycle", "itself", "out of order", "two successors", "a chain and a merger"],
)
def test_cycles_and_several_successors_are_refused(
    links: list[tuple[str, str, str]], rule: str | None, tmp_path: Path
) -> None:
    tables = good_tables(links=[succession(*link) for link in links])
    with open_warehouse(str(write_parquet(tmp_path, tables))) as opened:
        report = check(opened, today=TODAY).report
    refusals = {each.rule for each in report.violations if each.severity is Severity.STRUCTURE}
    assert refusals == ({rule} if rule else set())


def test_an_audit_may_find_what_is_wrong_in_lines_of_the_former_number(tmp_path: Path) -> None:
    tables = good_tables(
        links=[succession("0815", "007", "2024-06-01")],
        audits=[good_audit("A1", "007")],
        findings=[good_finding("A1", 1, amount=5.0, declaration_id="D2")],
    )
    for name, is_own in (("links", True), ("nothing", False)):
        given = {table: rows for table, rows in tables.items() if table != "links" or name == "links"}
        with open_warehouse(str(write_parquet(tmp_path / name, given))) as opened:
            report = check(opened, today=TODAY, limit=1.0).report
        assert report.is_without("findings", "line_of_trader") is is_own
