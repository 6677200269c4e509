"""Forms of days in text: their parts, and the regular expressions of the days that exist."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.data.mapping.months import month_names

ISO_DATES = "yyyy-mm-dd"
SERIALS: Mapping[str, str] = {"serial-1900": "1899-12-30", "serial-1904": "1904-01-01"}
"""Days as spreadsheets number them, from the day numbered 0 (Lotus took 1900 for a leap year)."""
SERIAL = r"[0-9]{1,7}"
YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
LEAP = "(0[48]|[2468][048]|[13579][26])"
LONG, SHORT, FEBRUARY = ("01", "03", "05", "07", "08", "10", "12"), ("04", "06", "09", "11"), ("02",)
DIGITS = {"yyyy": 4, "yy": 2, "mm": 2, "dd": 2}
PARTS = re.compile("yyyy|yy|mon|mm|m|dd|d|[^a-z0-9]+|.", re.DOTALL)
YEARS, MONTHS, DAYS = ("yyyy", "yy"), ("mm", "m", "mon"), ("dd", "d")
SEPARATOR = re.compile(r"[^\w()\[\]{}|*+?^$\\]{1,3}")


@dataclass(frozen=True)
class DayForm:
    """A form such as `d-mon-yy`, taken apart: its parts and what stands between them."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, form: str) -> "DayForm":
        """Take a form apart."""
        return cls(tuple(PARTS.findall(form)))

    @property
    def year(self) -> str:
        """The part that is the year, `yyyy` or `yy`."""
        return next(part for part in self.parts if part in YEARS)

    @property
    def month(self) -> str:
        """The part that is the month."""
        return next(part for part in self.parts if part in MONTHS)

    @property
    def day(self) -> str:
        """The part that is the day of the month."""
        return next(part for part in self.parts if part in DAYS)

    def position(self, part: str) -> int | None:
        """Return where a part begins, None where that depends on the value."""
        before = self.parts[: self.parts.index(part)]
        if any(each in ("m", "d", "mon") for each in (*before, part)):
            return None
        return sum(DIGITS.get(each, len(each)) for each in before)

    def skeleton(self) -> tuple[str, Mapping[str, int]]:
        """Return a regular expression with a group for each part, and the number of its group."""
        groups = {"yyyy": "([0-9]{4})", "yy": "([0-9]{2})", "mm": "([0-9]{2})", "dd": "([0-9]{2})"}
        groups |= {"m": "([0-9]{1,2})", "d": "([0-9]{1,2})", "mon": "([^0-9]+)"}
        named = [part for part in self.parts if part in groups]
        pattern = "^" + "".join(groups.get(part) or re.escape(part) for part in self.parts)
        return pattern, {part: number for number, part in enumerate(named, start=1)}


def are_day_forms(forms: object) -> bool:
    """Return whether something is a form of days that can be read without a doubt, or a list of them."""
    if isinstance(forms, str):
        return forms in SERIALS or _is_day_form(DayForm.of(forms).parts)
    return (
        isinstance(forms, Sequence)
        and bool(forms)
        and all(isinstance(form, str) and are_day_forms(form) for form in forms)
    )


def _is_day_form(parts: tuple[str, ...]) -> bool:
    """Return whether each part is there once, and one of one digit or two is apart from the next digits.

    The first part alone may have one digit or two and no separator: what follows it has a fixed length.
    """
    others = [part for part in parts if part not in (*YEARS, *MONTHS, *DAYS)]
    once = all(sum(part in kinds for part in parts) == 1 for kinds in (YEARS, MONTHS, DAYS))
    numbers = [part in (*YEARS, *DAYS, "mm", "m") for part in parts]
    touching = {
        index
        for number in range(len(parts) - 1)
        for index in (number, number + 1)
        if numbers[number] and numbers[number + 1]
    }
    is_doubtful = any(parts[index] in ("m", "d") for index in touching - {0})
    return once and not is_doubtful and all(SEPARATOR.fullmatch(other) for other in others)


def days_that_exist(form: str, *, months: Sequence[str] = ()) -> str:
    """Return the regular expression of all days from year 1 to 9999, written as `form` (`dd.mm.yyyy`).

    It is one for every engine, and for Python.
    """
    parts, names = DayForm.of(form).parts, month_names(months) if months else {}
    return "|".join(
        "".join(_pattern(part, years, numbers, days, names) for part in parts)
        for years, numbers, days in (
            (YEAR, LONG, "(0[1-9]|[12][0-9]|3[01])"),
            (YEAR, SHORT, "(0[1-9]|[12][0-9]|30)"),
            (YEAR, FEBRUARY, "(0[1-9]|1[0-9]|2[0-8])"),
            (f"([0-9]{{2}}{LEAP}|{LEAP}00)", FEBRUARY, "29"),
        )
    )


def _pattern(part: str, years: str, numbers: tuple[str, ...], days: str, names: Mapping[str, str]) -> str:
    """Return the regular expression of one part of the days of some months."""
    match part:
        case "yyyy":
            return years
        case "yy":
            return "[0-9]{2}" if years is YEAR else f"(00|{LEAP})"
        case "mm":
            return f"({'|'.join(numbers)})"
        case "m":
            return f"({'|'.join(re.sub('^0', '0?', number) for number in numbers)})"
        case "mon":
            of_these = sorted((name for name, month in names.items() if month in numbers), key=len)
            return f"({'|'.join(of_these[::-1])})\\.?"
        case "dd":
            return days
        case "d":
            return days.replace("(0[1-9]", "(0?[1-9]")
        case _:
            return re.escape(part)
