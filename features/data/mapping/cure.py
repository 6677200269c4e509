"""Cures: the settings of a mapping under which values that were refused would be read."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from features.data.contract import Column, ColumnType
from features.data.mapping.form import Form
from features.data.mapping.months import LANGUAGES
from features.data.mapping.patterns import BLANK, TIME_OF_DAY, bare, reads_day, reads_number
from features.settings import frozen, toml
from features.unit import Unit

WORDS_FOR_NOTHING = frozenset(
    ("null", "(null)", "n/a", "#n/a", "na", "nan", "none", "nil", "-", "--", ".", "?", "#ref!", "#value!")
)
DASHES = frozenset(("-", "--", "\u2013", "\u2014"))
MARKS_TOGETHER = (
    (".", ""),
    (",", ""),
    (".", ","),
    (".", " "),
    (".", "'"),
    (",", "."),
    (",", " "),
    (",", "'"),
)
"""Decimal marks with marks between thousands, the simplest first."""
NUMBER_CHARACTERS = frozenset("0123456789.,'()-+%\u2019" + BLANK)
PIVOT = 50
DAMAGED = re.compile(r"[0-9]{1,2}:[0-9]{2}\.[0-9]|[0-9](\.[0-9]+)?E\+[0-9]{2}")
"""What a spreadsheet leaves of a day and time, and of a long number."""

Settings = Mapping[str, Any]


def cures(column: Column, values: Sequence[str], form: Form) -> Iterator[Settings]:
    """Yield the settings under which all of some values would be read, one way or another.

    There are two ways where values can be read in two, and none where no settings help.
    """
    if column.kind is ColumnType.NUMBER:
        yield from _number_cures(column, values, form)
    if column.kind is ColumnType.DAY:
        yield from _day_cures(values, form)


def as_toml(ways: Iterable[Settings]) -> str:
    """Return ways to read values as lines of TOML in a sentence.

    >>> from features.data.contract import TABLES
    >>> declarations = TABLES["declarations"]
    >>> as_toml(cures(declarations["customs_value"], ["12,500.00", "(1,234.00)"], Form()))
    'thousands = "," and negatives = "brackets"'
    >>> as_toml(cures(declarations["accepted_on"], ["03/05/24"], Form()))
    'dates = "dd/mm/yy" and pivot = 50, or else dates = "mm/dd/yy" and pivot = 50'
    """
    return ", or else ".join(
        " and ".join(f"{name} = {toml(value)}" for name, value in way.items()) for way in ways
    )


def is_damaged(values: Iterable[object]) -> bool:
    """Return whether a value looks like what a spreadsheet left of a longer one.

    >>> is_damaged(["00:00.0"]), is_damaged(["1.01225E+11"]), is_damaged(["101225"])
    (True, True, False)
    """
    return any(DAMAGED.fullmatch(str(value).strip()) for value in values)


def removable(values: Sequence[str], *, pattern: str, form: Form) -> str | None:
    """Return the characters without which all values are codes of a pattern; None where that does not help.

    >>> removable(["0805.10.20", "' 8471 3000"], pattern="[0-9]{6,10}", form=Form())
    " '."
    """
    others = "".join(sorted(set("".join(values)) - set("0123456789")))
    cleaned = (bare(replace(form, remove=others), value) for value in values)
    return others if others and all(re.fullmatch(pattern, value) for value in cleaned) else None


def _with(form: Form, settings: Settings) -> Form:
    return replace(form, **frozen(settings))


def _number_cures(column: Column, values: Sequence[str], form: Form) -> Iterator[Settings]:
    """Yield what the values look like with each pair of marks that fits, without those that ask for more."""
    looks = _looks_of_numbers(column, values, form)
    ways: list[Settings] = []
    for decimal, thousands in MARKS_TOGETHER:
        marks = {"decimal": decimal, "thousands": thousands}
        changed = {name: mark for name, mark in marks.items() if mark != getattr(form, name)}
        if any(way.items() <= changed.items() for way in ways) or not (changed or looks):
            continue
        if all(reads_number(_with(form, {**changed, **looks}), value) for value in values):
            ways.append(changed)
            yield {**changed, **looks}


def _looks_of_numbers(column: Column, values: Sequence[str], form: Form) -> dict[str, Any]:
    """Return the settings that single values ask for: dashes, words, brackets, signs, blanks, currencies."""
    looks, numbers = _looks_of_words(values, form)
    if dashes := sorted(DASHES.intersection(looks.get("empty", ()))):
        looks["zeros"] = [*form.zeros, *dashes]
        looks["empty"] = [word for word in looks["empty"] if word not in dashes]
    if not looks.get("empty", True):
        del looks["empty"]
    if any(value.startswith("(") for value in numbers):
        looks["negatives"] = "brackets"
    elif any(value.endswith("-") for value in numbers):
        looks["negatives"] = "trailing"
    if column.unit is Unit.RATE and any("%" in value for value in numbers):
        looks["unit"] = "percent"
    if others := {character for value in numbers for character in value} - NUMBER_CHARACTERS:
        looks["remove"] = "".join(sorted(others)) + (" " if " " in "".join(numbers) else "")
    return looks


def _looks_of_words(values: Sequence[str], form: Form) -> tuple[dict[str, Any], list[str]]:
    """Return the settings for blanks around values and words for nothing, and the other values, bare."""
    looks: dict[str, Any] = {}
    stripped = [value.strip(BLANK) for value in values]
    if stripped != list(values):
        looks["blanks"] = "drop"
    words = sorted({word for word in stripped if word.lower() in WORDS_FOR_NOTHING | DASHES})
    if words:
        looks["empty"] = [*form.empty, *words]
    return looks, [value for value in stripped if value not in words]


def _day_cures(values: Sequence[str], form: Form) -> Iterator[Settings]:
    """Yield the forms of days that read all values, with what single values ask for."""
    looks, days = _looks_of_words(values, form)
    dated = [re.sub(f"{TIME_OF_DAY}$", "", day) for day in days]
    timed: list[Settings] = [{"times": "drop"}]
    if any(re.search("([+-][0-9]{2}:?[0-9]{2}|Z)$", day) for day in days if ":" in day):
        timed.append({"zone": "Region/City"})
    separators = {
        mark for day in dated for mark in re.findall(r"[^\w]+", re.sub(r"([^\W\d])\.", r"\1", day))
    } or {""}
    if len(separators) > 1:
        return
    has_names = any(re.search(r"[^\W\d]", day) for day in dated)
    for group in _forms_of_days(separators.pop(), has_names=has_names):
        exact = [way for way in group if _reads_days({**way, **looks}, values, form)]
        others = [{**way, **time} for way in group for time in timed]
        ways = exact or [
            way for way in others if _reads_days({**way, **looks, "times": "drop"}, values, form)
        ]
        if ways:
            yield from ({n: v for n, v in {**w, **looks}.items() if v != getattr(form, n)} for w in ways)
            return


def _reads_days(settings: Settings, values: Sequence[str], form: Form) -> bool:
    changed = _with(form, {name: value for name, value in settings.items() if name != "zone"})
    return all(reads_day(changed, value) for value in values)


def _forms_of_days(separator: str, *, has_names: bool) -> Iterator[list[Settings]]:
    """Yield forms of days in groups, of which the first that reads all values holds; fixed lengths first."""

    def group(*forms: str) -> list[Settings]:
        return [
            {"dates": form.replace(" ", separator)} | ({} if "yyyy" in form else {"pivot": PIVOT})
            for form in forms
        ]

    if has_names:
        for language in sorted(LANGUAGES, key="en".__ne__):
            for form in ("dd mon yyyy", "d mon yyyy", "dd mon yy", "d mon yy", "mon d yyyy"):
                yield [{**way, "months": [language]} for way in group(form)]
        return
    yield group("yyyy mm dd", "dd mm yyyy", "mm dd yyyy")
    if separator:
        yield group("yyyy m d", "d m yyyy", "m d yyyy")
        yield group("dd mm yy", "mm dd yy")
        yield group("d m yy", "m d yy")
    else:
        yield group("d mm yyyy")
        yield [{"dates": "serial-1900"}]
        yield group("yy mm dd", "dd mm yy")
