"""Staleness: how old the newest declaration line is on the day asked; told when old, refused when too old."""

from datetime import date

from features.as_known import known_before
from features.data.warehouse import Warehouse
from features.environment import STALE_DAYS, STALE_LIMIT_DAYS, Variable
from features.errors import DataError, SettingError
from features.language import ENGLISH, Language


def newest_line(warehouse: Warehouse, cutoff: date) -> date | None:
    """Return the day of acceptance of the newest line known before a cutoff, None where there is none."""
    lines = warehouse.table("declarations")
    known = lines.filter(known_before(lines, cutoff), lines.accepted_on < cutoff)
    newest: date | None = known.accepted_on.max().to_pyarrow().as_py()
    return newest


def staleness_warnings(
    newest_on: date, *, cutoff: date, today: date, language: Language = ENGLISH
) -> tuple[str, ...]:
    """Return what must be told of estimates as of a cutoff from data with such a newest line, in sentences.

    Raises `SettingError` where the environment variable AUDIT_YIELD_STALE_DAYS is no number of days.
    """
    warnings = []
    age = (cutoff - newest_on).days
    if age > _days(STALE_DAYS):
        old = language.ngettext(
            "The newest declaration line is of {newest}, {age} day before {day}: nothing is known of trade "
            "since.",
            "The newest declaration line is of {newest}, {age} days before {day}: nothing is known of trade "
            "since.",
            age,
        )
        warnings.append(old.format(newest=newest_on, age=age, day=cutoff))
    if (ahead := (cutoff - today).days) > 1:
        early = language.ngettext(
            "{day} lies {ahead} day ahead of today, {today}: what becomes known until then is missing.",
            "{day} lies {ahead} days ahead of today, {today}: what becomes known until then is missing.",
            ahead,
        )
        warnings.append(early.format(day=cutoff, ahead=ahead, today=today))
    return tuple(warnings)


def require_recent(newest_on: date, *, cutoff: date) -> None:
    """Raise `DataError` where the newest line is too old for an estimate as of a cutoff.

    The limit in days is the environment variable AUDIT_YIELD_STALE_LIMIT_DAYS, or else 400.
    """
    limit, age = _days(STALE_LIMIT_DAYS), (cutoff - newest_on).days
    if age > limit:
        raise DataError(
            f"The newest declaration line is of {newest_on}, {age} days before {cutoff}.",
            expected=f"one of at most {limit} days before: features look at months.",
            advice="Load newer data or choose an earlier day; --stale or a higher "
            f"{STALE_LIMIT_DAYS.name} goes on all the same.",
        )


def _days(variable: Variable) -> int:
    text = variable.read()
    if not text.isascii() or not text.isdecimal():
        raise SettingError(
            f"{variable.name} is '{text}'.",
            expected=f"a whole number of days, such as {variable.default}.",
            advice="Correct the environment variable, or remove it for the default.",
        )
    return int(text)
