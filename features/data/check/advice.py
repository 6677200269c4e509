"""Advice: the setting of the mapping under which values that break a rule would be read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from features.data.contract import TABLES, Column, ColumnType, Table
from features.data.contract.countries import MEAN_NONE, MEANT
from features.data.contract.required import COUNTRY, HS_CODE
from features.data.contract.rule import RATE
from features.data.mapping import Dialect
from features.data.mapping.code_list import ISO_3166, country_codes, folded
from features.data.mapping.cure import as_toml, cures, is_damaged, removable
from features.data.mapping.form import VALUES
from features.settings import toml
from features.unit import Unit

DAMAGED = (
    "Values such as '{value}' are what a spreadsheet leaves of a longer value: export the column again, as "
    "text, and do not open the file in a spreadsheet before."
)
OF_TYPE = {
    ColumnType.TEXT: "Export it as text; for HS codes that lost leading zeros declare hs_digits in {file}.",
    ColumnType.WHOLE: "Correct the export; a number inside a text is taken out by pattern in {file}.",
    ColumnType.NUMBER: "How numbers are written (decimal, thousands, negatives, zeros, empty), their unit, "
    "and the rates of other currencies are declared in {file}.",
    ColumnType.DAY: "How days are written (dates, months, pivot) and times of day (times, zone) are "
    "declared in {file}.",
    ColumnType.FLAG: 'Other words for yes and no are declared in {file}: codes = { "J" = "yes" }.',
}
"""What to do about values of another type, where no one setting reads all of them."""


def advice(rule: str, column: Column, values: Sequence[str], *, table: Table, dialect: Dialect) -> str | None:
    """Return what to do about values, as they are written, that break a rule; None where that is unknown."""
    if is_damaged(values):
        return DAMAGED.format(value=next(value for value in values if is_damaged([value])))
    form = dialect.column_form(table.name, column.name)
    if rule == "type":
        ways = list(cures(column, values, form)) if values else []
        where = [_declared(way, column, table, dialect) for way in ways]
        return _sentence(where) or OF_TYPE[column.kind].replace("{file}", dialect.file)
    if rule == HS_CODE.name:
        return _of_codes(column, values, table, dialect)
    if rule == COUNTRY.name and not country_codes().keys().isdisjoint(map(folded, values)):
        return (
            f"Declare {_of_column({'codes': ISO_3166}, column, table, dialect)}: the shipped names, three "
            "letters and numbers of countries. Words that it lacks come before it: codes = "
            f'["countries.csv", "{ISO_3166}"], a file of two columns: the word, the code.'
        )
    if rule in (COUNTRY.name, "code"):
        return (
            "Declare the contract's code for each: "
            + _of_column({"codes": f"{column.name}.csv"}, column, table, dialect)
            + ", a CSV file of two columns beside it: the word, the code. What nobody knows is declared by "
            "unknown."
        )
    if rule == RATE.name and column.unit is Unit.RATE:
        return f"Rates in percent are declared: {_of_column({'unit': 'percent'}, column, table, dialect)}."
    if rule == "filled":
        return (
            f"Correct the rows at the source. Where the source lacks the column, declare absent = "
            f'["{column.name}"] under [{table.name}] in {dialect.file}; where nobody knows the value, '
            f"{_of_column({'unknown': ['']}, column, table, dialect)}."
        )
    return None


def countries_advice(codes: Sequence[str], column: Column, dialect: Dialect) -> str:
    """Return what to declare about codes of declarations that are in no list of countries."""
    meant = {code: MEANT[code] for code in codes if code in MEANT}
    none = [code for code in codes if code in MEAN_NONE]
    settings = ({"codes": meant} if meant else {}) | ({"unknown": none} if none else {})
    others = [code for code in codes if code not in meant and code not in none]
    ways = [_of_column(settings, column, TABLES["declarations"], dialect)] if settings else []
    if others:
        ways.append(f"countries = {toml(others)} at the top of {dialect.file} where they stand for countries")
    return f"Declare {', and '.join(ways)}."


def _of_codes(column: Column, values: Sequence[str], table: Table, dialect: Dialect) -> str | None:
    """Return what to do about HS codes with other characters, or without a leading zero."""
    form = dialect.column_form(table.name, column.name)
    if characters := removable(values, pattern="[0-9]{5,12}", form=form):
        return f"Declare {_of_column({'remove': characters}, column, table, dialect)}."
    if all(re.fullmatch("[0-9]{5}", value) for value in values):
        return f"A leading zero was lost: {dialect.setting('hs_digits = 6', table=table.name)}"
    return None


def _sentence(ways: Sequence[str]) -> str | None:
    return f"Declare {', or else '.join(ways)}." if ways else None


def _declared(way: Mapping[str, Any], column: Column, table: Table, dialect: Dialect) -> str:
    """Return where settings are declared: of the table, or of the column where the table has others."""
    of_table = dialect.table_form(table.name)
    default = Dialect().form
    is_common = all(
        name in VALUES and getattr(of_table, name) in (getattr(default, name), _plain(value))
        for name, value in way.items()
    )
    if not is_common:
        return _of_column(way, column, table, dialect)
    return f"{as_toml([way])} under [{table.name}] in {dialect.file}"


def _of_column(settings: Mapping[str, Any], column: Column, table: Table, dialect: Dialect) -> str:
    """Return the line that declares settings of one column, beside those that it has."""
    mapping = dialect.tables.get(table.name)
    made_of = mapping.columns.get(column.name) if mapping else None
    source = {"column": made_of.column} if made_of and made_of.column not in (None, column.name) else {}
    return f"{column.name} = {toml({**source, **settings})} under [{table.name}.columns] in {dialect.file}"


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
