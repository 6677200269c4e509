"""Conform stored columns to the types of the contract; a value that would lose something is a misfit.

A cast is shielded by a condition under which it cannot fail: PostgreSQL raises where others return null.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import ibis
from ibis.expr import types as ir

from features.data.contract import Column, ColumnType, Table
from features.data.warehouse.dialect import Dialect
from features.unit import Unit

SOURCE_FILE = "source_file"
SOURCE_ROW = "source_row"

NUMBER_TEXT = "|".join(
    (
        r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$",
        r"^[+-]?[0-9](\.[0-9]*)?[eE][+-]?([12][0-9]{2}|30[0-7])$",
        r"^[+-]?(nan|NaN|NAN|inf|Inf|INF|Infinity)$",
    )
)
"""A number no longer than `LONGEST_NUMBER` that every engine can hold as a float."""
LONGEST_NUMBER = 200
WHOLE_TEXT = r"^[+-]?[0-9]{1,18}(\.0*)?$"
MIDNIGHT = r"([ T]00:00(:00(\.0+)?)?Z?)?"
TIME_OF_DAY = r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z?)?"
LARGEST_WHOLE_FLOAT = 2**53
EXACT = ibis.dtype("decimal(19, 8)")
LARGEST_EXACT = 10.0**11
YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
LEAP = "(0[48]|[2468][048]|[13579][26])"
CALENDAR = (
    (YEAR, "(0[13578]|1[02])", "(0[1-9]|[12][0-9]|3[01])"),
    (YEAR, "(0[469]|11)", "(0[1-9]|[12][0-9]|30)"),
    (YEAR, "02", "(0[1-9]|1[0-9]|2[0-8])"),
    (f"([0-9]{{2}}{LEAP}|{LEAP}00)", "02", "29"),
)
"""Years, months and days that go together."""
TRUE_TEXT, FALSE_TEXT = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


@dataclass(frozen=True)
class Conformed:
    """A column in the contract's type, and where the stored value does not fit it.

    `misfit` is None where the type alone says that every value fits.
    """

    value: ir.Value
    misfit: ir.BooleanValue | None = None


def conform(stored: ir.Table, table: Table, *, dialect: Dialect) -> dict[str, Conformed]:
    """Bring the columns of `stored` to the types of `table`; absent ones become typed nulls.

    A misfit's value is null, so that a table can be read while its faults are counted.
    """
    return {
        column.name: _in_reporting_currency(_conform(stored, column, dialect), stored, column, dialect)
        if column.name in stored.columns
        else Conformed(ibis.null(column.kind.ibis))
        for column in table.columns
    }


def with_defaults(conformed: ir.Table, table: Table) -> ir.Table:
    """Fill a column that may stand empty from the column that stands in for it (`known_on`)."""
    return conformed.mutate(
        **{
            column.name: conformed[column.name].coalesce(conformed[column.default])
            for column in table.columns
            if column.default
        }
    )


def _conform(stored: ir.Table, column: Column, dialect: Dialect) -> Conformed:
    value = stored[column.name]
    if value.type().is_null():
        return Conformed(ibis.null(column.kind.ibis))
    return {
        ColumnType.TEXT: _text,
        ColumnType.WHOLE: _whole,
        ColumnType.NUMBER: _number,
        ColumnType.DAY: _day,
        ColumnType.FLAG: _flag,
    }[column.kind](value, column, dialect)


def _fitting(value: ir.Value, converted: ir.Value) -> Conformed:
    """Mark as misfits the values that are null only after the conversion."""
    return Conformed(converted, value.notnull() & converted.isnull())


def _where(fits: ir.BooleanValue, value: ir.Value) -> ir.Value:
    return fits.ifelse(value, ibis.null(value.type()))


def _nothing_fits(value: ir.Value, column: Column) -> Conformed:
    return Conformed(ibis.null(column.kind.ibis), value.notnull())


def _text(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    is_hs_code = column.name == "hs_code"
    if value.type().is_integer():
        if is_hs_code and not dialect.hs_digits:
            return _nothing_fits(value, column)
        value = value.cast("string")
    if not value.type().is_string():
        return _nothing_fits(value, column)
    if is_hs_code and dialect.hs_digits:
        value = _filled_up(value, dialect.hs_digits)
    return Conformed(value.nullif(""))


def _filled_up(code: ir.StringValue, digits: int) -> ir.StringValue:
    """Restore one leading zero: no chapter starts with two, so a code shorter by more lost something else."""
    short = code.re_search(f"^[0-9]{{{digits - 1}}}$")
    return short.ifelse(ibis.literal("0") + code, code)


def _whole(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    kind = value.type()
    if kind.is_integer():
        return (
            _fitting(value, value.try_cast("int64")) if kind.is_uint64() else Conformed(value.cast("int64"))
        )
    if kind.is_floating() or kind.is_decimal():
        whole = _where(value.abs() < LARGEST_WHOLE_FLOAT, value).try_cast("int64")
        wide = ibis.dtype(f"decimal(38, {kind.scale or 0})") if kind.is_decimal() else kind
        return _fitting(value, _where(whole.cast(wide) == value.cast(wide), whole))
    if kind.is_string():
        text = value.nullif("")
        digits = _where(text.re_search(WHOLE_TEXT), text.re_replace(r"\.0*$", ""))
        return _fitting(text, digits.try_cast("int64"))
    return _nothing_fits(value, column)


def _number(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    kind = value.type()
    if kind.is_numeric():
        return Conformed(value.cast("float64"))
    if kind.is_string():
        text = value.nullif("")
        dotted = _dotted(text, dialect)
        fits = dotted.re_search(NUMBER_TEXT) & (dotted.length() <= LONGEST_NUMBER)
        return _fitting(text, _where(fits, dotted).try_cast("float64"))
    return _nothing_fits(value, column)


def _dotted(text: ir.StringValue, dialect: Dialect) -> ir.StringValue:
    """Write numbers with a decimal point; beside a decimal comma a dot marks thousands, and is refused."""
    return text.replace(".", "?").replace(",", ".") if dialect.decimal == "," else text


def _day(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    kind = value.type()
    if kind.is_date():
        return Conformed(value)
    if kind.is_timestamp():
        day = value.cast("date")
        if dialect.times == "drop":
            return Conformed(day)
        return _fitting(value, _where(value.cast("timestamp") == day.cast("timestamp"), day))
    if kind.is_string():
        return _day_in_text(value.nullif(""), dialect)
    return _nothing_fits(value, column)


def _day_in_text(text: ir.StringValue, dialect: Dialect) -> Conformed:
    time = MIDNIGHT if dialect.times == "refuse" else TIME_OF_DAY
    exists = text.re_search(f"^({days_that_exist(dialect.dates)}){time}$")
    year, month, day = (text.substr(dialect.dates.index(part), len(part)) for part in ("yyyy", "mm", "dd"))
    return _fitting(text, _where(exists, year + "-" + month + "-" + day).try_cast("date"))


def days_that_exist(form: str) -> str:
    """Return the regular expression of all days from year 1 to 9999, written as `form` (`dd.mm.yyyy`)."""
    return "|".join(
        re.escape(form).replace("yyyy", years).replace("mm", months).replace("dd", days)
        for years, months, days in CALENDAR
    )


def _flag(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    kind = value.type()
    if kind.is_boolean():
        return Conformed(value)
    if kind.is_integer():
        value = value.cast("string")
    if not value.type().is_string():
        return _nothing_fits(value, column)
    text = value.nullif("").lower()
    return _fitting(text, _where(text.isin(TRUE_TEXT + FALSE_TEXT), text.isin(TRUE_TEXT)))


def _in_reporting_currency(
    conformed: Conformed, stored: ir.Table, column: Column, dialect: Dialect
) -> Conformed:
    """Convert money in another currency by its declared rate; without a rate it becomes null.

    The product is formed in decimal and made float by way of text, for a cast would miss the nearest
    one; above `LARGEST_EXACT` it is formed in float, where a cent is below the last digit.
    """
    if column.unit is not Unit.MONEY or dialect.currency_column not in stored.columns:
        return conformed
    currency, value = stored[dialect.currency_column].cast("string"), conformed.value
    rate = _rate(currency, dialect.rates)
    exact = _where(value.abs() < LARGEST_EXACT, value).cast(EXACT) * rate
    converted = exact.cast("string").cast("float64").coalesce(value * rate.cast("float64"))
    return Conformed((currency == dialect.currency).ifelse(value, converted), conformed.misfit)


def _rate(currency: ir.StringValue, rates: Mapping[str, str]) -> ir.DecimalValue:
    return reduce(
        lambda otherwise, known: (currency == known[0]).ifelse(ibis.literal(known[1]).cast(EXACT), otherwise),
        rates.items(),
        ibis.null(EXACT),
    )
