"""What is usual in a sector: who votes, from when, and how wide the circle is."""

from datetime import date

import pytest

from tests.features.building import TraderCutoff, built
from tests.features.tables import Cell, Row, Tables, good_tables, line, trader

DAY = date(2024, 5, 10)
FIRST = ("T1", DAY)


def taxed(trader_id: str, vat: float, accepted_on: date = date(2024, 2, 1), **other: Cell) -> Row:
    """A line of value 100 without duty, so that the tax rate is the VAT in per cent."""
    return line(accepted_on, trader_id=trader_id, duty_assessed=0.0, vat_assessed=vat, **other)


def eleven() -> Tables:
    """T1 to T11 pay 1 % to 11 %, and are of one sector and size."""
    return good_tables(
        traders=[trader(f"T{n}", sector="46") for n in range(1, 12)],
        declarations=[taxed(f"T{n}", float(n)) for n in range(1, 12)],
    )


def rate(tables: Tables, *, key: TraderCutoff = FIRST) -> object:
    return built(tables, "sector_rate", [key])[key]["sector_rate"]


def test_all_traders_of_the_sector_and_size_vote_though_one_is_asked() -> None:
    values = built(eleven(), "effective_rate_gap", [FIRST])[FIRST]
    assert values["sector_rate"] == pytest.approx(0.06)
    assert values["effective_rate_gap"] == pytest.approx(0.01 - 0.06)


def test_who_else_is_asked_and_when_changes_nothing() -> None:
    days = [date(2023, 12, 31), date(2024, 4, 1), DAY, date(2024, 6, 30), date(2024, 7, 1)]
    keys = [(f"T{n}", day) for n in range(1, 12) for day in days]
    together = built(eleven(), "sector_rate", keys)
    for day in days:
        assert together["T1", day]["sector_rate"] == rate(eleven(), key=("T1", day))


def test_the_quarter_begins_with_what_was_known_before_it() -> None:
    tables = eleven()
    tables["declarations"] = [taxed(f"T{n}", float(n), date(2024, 3, 31)) for n in range(1, 12)]
    days = [date(2024, 3, 31), date(2024, 4, 1), date(2025, 3, 31), date(2025, 4, 1)]
    rows = built(tables, "sector_rate", [("T1", day) for day in days])
    values = [rows["T1", day]["sector_rate"] for day in days]
    assert values == [None, pytest.approx(0.06), pytest.approx(0.06), None]


def test_a_line_known_on_the_first_day_of_the_quarter_has_no_vote() -> None:
    tables = eleven()
    late = [taxed(f"T{n}", 90.0, date(2024, 4, 1)) for n in range(1, 12)]
    tables["declarations"] += late
    assert rate(tables) == pytest.approx(0.06)


def test_amendments_have_no_vote() -> None:
    tables = eleven()
    changed = [{**row, "version": 1, "vat_assessed": 90.0} for row in tables["declarations"]]
    tables["declarations"] += changed
    assert rate(tables) == pytest.approx(0.06)


def test_with_fewer_than_ten_of_its_size_the_whole_sector_counts() -> None:
    tables = eleven()
    for row in tables["traders"][9:]:
        row["size_band"] = "large"
    tables["traders"].append(trader("T12", sector="46", size_band="large"))
    tables["declarations"].append(taxed("T12", 12.0))
    assert rate(tables) == pytest.approx(0.065)


def test_with_fewer_than_ten_in_the_sector_all_traders_count() -> None:
    tables = eleven()
    for row in tables["traders"][:2]:
        row["sector"] = "10"
    assert rate(tables) == pytest.approx(0.06)


def test_with_fewer_than_ten_traders_nothing_is_usual() -> None:
    tables = eleven()
    tables["declarations"] = tables["declarations"][:9]
    assert rate(tables) is None


def test_a_sector_known_only_when_the_quarter_began_is_not_used() -> None:
    tables = eleven()
    others = [trader(f"U{n}", sector="10", size_band="large") for n in range(10)]
    moved = {**others[0], "trader_id": "T1", "valid_from": date(2024, 1, 1)}
    tables["traders"] += [*others, {**moved, "known_on": date(2024, 4, 1)}]
    tables["declarations"] += [taxed(f"U{n}", 50.0) for n in range(10)]
    assert rate(tables) == pytest.approx(0.06)
    tables["traders"][-1]["known_on"] = date(2024, 3, 31)
    assert rate(tables) == pytest.approx(0.5)


def test_sectors_missing_from_the_data_leave_the_feature_empty() -> None:
    tables = eleven()
    for row in tables["traders"]:
        del row["sector"]
    assert rate(tables) is None


def test_sizes_missing_from_the_data_leave_the_sector() -> None:
    tables = eleven()
    for row in tables["traders"]:
        del row["size_band"]
    assert rate(tables) == pytest.approx(0.06)
