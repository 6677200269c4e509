"""The picture of the gap: every year is in it, and the same report gives the same bytes."""

from datetime import date
from pathlib import Path

import pytest

from features.errors import SettingError
from models.gap.interval import GapEstimate
from models.gap.report import GapReport, GapYear
from training.gap import write_plot


def year(number: int, gap: GapEstimate, *, is_provisional: bool = False) -> GapYear:
    return GapYear(
        year=number,
        lotteries=("P",),
        is_recorded=True,
        drawn=50,
        answered=50,
        refused=0,
        is_provisional=is_provisional,
        traders=900,
        beyond=0.0,
        predicted_beyond=0.0,
        gap=gap,
        change=None,
        unpaid=None,
        chosen=0,
        naive=None,
        pursued=None,
        segments=(),
    )


def report(*years: GapYear) -> GapReport:
    return GapReport(date(2025, 1, 1), years, None, None, 0, 0, {}, {2021: 400.0})


def test_every_year_is_drawn_the_same_each_time(tmp_path: Path) -> None:
    given = report(
        year(2022, GapEstimate(500.0, 300.0, 900.0, 50, 9)),
        year(2023, GapEstimate(500.0, None, None, 50, 3)),
        year(2024, GapEstimate(450.0, -10.0, 900.0, 50, 6), is_provisional=True),
    )
    for name in ("one.svg", "two.svg"):
        write_plot(given, tmp_path / name)
    drawn = (tmp_path / "one.svg").read_text()
    assert drawn == (tmp_path / "two.svg").read_text()
    for number in ("2021", "2022", "2023", "2024", "too few"):
        assert f"<!-- {number} -->" in drawn


def test_where_nothing_is_known_the_picture_is_empty(tmp_path: Path) -> None:
    write_plot(GapReport(date(2025, 1, 1), (), None, None, 0, 0, {}, {}), tmp_path / "gap.svg")
    assert "The compliance gap" in (tmp_path / "gap.svg").read_text()


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="is no SVG file"):
        write_plot(report(), tmp_path / "gap.png")
