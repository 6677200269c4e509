"""Calendars as iCalendar (RFC 5545): a file an office, for the calendars that people use."""

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc
from icalendar import Calendar, Event

from features.storage.atomic import atomic_file
from models.plan.calendar import PlanCalendar

DAY = timedelta(days=1)
WORDS = {"letter": "Letter to", "desk": "Desk audit of", "field": "Field audit of", "joint": "Joint audit of"}


def write_icalendars(calendar: PlanCalendar, folder: Path, *, made_at: datetime) -> None:
    """Write the calendar of each office into a folder as `OFFICE.ics`."""
    folder.mkdir(parents=True, exist_ok=True)
    for office in calendar.schedules:
        with atomic_file(folder / f"{office}.ics") as fresh:
            fresh.write_bytes(icalendar_of(calendar, office, made_at=made_at))


def icalendar_of(calendar: PlanCalendar, office: str, *, made_at: datetime) -> bytes:
    """Return the treatments of an office as events of whole days; what is done is left out.

    A later file of the same plan moves the events of an earlier one: an event goes by plan and trader. It
    says trader, treatment and team, and no name and no money.
    """
    file = Calendar()
    file.add("prodid", "-//audit-yield//plan//EN")
    file.add("version", "2.0")
    file.add("x-wr-calname", f"{office}, plan {calendar.plan}")
    own = pc.and_(pc.equal(calendar.table["office"], office), pc.not_equal(calendar.table["state"], "done"))
    for row in calendar.table.filter(own).to_pylist():
        event = Event()
        event.add("uid", f"{calendar.plan}/{row['trader_id']}@audit-yield")
        event.add("dtstamp", made_at)
        event.add("dtstart", row["begins_on"])
        event.add("dtend", row["ends_on"] + DAY)  # the first day after it
        team = f", team {row['team']}" if row["team"] else ""
        event.add("summary", f"{WORDS[row['treatment']]} {row['trader_id']}{team}")
        event.add("transp", "TRANSPARENT")
        file.add_component(event)
    return bytes(file.to_ical())
