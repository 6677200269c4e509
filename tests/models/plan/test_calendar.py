"""Calendars: each trader treated once, within its days, in words and as iCalendar; what has begun stays."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from models.plan.calendar import PlanCalendar, calendar_to_text, first_monday, make_calendar
from models.plan.icalendar_file import write_icalendars
from models.plan.store import StoredPlan
from models.plan.text import treated_rows
from tests.models.plan.test_store import NAME, stored

PLANNED_ON = date(2025, 1, 1)
Days = tuple[date | None, date | None, date | None]
BEGUN = pa.schema({"trader_id": pa.string(), "opened_on": pa.date32(), "is_done": pa.bool_()})


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> StoredPlan:
    return stored(tmp_path_factory.mktemp("home"))


def calendar_of(
    plan: StoredPlan,
    *,
    known: Mapping[str, Days] | None = None,
    begun: list[tuple[str, date, bool]] | None = None,
    from_day: date = PLANNED_ON,
) -> PlanCalendar:
    """Make a calendar; `known` gives tax audit and revalidation of some traders."""
    traders = treated_rows(plan.table)["trader_id"].to_pylist()
    days = [(known or {}).get(trader, (None, None, None)) for trader in traders]
    names = ("tax_audit_from", "tax_audit_to", "aeo_revalidation_due")
    columns = {name: pa.array([each[k] for each in days], pa.date32()) for k, name in enumerate(names)}
    rows = [dict(zip(BEGUN.names, each, strict=True)) for each in begun or []]
    return make_calendar(
        plan,
        pa.table({"trader_id": pa.array(traders), **columns}),
        pa.Table.from_pylist(rows, schema=BEGUN),
        from_day=from_day,
    )


def row_of(calendar: PlanCalendar, trader: str) -> dict[str, object]:
    [row] = calendar.table.filter(pc.equal(calendar.table["trader_id"], trader)).to_pylist()
    return dict(row)


def first_visit(plan: StoredPlan) -> str:
    treated = treated_rows(plan.table)
    return str(treated.filter(pc.equal(treated["treatment"], "field"))["trader_id"][0].as_py())


def test_each_trader_treated_begins_once_on_a_monday_in_the_period(plan: StoredPlan) -> None:
    calendar = calendar_of(plan)
    treated = treated_rows(plan.table)
    assert sorted(calendar.table["trader_id"].to_pylist()) == sorted(treated["trader_id"].to_pylist())
    begins = calendar.table["begins_on"].to_pylist()
    assert {day.weekday() for day in begins} == {0}
    assert min(begins) == first_monday(PLANNED_ON) == date(2025, 1, 6)
    for row in calendar.table.to_pylist():
        assert (row["team"] is None) == (row["treatment"] in ("letter", "desk"))
        assert row["ends_on"].weekday() == 4
    assert calendar_of(plan).table.equals(calendar.table)


def test_letters_and_desk_audits_take_no_more_hours_than_the_desk_has(plan: StoredPlan) -> None:
    table = calendar_of(plan).table
    desk = table.filter(pc.is_in(table["treatment"], pa.array(["letter", "desk"])))
    for office in set(desk["office"].to_pylist()):
        own = desk.filter(pc.equal(desk["office"], office))
        a_week = plan.capacity.offices[office].desk / plan.capacity.weeks
        spent = 0.0
        for row in own.sort_by("ends_on").to_pylist():
            spent += row["hours"]
            weeks = ((row["ends_on"] - date(2025, 1, 6)).days + 3) / 7
            assert spent <= a_week * weeks + 1e-6


def test_no_visit_while_the_tax_administration_is_there(plan: StoredPlan) -> None:
    trader = first_visit(plan)
    free = row_of(calendar_of(plan), trader)
    assert free["begins_on"] == date(2025, 1, 6)
    there = (date(2025, 1, 15), date(2025, 3, 5), None)
    row = row_of(calendar_of(plan, known={trader: there}), trader)
    assert row["begins_on"] > there[1]  # type: ignore[operator]


def test_a_joint_audit_begins_within_the_days_of_the_tax_administration(plan: StoredPlan) -> None:
    treated = treated_rows(plan.table)
    joint = treated.filter(pc.equal(treated["treatment"], "joint"))["trader_id"].to_pylist()
    known: dict[str, Days] = {trader: (date(2025, 6, 2), date(2025, 11, 28), None) for trader in joint}
    calendar = calendar_of(plan, known=known)
    assert joint
    for trader in joint:
        row = row_of(calendar, trader)
        assert date(2025, 6, 2) <= row["begins_on"] <= row["ends_on"] <= date(2025, 11, 28)  # type: ignore[operator]


def test_what_serves_a_revalidation_is_done_before_it_is_due(plan: StoredPlan) -> None:
    table = calendar_of(plan).table
    last = table.filter(pc.equal(table["treatment"], "field")).sort_by("begins_on")["trader_id"][-1].as_py()
    known: dict[str, Days] = {last: (None, None, date(2025, 4, 1))}
    assert row_of(calendar_of(plan), last)["ends_on"] > date(2025, 4, 1)  # type: ignore[operator]
    assert row_of(calendar_of(plan, known=known), last)["ends_on"] <= date(2025, 4, 1)  # type: ignore[operator]


def test_what_has_begun_keeps_its_day_and_its_team_busy(plan: StoredPlan) -> None:
    first = calendar_of(plan)
    visits = (
        first.table.filter(pc.is_valid(first.table["team"])).sort_by("begins_on")["trader_id"].to_pylist()
    )
    done, under_way = visits[:2]
    begun = [(done, date(2025, 1, 7), True), (under_way, date(2025, 2, 3), False)]
    again = calendar_of(plan, begun=begun, from_day=date(2025, 2, 20))
    kept = [row_of(again, trader) for trader in (done, under_way)]
    assert [row["begins_on"] for row in kept] == [date(2025, 1, 7), date(2025, 2, 3)]
    assert [row["state"] for row in kept] == ["done", "begun"]
    ahead = again.table.filter(pc.equal(again.table["state"], "ahead"))
    assert min(ahead["begins_on"].to_pylist()) == date(2025, 2, 24)
    assert ahead.num_rows == first.table.num_rows - 2
    office = kept[1]["office"]
    begins = date(2025, 2, 24)
    at_once = ahead.filter(
        pc.and_(
            pc.equal(ahead["office"], office),
            pc.and_(pc.is_valid(ahead["team"]), pc.equal(ahead["begins_on"], pa.scalar(begins))),
        )
    )
    assert at_once.num_rows == plan.capacity.teams(str(office)) - 1


def test_it_is_told_in_words_and_written_for_calendars(plan: StoredPlan, tmp_path: Path) -> None:
    calendar = calendar_of(plan)
    text = "\n".join(calendar_to_text(calendar, top=5))
    assert f"Calendar of plan {NAME}, made as of 2025-01-01" in text
    assert "of the best order" in text
    write_icalendars(calendar, tmp_path / "ics", made_at=datetime(2025, 1, 1, tzinfo=UTC))
    files = sorted(path.name for path in (tmp_path / "ics").iterdir())
    assert files == ["XA1.ics", "XA2.ics"]
    events = [
        event
        for name in files
        for event in icalendar.Calendar.from_ical((tmp_path / "ics" / name).read_bytes()).walk("VEVENT")
    ]
    assert len(events) == calendar.table.num_rows
    of_day = {str(event["summary"]): event.decoded("dtstart") for event in events}
    row = row_of(calendar, trader := first_visit(plan))
    assert of_day[f"Field audit of {trader}, team {row['team']}"] == row["begins_on"]
