"""Calendar of a plan: the week in which each treatment begins, and the team that makes a visit.

Visits are scheduled office by office (`models.plan.schedule`). Letters and desk audits follow one another by
net effect an hour, as fast as the hours of the desk allow. What has begun keeps its week and its team's time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.plan.capacity import Capacity
from models.plan.schedule import NEVER, Schedule, Visits, schedule, teams_by_lot
from models.plan.store import StoredPlan
from models.plan.text import treated_rows
from models.plan.treatments import VISITED

WEEK = timedelta(days=7)
FRIDAY = timedelta(days=4)
LEAST_WEIGHT = 1e-3
"""The weight of a visit that is worth nothing or less, in mean weights: it is made all the same."""
COLUMNS = ("office", "begins_on", "ends_on", "trader_id", "treatment", "team", "role", "hours", "net_effect")


@dataclass(frozen=True)
class PlanCalendar:
    """When each trader of a plan is treated.

    - `plan`: its name; `from_day`: the day as of which it was made.
    - `table`: a row a treatment with `COLUMNS` and `state`, `begun`, `done` or `ahead`, by office and day;
      `begins_on` is a Monday and `ends_on` a Friday, or the day of opening of what has begun. `team` is empty
      for work at the desk and for what is done.
    - `schedules`: of the visits ahead, by office.
    """

    plan: str
    from_day: date
    capacity: Capacity
    table: pa.Table
    schedules: Mapping[str, Schedule]

    @cached_property
    def late(self) -> pa.Table:
        """The rows that end after the period."""
        return self.table.filter(pc.greater(self.table["ends_on"], pa.scalar(self.capacity.last_day)))


def first_monday(day: date) -> date:
    """Return the first Monday on a day or after it."""
    return day + timedelta(days=-day.weekday() % 7)


def make_calendar(
    stored: StoredPlan, available: pa.Table, begun: pa.Table, *, from_day: date
) -> PlanCalendar:
    """Make the calendar of a plan from what is known before `from_day`.

    `available` describes the traders treated as `features.availability` does, `begun` the audits of the plan
    that have begun. No visit is under way in a week in which the tax administration means to be at the
    trader, except a joint one, which begins and should end within these weeks; a visit that serves a
    revalidation should be done before that is due.
    """
    capacity = stored.capacity
    monday = first_monday(max(from_day, capacity.first_day))
    treated = _described(treated_rows(stored.table), available, begun)
    rows: list[pa.Table] = []
    schedules: dict[str, Schedule] = {}
    seed = int(stored.record["drawn_by"]["seed"])
    for number, office in enumerate(sorted(set(treated["office"].to_pylist()))):
        own = treated.filter(pc.equal(treated["office"], office))
        ahead = own.filter(pc.equal(own["state"], "ahead"))
        visited = pc.is_in(ahead["treatment"], pa.array(VISITED))
        visits = ahead.filter(visited)
        busy = own.filter(pc.equal(own["state"], "begun"))
        rng = np.random.default_rng([seed, number])
        schedules[office], dated = _visits(visits, busy, capacity, office, monday, rng)
        rows += [
            _as_begun(own, capacity),
            dated,
            _desk(ahead.filter(pc.invert(visited)), capacity, office, monday),
        ]
    order = [("office", "ascending"), ("begins_on", "ascending"), ("trader_id", "ascending")]
    return PlanCalendar(stored.name, from_day, capacity, pa.concat_tables(rows).sort_by(order), schedules)


def calendar_to_text(calendar: PlanCalendar, *, top: int) -> Iterator[str]:
    """Yield a calendar as lines for a terminal: each office, then the first weeks."""
    table, capacity = calendar.table, calendar.capacity
    yield f"Calendar of plan {calendar.plan}, made as of {calendar.from_day}: {table.num_rows:,} treatments."
    for office, scheduled in calendar.schedules.items():
        visits, gap = len(scheduled.begin), scheduled.gap
        order = "by list, the best order not known" if gap is None else f"within {gap:.1%} of the best order"
        teams = f"{visits:,} visits ahead for {capacity.teams(office):,} teams, {order}"
        last = pc.max(table["ends_on"].filter(pc.equal(table["office"], office))).as_py()
        yield f"  {office}: {teams if visits else 'no visits ahead'}; all is done by {last}"
    if calendar.late.num_rows:
        yield (
            f"{calendar.late.num_rows:,} end after {capacity.last_day}, the period's last day: there are too "
            "few weeks left for the hours planned, or visits wait for other audits."
        )
    yield ""
    yield f"{'begins on':11} {'ends on':11} {'office':10} {'team':>4} {'trader':16} {'treatment':9} hours"
    ahead = table.filter(pc.not_equal(table["state"], "done")).sort_by("begins_on")
    for row in ahead.slice(0, top).to_pylist():
        team = "-" if row["team"] is None else row["team"]
        yield (
            f"{row['begins_on']!s:11} {row['ends_on']!s:11} {row['office']:10} {team:>4} "
            f"{row['trader_id']:16} {row['treatment']:9} {row['hours']:>5,.0f}"
        )


def _described(treated: pa.Table, available: pa.Table, begun: pa.Table) -> pa.Table:
    """Return the traders treated with what is known: other audits, revalidation, and what has begun."""
    row_indices = pc.index_in(treated["trader_id"], available["trader_id"])
    for name in ("tax_audit_from", "tax_audit_to", "aeo_revalidation_due"):
        treated = treated.append_column(name, available[name].take(row_indices))
    opened = pc.index_in(treated["trader_id"], begun["trader_id"])
    done = begun["is_done"].take(opened)
    state = pc.if_else(pc.is_null(done), "ahead", pc.if_else(done, "done", "begun"))
    treated = treated.append_column("opened_on", begun["opened_on"].take(opened))
    return treated.append_column("state", state)


def _visits(
    visits: pa.Table,
    busy: pa.Table,
    capacity: Capacity,
    office: str,
    monday: date,
    rng: np.random.Generator,
) -> tuple[Schedule, pa.Table]:
    """Return the schedule of an office's visits ahead, and their rows with days and teams."""
    weeks = _weeks(visits, capacity)
    worth = visits["net_effect"].to_numpy()
    mean = max(float(np.mean(np.maximum(worth, 0.0))) if len(worth) else 0.0, 1e-9)
    joint = np.array([each == "joint" for each in visits["treatment"].to_pylist()], bool)
    comes = _week_of(visits["tax_audit_from"], monday, missing=NEVER)
    leaves = _week_of(visits["tax_audit_to"], monday, missing=NEVER - 1) + 1
    due = _week_of(visits["aeo_revalidation_due"], monday, missing=NEVER)
    within = joint & (comes != NEVER)
    away = ~joint & (comes != NEVER) & (leaves != NEVER)
    given = Visits(
        weeks,
        np.maximum(worth / mean, LEAST_WEIGHT),
        np.where(within, comes, 0),
        np.where(within, leaves, np.where(due <= capacity.weeks, due, NEVER)),
        np.where(away, comes, NEVER),
        np.where(away, leaves, NEVER),
        capacity.teams(office),
        _busy(busy, capacity, monday),
    )
    made = schedule(given)
    teams = teams_by_lot(given, made.begin, rng)
    return made, _dated(visits, made.begin, weeks, monday, pa.array(teams, pa.int64()))


