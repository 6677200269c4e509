"""Who is asked as of when."""

from datetime import date

import pytest

from features.errors import SettingError
from features.proofs.tables import warehouse_of
from features.spine import Spine, months_before, quarter_of
from tests.features.administration import administration, audit, day, line, trader
from tests.features.tables import Row


def rows(spine: Spine) -> list[tuple[str, date]]:
    return list(zip(spine.rows["trader_id"].to_pylist(), spine.rows["cutoff"].to_pylist(), strict=True))


def active(lines: list[Row], cutoff: str) -> list[str]:
    with warehouse_of(administration(declarations=lines)) as opened:
        return [trader for trader, _ in rows(Spine.active(opened, day(cutoff)))]


def test_a_pair_is_asked_once_in_the_order_given() -> None:
    spine = Spine.of(["B", "A", "B"], [day("2024-02-01"), day("2024-01-01"), day("2024-02-01")])
    assert rows(spine) == [("B", day("2024-02-01")), ("A", day("2024-01-01"))]
    assert spine.cutoffs == (day("2024-01-01"), day("2024-02-01"))
    assert len(spine) == 2


def test_traders_and_cutoffs_of_different_number_are_refused() -> None:
    with pytest.raises(SettingError, match="2 traders and 1 cutoffs"):
        Spine.of(["A", "B"], [day("2024-01-01")])


def test_an_identifier_is_never_read_as_a_number() -> None:
    assert rows(Spine.every(["007", "7"], [day("2024-01-01")]))[0][0] == "007"


@pytest.mark.parametrize(
    ("accepted", "known", "is_active"),
    [
        ("2024-06-30", None, True),
        ("2024-07-01", None, False),
        ("2024-06-30", "2024-07-01", False),
        ("2022-07-01", None, True),
        ("2022-06-30", None, False),
    ],
)
def test_active_is_who_is_known_to_have_declared_in_24_months(
    accepted: str, known: str | None, is_active: bool
) -> None:
    assert active([line("D1", "T1", accepted, known_on=known)], "2024-07-01") == (["T1"] if is_active else [])


@pytest.mark.parametrize(("cancelled", "is_active"), [("2024-06-30", False), ("2024-07-01", True)])
def test_who_declared_only_what_was_cancelled_is_not_active(cancelled: str, is_active: bool) -> None:
    lines = [line("D1", "T1", "2024-06-01", cancelled_on=cancelled)]
    assert active(lines, "2024-07-01") == (["T1"] if is_active else [])


def test_audited_traders_are_asked_as_of_the_day_of_opening() -> None:
    audits = [
        audit("A1", "T1", "2023-05-01", "2023-09-01"),
        audit("A2", "T1", "2023-05-01", None),
        audit("A3", "T2", "2023-06-01", None, known_on="2024-01-01"),
        audit("A4", "T2", "2024-01-01", None),
    ]
    tables = administration(traders=[trader("T1"), trader("T2")], audits=audits)
    with warehouse_of(tables) as opened:
        assert rows(Spine.audited(opened, cutoff=day("2024-01-01"))) == [("T1", day("2023-05-01"))]


@pytest.mark.parametrize(
    ("end", "months", "start"),
    [
        ("2024-05-31", 3, "2024-02-29"),
        ("2023-05-31", 3, "2023-02-28"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2024-01-15", 24, "2022-01-15"),
    ],
)
def test_windows_begin_on_the_day_so_many_months_before(end: str, months: int, start: str) -> None:
    assert months_before(day(end), months) == day(start)
    column = Spine.of(["A"], [day(end)]).dated([months])[f"from_{months}m"]
    assert column.to_pylist() == [day(start)]


def test_quarters_begin_in_january_april_july_and_october() -> None:
    days = [date(2024, month, 15) for month in range(1, 13)]
    assert [quarter_of(each).month for each in days] == [1, 1, 1, 4, 4, 4, 7, 7, 7, 10, 10, 10]
