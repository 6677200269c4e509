"""Forms: under which settings of a table its days and numbers are read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from features.data.contract import Column, ColumnType
from features.data.look.excerpt import Excerpt
from features.data.look.match import Match
from features.data.mapping.cure import DASHES, WORDS_FOR_NOTHING, as_toml, cures
from features.data.mapping.form import VALUES, Form
from features.data.mapping.patterns import BLANK, reads_day, reads_number
from features.settings import frozen
from features.unit import Unit

Settings = dict[str, Any]
WORDS = WORDS_FOR_NOTHING - DASHES - {".", "?"}
FORMED = (ColumnType.NUMBER, ColumnType.DAY)
MERGED = ("empty", "zeros")


def words_and_blanks(excerpt: Excerpt) -> Settings:
    """Return the settings for words for nothing, and for blanks around values."""
    values = [
        value for name in excerpt.columns if name not in excerpt.typed for value in excerpt.values(name)
    ]
    settings: Settings = {}
    if words := sorted({bare for value in values if (bare := value.strip(BLANK)).lower() in WORDS}):
        settings["empty"] = words
    if any(value != value.strip(BLANK) for value in values):
        settings["blanks"] = "drop"
    return settings


def forms(
    excerpt: Excerpt, columns: Sequence[Match], settings: Settings
) -> tuple[Settings, Mapping[str, Settings], list[str]]:
    """Return the settings of a table under which its days and numbers are read, and those of single columns.

    Beside them the doubts: values that can be read in two ways, or in none.
    """
    formed = {
        each.column: excerpt.values(each.source)
        for each in columns
        if each.column.kind in FORMED and each.source not in excerpt.typed
    }
    table, doubts = _common(formed, settings)
    own: dict[str, Settings] = {}
    for column, values in formed.items():
        settings, form = {}, _form(table)
        if not _reads(column, values, form):
            way = next(iter(cures(column, values, form)), None)
            settings |= way or {}
            if way is None:
                doubts.append(f"no setting reads all values of {column.name}")
        if column.unit is Unit.RATE and _are_percent(values, form):
            settings["unit"] = "percent"
        own[column.name] = settings
    return table, own, doubts


def _common(formed: Mapping[Column, Sequence[str]], settings: Settings) -> tuple[Settings, list[str]]:
    """Return the settings that columns ask for, those that can be read in one way alone before others."""
    table, doubts = dict(settings), list[str]()
    ways = {column: len(list(cures(column, values, _form(table)))) for column, values in formed.items()}
    for column in sorted(formed, key=lambda each: ways[each]):
        if _reads(column, formed[column], _form(table)):
            continue
        left = list(cures(column, formed[column], _form(table)))
        if len(left) > 1:
            doubts.append(f"{column.name} can also be read with {as_toml(left[1:])}")
        if left:
            table = _merged(table, {name: value for name, value in left[0].items() if name in VALUES})
    return table, doubts


def _merged(settings: Settings, others: Settings) -> Settings:
    lists = {
        name: list(dict.fromkeys([*settings.get(name, []), *others.get(name, [])]))
        for name in MERGED
        if name in settings or name in others
    }
    return {**settings, **others, **lists}


def _form(settings: Settings) -> Form:
    return replace(Form(), **frozen(settings))


def _reads(column: Column, values: Sequence[str], form: Form) -> bool:
    reads = reads_number if column.kind is ColumnType.NUMBER else reads_day
    return all(reads(form, value) for value in values)


def _are_percent(values: Sequence[str], form: Form) -> bool:
    """Return whether rates are in percent: more than half of those that are not zero are above 1."""
    rates = [rate for value in values if (rate := _number(value, form))]
    return bool(rates) and median(rates) > 1


def _number(text: str, form: Form) -> float:
    """Return a plain number as a form writes it, 0 for anything else."""
    mark = form.thousands.replace(" ", BLANK)
    plain = "".join(c for c in text.strip(BLANK) if c not in mark).replace(form.decimal, ".")
    try:
        return float(plain)
    except ValueError:
        return 0.0
