"""Time zones: the day where the office is, from times in UTC or with their offset, alike on every engine."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import ibis
from ibis.expr import types as ir

FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
"""Between these moments changes of a zone's offset are looked up."""
STEP = timedelta(days=7)
OFFSET = r"[+-][0-9]{2}(:?[0-9]{2})?$"


@cache
def offsets(zone: str) -> tuple[tuple[datetime, int], ...]:
    """Return the moments, in UTC, from which a zone has another offset, and that offset in minutes.

    >>> offsets("Asia/Tokyo")
    ((datetime.datetime(1990, 1, 1, 0, 0), 540),)
    """
    office = ZoneInfo(zone)
    weeks = [FIRST + number * STEP for number in range((LAST - FIRST) // STEP + 1)]
    changes = [
        FIRST,
        *(
            _change(before, after, office)
            for before, after in pairwise(weeks)
            if _minutes(before, office) != _minutes(after, office)
        ),
    ]
    return tuple((moment.replace(tzinfo=None), _minutes(moment, office)) for moment in changes)


def _minutes(moment: datetime, office: ZoneInfo) -> int:
    offset = moment.astimezone(office).utcoffset() or timedelta()
    return int(offset.total_seconds()) // 60


def _change(before: datetime, after: datetime, office: ZoneInfo) -> datetime:
    """Return the first minute with the offset of `after`."""
    while after - before > timedelta(minutes=1):
        middle = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
        before, after = (
            (before, middle) if _minutes(middle, office) == _minutes(after, office) else (middle, after)
        )
    return after


def at_office(stamp: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return a time in UTC as the clock of a zone shows it."""
    (_, first), *later = offsets(zone)
    if not later:
        return stamp + ibis.literal(first).as_interval("m")
    newest_first = ((stamp >= ibis.literal(moment), offset) for moment, offset in reversed(later))
    return stamp + ibis.cases(*newest_first, else_=first).as_interval("m")


def moved_to_office(text: ir.StringValue, day: ir.StringValue, zone: str) -> ir.DateValue:
    """Return the day in a zone of a text that ends in a time; `day` is its day as written.

    A time without an offset is in UTC; a day without a time is the day where the office is.
    """
    time = text.re_extract("([0-9]{1,2}:[0-9]{2})", 1).nullif("").lpad(5, "0")
    offset = text.re_extract(f"({OFFSET})", 1).nullif("")
    hours, minutes = offset.substr(1, 2).cast("int64"), offset.re_extract("([0-9]{2})$", 1)
    ahead = hours * 60 + (offset.length() > 3).ifelse(minutes.cast("int64"), 0)
    signed = offset.startswith("-").ifelse(-ahead, ahead).fill_null(0)
    afternoon = text.re_search("[Pp]\\.?[Mm]") & ~time.startswith("12")
    midnight = text.re_search("[Aa]\\.?[Mm]") & time.startswith("12")
    shift = afternoon.ifelse(720, midnight.ifelse(-720, 0)) - signed
    stamp = (day + " " + time).try_cast("timestamp") + shift.as_interval("m")
    return at_office(stamp, zone).cast("date").coalesce(day.try_cast("date"))
