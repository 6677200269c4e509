"""Forms of values: how numbers, days and codes are written where that differs from the contract."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo

from features.data.mapping.days import ISO_DATES, SERIALS, are_day_forms
from features.data.mapping.months import LANGUAGES
from features.settings import Allowed
from features.unit import Unit

THOUSANDS = ("", ",", ".", " ", "'")
NEGATIVES = ("minus", "brackets", "trailing")
UNITS: Mapping[str, tuple[Unit | None, str]] = {
    "percent": (Unit.RATE, "0.01"),
    "per_mille": (Unit.RATE, "0.001"),
    "hundredths": (Unit.MONEY, "0.01"),
    "thousands": (Unit.MONEY, "1000"),
    "millions": (Unit.MONEY, "1000000"),
    "grams": (Unit.KILOGRAM, "0.001"),
    "tonnes": (Unit.KILOGRAM, "1000"),
    "pounds": (Unit.KILOGRAM, "0.45359237"),
}
"""For each unit what it measures, and one of it in the contract's unit."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """How the values of a column are written; each default is the contract's own form.

    - `decimal`: the decimal mark in text, `.` or `,`.
    - `thousands`: the mark between thousands: `,`, `.`, `'`, or a blank, which a no-break space is too.
    - `negatives`: `minus` before the number, in `brackets`, or a `trailing` minus.
    - `zeros`: words for zero in columns of numbers, such as `-`.
    - `empty`: words for no value, such as `NULL`.
    - `blanks`: blanks around a value are part of it (`keep`) or not (`drop`).
    - `dates`: days in text, such as `dd.mm.yyyy`, `d/m/yy`, `serial-1900` (numbers of a spreadsheet).
    - `pivot`: two-digit years below it are of this century, others of the last.
    - `months`: the languages of names of months (`["en", "fr"]`), or twelve names in order.
    - `times`: a time of day on a day is refused (`refuse`) or left out (`drop`).
    - `zone`: the zone in which the office is, such as `Asia/Almaty`; times are in UTC or carry their offset.
    - `hs_digits`: HS codes that lost their leading zero are filled up to this many digits; 0 fills nothing.
    """

    decimal: str = "."
    thousands: str = ""
    negatives: str = "minus"
    zeros: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    blanks: str = "keep"
    dates: str | tuple[str, ...] = ISO_DATES
    pivot: int | None = None
    months: tuple[str, ...] = ()
    times: str = "refuse"
    zone: str | None = None
    hs_digits: int = 0
    unit: str | None = None
    """Of one column: the unit of its numbers, a name in `UNITS`."""
    remove: str = ""
    """Of one column: characters that are left out of its values."""
    unknown: tuple[str, ...] = ()
    """Of one column: words for nobody knows; a row may go without the value then."""
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of one column: the contract's code for each value, in small letters without blanks around it."""

    @property
    def day_forms(self) -> tuple[str, ...]:
        """The forms of days, of which a value may have any."""
        return (self.dates,) if isinstance(self.dates, str) else self.dates


def is_text(value: object) -> bool:
    """Return whether a setting is a text that is not empty."""
    return isinstance(value, str) and bool(value)


def are_texts(value: object) -> bool:
    """Return whether a setting is a list of texts."""
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(is_text, value))


def _is_zone(name: object) -> bool:
    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (ValueError, OSError, KeyError):
        return False


def _are_months(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and are_texts(value)
        and (
            set(value) <= LANGUAGES.keys()
            or (len(value) == 12 and all(re.fullmatch(r"[^\W\d_]+", name) for name in value))
        )
    )


def _is_hs_digits(digits: object) -> bool:
    return type(digits) is int and digits in (0, *range(6, 13))


VALUES: Mapping[str, Allowed] = {
    "decimal": (lambda mark: mark in (".", ","), "'.' or ','"),
    "thousands": (lambda mark: mark in THOUSANDS, "',', '.', ' ', \"'\" or ''"),
    "negatives": (lambda form: form in NEGATIVES, "'minus', 'brackets' or 'trailing'"),
    "zeros": (are_texts, 'a list such as ["-"]'),
    "empty": (are_texts, 'a list such as ["NULL", "n/a"]'),
    "blanks": (lambda blanks: blanks in ("keep", "drop"), "'keep' or 'drop'"),
    "dates": (
        are_day_forms,
        "year (yyyy, yy), month (mm, m, mon) and day (dd, d) once each, as in dd.mm.yyyy or d-mon-yy, parts "
        f"of one digit or two apart from others; {' or '.join(SERIALS)}; or a list of such forms",
    ),
    "pivot": (lambda year: type(year) is int and 1 <= year <= 99, "a year from 1 to 99"),
    "months": (_are_months, f"a list of languages ({', '.join(LANGUAGES)}), or of twelve names in order"),
    "times": (lambda times: times in ("refuse", "drop"), "'refuse' or 'drop'"),
    "zone": (_is_zone, "a time zone such as Asia/Almaty"),
    "hs_digits": (_is_hs_digits, "0 or 6 to 12"),
}
"""The condition on each setting that a source, a table or a column may have, and the words for it."""
