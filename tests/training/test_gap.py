"""The gap by today's model, each trader by one that never saw it; and the picture, the same each time."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.data.dataset import Dataset
from features.errors import SettingError
from features.library import LIBRARY
from models.gap.interval import GapEstimate
from models.gap.lotteries import lotteries_of
from models.gap.report import GapReport, GapSegment, GapYear, gap_of
from models.gap.text import year_sentences
from tests.features.tables import Row, write_parquet
from tests.training.tiny import weekly
from training.backtest.experiment import Experiment
from training.gap import todays_model, write_plot

TODAY, PLANNED_ON = date(2025, 1, 1), date(2024, 1, 8)
SMALL = Experiment(
    without=tuple(each.name for each in LIBRARY.features if each.name != "customs_value_12m"),
    parameters={"growth": {"rounds": 5, "bags": 1}},
)


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
        by_today=None,
        leads_today=False,
        is_without_teams=False,
        change=None,
        unpaid=None,
        chosen=0,
        naive=None,
        pursued=None,
        segments=(
            GapSegment("large", 50, GapEstimate(400.0, 200.0, 800.0, 50, 7)),
            GapSegment("micro", 850, GapEstimate(50.0, None, None, 50, 2)),
        ),
    )


def report(*years: GapYear) -> GapReport:
    return GapReport(
        date(2025, 1, 1), years, "size_band", None, 0, 0, {100: 0.6, 400: 0.3}, None, {2021: 400.0}
    )


def planned(expected: float | None) -> dict[str, list[Row]]:
    """Weekly audits, of which the last year's by lot are those of a plan that expected so much of each."""
    tables = dict(weekly(140))
    for row in tables["audits"]:
        if row["selection_channel"] == "random" and str(row["opened_on"]) > str(PLANNED_ON):
            row |= {"selection_run_id": "P", "treatment": "field"}
    drawn = {row["trader_id"] for row in tables["audits"] if row.get("selection_run_id") == "P"}
    tables["assignments"] = [
        {
            "plan_id": "P",
            "trader_id": each["trader_id"],
            "treatment": "field" if each["trader_id"] in drawn else "none",
            "role": "lottery" if each["trader_id"] in drawn else "control",
            "probability_field": 0.5,
            "expected_yield": expected,
            "known_on": PLANNED_ON,
        }
        for each in tables["traders"]
    ]
    return tables


def dataset_of(folder: Path, tables: dict[str, list[Row]]) -> Dataset:
    write_parquet(folder / "data", tables)
    return Dataset(data=str(folder / "data"), cutoff=TODAY, today=TODAY, home=folder / "home", stale=True)


def test_todays_model_stands_beside_what_the_plan_expected_and_in_its_place_where_that_is_lost(
    tmp_path: Path,
) -> None:
    for expected, leads in ((40.0, False), (None, True)):
        dataset = dataset_of(tmp_path / str(expected), planned(expected))
        alone = gap_of(dataset).years[-1]
        assert (alone.by_today, alone.leads_today) == (None, False)
        year = gap_of(dataset, today=lambda lottery: np.arange(len(lottery), dtype=np.float64)).years[-1]
        assert year.by_today is not None
        assert year.leads_today == leads
        assert (year.gap == year.by_today) == leads
        assert (year.gap == alone.gap) != leads
        words = " ".join(year_sentences(year))
        assert ("In its place stands what today's model expects" in words) == leads


def test_of_a_trader_it_expects_the_same_whatever_its_own_answers_are(tmp_path: Path) -> None:
    tables = planned(None)
    own = {row["audit_id"] for row in tables["audits"] if row["trader_id"] == "T3"}
    other = {**tables, "findings": [row for row in tables["findings"] if row["audit_id"] not in own]}
    made = []
    for name, each in (("as it is", tables), ("without", other)):
        dataset = dataset_of(tmp_path / name, each)
        expected = todays_model(dataset, SMALL)
        with dataset.open() as warehouse:
            [lottery] = [each for each in lotteries_of(warehouse, TODAY)[0] if each.is_recorded]
        made.append(expected(lottery))
    same = dict(zip(lottery.trader_ids, made[0] == made[1], strict=True))
    assert same.pop("T3")
    assert not all(same.values())


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
    for number in ("2021", "2022", "2023", "2024", "too few", "large", "What more visits by lot would buy"):
        assert f"<!-- {number} -->" in drawn
    assert "<!-- micro -->" not in drawn


def test_where_nothing_is_known_the_picture_is_empty(tmp_path: Path) -> None:
    write_plot(GapReport(date(2025, 1, 1), (), None, None, 0, 0, {}, None, {}), tmp_path / "gap.svg")
    assert "The compliance gap" in (tmp_path / "gap.svg").read_text()


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="is no SVG file"):
        write_plot(report(), tmp_path / "gap.png")
