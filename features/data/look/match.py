"""Matches: which column of a source is which of the contract, by its name and by its values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from features.data.contract import TABLES, Column, ColumnType, Table
from features.data.contract.required import COUNTRY, HS_CODE
from features.data.look.excerpt import Excerpt
from features.data.look.names import likeness
from features.data.mapping.code_list import ISO_3166, country_codes, folded
from features.data.mapping.cure import cures, removable
from features.data.mapping.form import Form
from features.data.mapping.patterns import reads_day, reads_number

ALIKE, SURE = 0.6, 0.75
"""How alike a name must be to be a guess, and to be sure."""
CLOSE = 0.1
"""Two columns that are as close to one of the contract leave a doubt."""
NAMED_SO = 0.5
"""What the name of a file adds to the likeness of its columns to those of a table."""
LOOKS_LIKE = {"hs_code": r"[0-9.]{6}", "accepted_on": r"[0-9]\W+([0-9]|\w{3})"}
"""What is in the values of columns that are known without their name."""
NUMBERED = r"^([0-9]+)\."
"""An item number at the beginning of a text."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """What a column of the contract may be made of.

    `doubt` is why it is a guess, None where it is sure; `settings` are those of the column alone.
    """

    column: Column
    source: str
    doubt: str | None
    settings: Mapping[str, Any]


def table_of(excerpt: Excerpt) -> Table | None:
    """Return the table of the contract whose columns a source has; None where it has hardly any."""

    def rating(table: Table) -> float:
        pairs = list(_pairs(excerpt, table))
        named = NAMED_SO if folded(excerpt.name).startswith(table.name[:-1]) else 0.0
        return sum(score for score, _, _ in pairs) / len(excerpt.columns) + named if len(pairs) > 1 else 0.0

    ratings = {name: rating(table) for name, table in TABLES.items()}
    best = max(ratings, key=lambda name: ratings[name])
    return TABLES[best] if ratings[best] > 0 else None


def matches(excerpt: Excerpt, table: Table, form: Form) -> list[Match]:
    """Return the columns of a table that a source has, in the order of the contract.

    `form` is how the values are written as far as that is known: words for nothing, blanks.
    """
    chosen = {column.name: (score, source) for score, source, column in _pairs(excerpt, table)}
    used = {source for _, source in chosen.values()}
    for name, source in _by_values(excerpt, table, form, set(chosen), used):
        chosen[name] = (0.0, source)
    used = {source for _, source in chosen.values()}
    return [
        _match(excerpt, table, table[name], *chosen[name], used=used, form=form)
        for name in table.names
        if name in chosen
    ]


def _pairs(excerpt: Excerpt, table: Table) -> Iterator[tuple[float, str, Column]]:
    """Yield columns of the source with those of the contract that they are called like, each once."""
    scores = [
        (likeness(source, table, column), source, column)
        for source in excerpt.columns
        for column in table.columns
    ]
    sources, columns = set[str](), set[str]()
    for score, source, column in sorted(scores, key=lambda each: -each[0]):
        if score >= ALIKE and source not in sources and column.name not in columns:
            sources.add(source)
            columns.add(column.name)
            yield score, source, column


def _by_values(
    excerpt: Excerpt, table: Table, form: Form, taken: set[str], used: set[str]
) -> Iterator[tuple[str, str]]:
    """Yield HS codes and days that no column is called like, where the values of one alone look like them."""
    for name in {"hs_code", "accepted_on"} & set(table.names) - taken:
        alike = [
            source
            for source in excerpt.columns
            if source not in used
            and (values := _filled(excerpt.values(source), form))
            and all(re.search(LOOKS_LIKE[name], value) for value in values)
            and fitting(table[name], values, form) is not None
        ]
        if len(alike) == 1:
            yield name, alike[0]


def _match(
    excerpt: Excerpt, table: Table, column: Column, score: float, source: str, *, used: set[str], form: Form
) -> Match:
    """Return what a column may be made of, and why that is a guess; of `used` others are made."""
    values = _filled(excerpt.values(source), form)
    others = [
        each
        for each in excerpt.columns
        if each not in used and likeness(each, table, column) >= max(score - CLOSE, ALIKE)
    ]
    settings = {} if source in excerpt.typed else fitting(column, values, form)
    doubt: str | None
    if score == 0:
        doubt = "by its values alone"
    elif not values and source != column.name:
        doubt = "it has no value in the rows that were looked at"
    elif settings is None:
        doubt = f"its values do not look so: {', '.join(repr(value) for value in values[:3])}"
    elif others:
        doubt = f"or {' or '.join(others)}"
    elif score < SURE:
        doubt = "its name is only somewhat alike"
    else:
        doubt = _lacking(values, settings)
    return Match(column=column, source=source, doubt=doubt, settings=settings or {})


def _filled(values: Sequence[str], form: Form) -> list[str]:
    return [value for value in values if value.strip() and value.strip() not in form.empty]


def fitting(column: Column, values: Sequence[str], form: Form) -> Mapping[str, Any] | None:
    """Return the settings of the column alone under which values may be its; None where they cannot."""
    if not values:
        return {}
    if column.kind is ColumnType.NUMBER:
        return {} if all(reads_number(form, v) for v in values) or any(cures(column, values, form)) else None
    if column.kind is ColumnType.DAY:
        return {} if all(reads_day(form, v) for v in values) or any(cures(column, values, form)) else None
    if column.kind is ColumnType.WHOLE:
        return {} if all(re.fullmatch(r"[0-9]+(\.0*)?", value.strip()) for value in values) else None
    if HS_CODE in column.rules:
        if all(re.fullmatch("[0-9]{5,12}", value.strip()) for value in values):
            return {}
        removed = removable([value.strip() for value in values], pattern="[0-9]{5,12}", form=form)
        return {"remove": removed} if removed else None
    if COUNTRY in column.rules:
        return _country_settings([value.strip() for value in values])
    return {}


def _country_settings(values: Sequence[str]) -> Mapping[str, Any] | None:
    if all(re.fullmatch("[A-Z]{2}", value) for value in values):
        return {}
    known = [value for value in values if folded(value) in country_codes()]
    if len(known) == len(values):
        return {"codes": ISO_3166}
    return {"codes": ["countries.csv", ISO_3166]} if known else {"codes": "countries.csv"}


def _lacking(values: Sequence[str], settings: Mapping[str, Any]) -> str | None:
    """Return which words a code list must have, where the shipped one lacks them."""
    if "countries.csv" not in str(settings.get("codes", "")):
        return None
    others = [value.strip() for value in values if folded(value) not in country_codes()]
    return f"write countries.csv, the word and the code, for {', '.join(map(repr, others[:10]))}"


def numbered_text(excerpt: Excerpt) -> str | None:
    """Return the column whose values all begin with a number, a point and more: an item number in a text."""
    for name in excerpt.columns:
        values = excerpt.values(name)
        if values and all(re.match(NUMBERED + r".*[^\W\d_]", value.strip()) for value in values):
            return name
    return None


def with_settings(match: Match, settings: Mapping[str, Any]) -> Match:
    """Return a match with more settings of the column."""
    return replace(match, settings={**match.settings, **settings})