def _desk(work: pa.Table, capacity: Capacity, office: str, monday: date) -> pa.Table:
    """Return letters and desk audits with their days: by net effect an hour, within the desk's hours."""
    hours = work["hours"].to_numpy()
    order = np.argsort(-work["net_effect"].to_numpy() / hours, kind="stable")
    work, hours = work.take(pa.array(order)), hours[order]
    a_week = capacity.offices[office].desk / capacity.weeks
    begin = ((np.cumsum(hours) - hours) // a_week).astype(np.intp)
    last = (np.cumsum(hours) // a_week).astype(np.intp)
    return _dated(work, begin, last - begin + 1, monday, pa.nulls(len(work), pa.int64()))


def _dated(rows: pa.Table, begin: np.ndarray, weeks: np.ndarray, monday: date, team: pa.Array) -> pa.Table:
    """Return rows that begin in these weeks and last so long, counted from a Monday."""
    begins = [monday + int(week) * WEEK for week in begin]
    ends = [day + int(length - 1) * WEEK + FRIDAY for day, length in zip(begins, weeks, strict=True)]
    return _calendar_rows(rows, begins, ends, team)


def _as_begun(own: pa.Table, capacity: Capacity) -> pa.Table:
    """Return the rows of what has begun or is done, on the days on which it began."""
    rows = own.filter(pc.is_valid(own["opened_on"]))
    begins: list[date] = rows["opened_on"].to_pylist()
    weeks = _weeks(rows, capacity)
    ends = [day + int(length) * WEEK for day, length in zip(begins, weeks, strict=True)]
    return _calendar_rows(rows, begins, ends, pa.nulls(len(rows), pa.int64()))


def _calendar_rows(rows: pa.Table, begins: list[date], ends: list[date], team: pa.Array) -> pa.Table:
    own = {"begins_on": pa.array(begins, pa.date32()), "ends_on": pa.array(ends, pa.date32()), "team": team}
    columns = {name: own[name] if name in own else rows[name] for name in COLUMNS}
    return pa.table({**columns, "state": rows["state"]})


def _busy(busy: pa.Table, capacity: Capacity, monday: date) -> np.ndarray:
    """Return how many teams the visits that have begun keep in each week; one that is late keeps one more."""
    visits = busy.filter(pc.is_in(busy["treatment"], pa.array(VISITED)))
    passed = -_week_of(visits["opened_on"], monday, missing=0)
    left = np.maximum(_weeks(visits, capacity) - passed, 1)
    return np.array([(left > week).sum() for week in range(left.max(initial=0))], np.intp)


def _weeks(rows: pa.Table, capacity: Capacity) -> np.ndarray:
    """Return the weeks that each visit keeps a team (n,), rounded to the nearest, 1 or more."""
    weeks = np.rint(rows["hours"].to_numpy() / capacity.weekly_hours)
    return np.asarray(np.maximum(weeks, 1), np.intp)


def _week_of(days: pa.ChunkedArray, monday: date, *, missing: int) -> np.ndarray:
    """Return the week of each day (n,) counted from a Monday, `missing` where there is none."""
    return np.array(
        [missing if day is None else (day - monday).days // 7 for day in days.to_pylist()], np.int64
    )
