"""The gap of a dataset: from plans on record or from audits by lot alone, as known on a day."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.data.dataset import Dataset
from features.errors import SettingError
from models.gap.report import GapReport, gap_of
from models.gap.text import gap_content, gap_table, gap_to_text, verdict
from tests.features.tables import Row, Tables, audit, finding, line, trader, write_parquet

PLAN, PLANNED_ON, CUTOFF = "2025-01-01_2025-12-31-1", date(2025, 1, 1), date(2026, 6, 1)
ASSIGNED = {  # role, treatment, chance of a field audit, expected, what its audit booked
    "C1": ("certain", "field", 1.0, 60.0, 100.0),
    "L1": ("lottery", "field", 0.5, 10.0, 12.0),
    "L2": ("lottery", "field", 0.25, 20.0, 0.0),
    "K1": ("control", "none", 0.1, 30.0, None),
    "H1": ("held_out", "none", 0.1, 5.0, None),
    "D1": ("lottery", "letter", 0.1, 6.0, None),
    "U1": ("top_up", "field", None, 40.0, 1_000.0),
    "X1": (None, "none", None, 50.0, None),
    "S1": ("certain", "desk", None, 70.0, None),
}
BY_HAND = 100 + (10 + 20 + 30 + 5 + 6 + 40) + (12 - 10) / 0.5 + (0 - 20) / 0.25


def assignment(trader_id: str, **other: Any) -> Row:
    role, treatment, chance, expected, _ = ASSIGNED[trader_id]
    return {
        "plan_id": PLAN,
        "trader_id": trader_id,
        "treatment": treatment,
        "role": role,
        "probability_letter": None,
        "probability_desk": None,
        "probability_field": chance,
        "probability_joint": None,
        "expected_yield": expected,
        "declined_because": None,
        "known_on": PLANNED_ON,
        **other,
    }


def visit(trader_id: str, **other: Any) -> Row:
    role, _, chance, _, _ = ASSIGNED[trader_id]
    return audit(
        f"A-{trader_id}",
        trader_id,
        selection_channel="random" if role == "lottery" else "model",
        inclusion_probability=chance,
        selection_run_id=PLAN,
        opened_on=date(2025, 2, 1),
        closed_on=date(2025, 8, 1),
        known_on=PLANNED_ON,
        **other,
    )


def tables(**others: list[Row]) -> Tables:
    visited = [name for name, each in ASSIGNED.items() if each[4] is not None]
    return {
        "traders": [trader(name, size_band="large" if name[0] in "CL" else "small") for name in ASSIGNED],
        "declarations": [line(customs_value=9_000.0, trader_id=name) for name in ASSIGNED],
        "audits": [visit(name) for name in visited],
        "findings": [
            finding(f"A-{name}", 1, amount=ASSIGNED[name][4], event_on=date(2025, 8, 1))
            for name in visited
            if ASSIGNED[name][4]
        ],
        "assignments": [assignment(name) for name in ASSIGNED],
    } | others


def gap(folder: Path, given: Tables, *, cutoff: date = CUTOFF, **options: Any) -> GapReport:
    write_parquet(folder / "data", given)
    dataset = Dataset(
        data=str(folder / "data"), cutoff=cutoff, today=CUTOFF, home=folder / "home", stale=True
    )
    return gap_of(dataset, **options)


def test_a_plan_on_record_measures_everybody_it_could_have_drawn(tmp_path: Path) -> None:
    [year] = gap(tmp_path, tables(), by="size_band").years
    assert (year.year, year.lotteries, year.is_recorded) == (2025, (PLAN,), True)
    assert year.gap.amount == pytest.approx(BY_HAND)
    assert (year.drawn, year.answered, year.refused, year.is_provisional) == (2, 2, 0, False)
    assert year.traders == 7
    assert year.beyond == pytest.approx(2 / 9)
    assert year.predicted_beyond == 120.0
    assert year.pursued == pytest.approx((60 + 10 + 20 + 6 + 40 + 70) / 291)
    assert {each.group: each.traders for each in year.segments} == {"large": 3, "small": 4}
    assert sum(each.gap.amount for each in year.segments) == pytest.approx(BY_HAND)


def test_what_fills_hours_is_no_answer_and_neither_is_who_was_chosen(tmp_path: Path) -> None:
    more = [finding("A-U1", 1, amount=9_000.0, event_on=date(2025, 8, 1))]
    given = tables()
    given["findings"] = [row for row in given["findings"] if row["audit_id"] != "A-U1"] + more
    [year] = gap(tmp_path, given).years
    assert year.gap.amount == pytest.approx(BY_HAND)


def test_only_what_was_known_by_the_day_counts(tmp_path: Path) -> None:
    assert gap(tmp_path, tables(), cutoff=PLANNED_ON).years == ()
    [year] = gap(tmp_path, tables(), cutoff=date(2025, 5, 1)).years
    assert (year.answered, year.is_provisional) == (0, True)
    assert year.gap.amount == pytest.approx(60 + 111)


def test_who_was_declined_or_abandoned_is_made_up_for_by_the_others(tmp_path: Path) -> None:
    later = assignment("L2", declined_because="no staff", known_on=date(2025, 3, 1))
    given = tables(assignments=[*tables()["assignments"], later])
    [year] = gap(tmp_path, given).years
    assert (year.answered, year.refused, year.is_provisional) == (1, 1, False)
    stands_for = (2 + 4) / 2
    assert year.gap.amount == pytest.approx(100 + 111 + stands_for * (12 - 10) / 0.5)
    abandoned = [row for row in tables()["audits"] if row["trader_id"] != "L2"]
    given = tables(audits=[*abandoned, visit("L2") | {"status": "abandoned", "closed_on": None}])
    assert gap(tmp_path, given).years[0].gap.amount == year.gap.amount


def test_an_office_makes_up_for_its_own(tmp_path: Path) -> None:
    """Six of the office 01 booked 12 each, one is not begun; the six of 02, in the same region, booked 0."""
    names = [f"{office}-{k}" for office in ("01", "02") for k in range(6)] + ["01-6"]
    given: Tables = {
        "traders": [trader(name) for name in names],
        "declarations": [line(customs_value=9_000.0, trader_id=name, office_code=name[:2]) for name in names],
        "assignments": [assignment("L1") | {"trader_id": name, "expected_yield": 0.0} for name in names],
        "audits": [visit("L1") | {"audit_id": f"A-{name}", "trader_id": name} for name in names[:-1]],
        "findings": [finding(f"A-{name}", 1, amount=12.0, event_on=date(2025, 8, 1)) for name in names[:6]],
    }
    [year] = gap(tmp_path, given).years
    assert year.gap.amount == pytest.approx(7 * 12 / 0.5)


def test_audits_by_lot_without_a_plan_speak_by_themselves(tmp_path: Path) -> None:
    given = tables(assignments=[])
    [year] = gap(tmp_path, given).years
    assert (year.is_recorded, year.traders, year.pursued) == (False, 6, None)
    assert year.gap.amount == pytest.approx(12 / 0.5)


def test_without_any_lot_it_says_what_nobody_can_know_and_what_would_tell(tmp_path: Path) -> None:
    chosen = [
        row | {"selection_channel": "rule", "inclusion_probability": None} for row in tables()["audits"]
    ]
    report = gap(tmp_path, tables(assignments=[], audits=chosen))
    assert report.years == ()
    words = " ".join(gap_to_text(report))
    assert "nobody can say what visits to all traders would book" in words
    assert "Too few visits are closed" in words


def test_few_answers_give_no_number(tmp_path: Path) -> None:
    report = gap(tmp_path, tables())
    assert "too few to say" in " ".join(gap_to_text(report))
    assert gap_content(report)["years"][0]["gap"]["amount"] is None
    assert gap_table(report)["amount"].to_pylist() == [None]
    assert verdict(report.years[0].gap) == "cannot tell"


def test_a_segment_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="There are no segments by 'size'"):
        gap(tmp_path, tables(), by="size")
