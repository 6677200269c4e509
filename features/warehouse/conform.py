"""A column as found becomes a column of the contract; a value that would lose something is a misfit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import ibis
from ibis.expr import types as ir

from features.contract import Column, Kind, Table
from features.unit import Unit
from features.warehouse.dialect import Dialect

SOURCE_FILE = "source_file"
SOURCE_ROW = "source_row"

NUMBER_TEXT = (
    r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(nan|NaN|NAN|inf|Inf|INF|Infinity)$"
)
WHOLE_TEXT = r"^[+-]?[0-9]{1,18}(\.0*)?$"
EXACT = ibis.dtype("decimal(19, 8)")
LARGEST_EXACT = 10.0**11
TRUE_TEXT, FALSE_TEXT = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


@dataclass(frozen=True)
class Conformed:
    """A column in the contract's type, and where the value found does not fit it.

    `misfit` is None where the type alone says that every value fits.
    """

    value: ir.Value
    misfit: ir.BooleanValue | None = None


def conform(found: ir.Table, table: Table, *, dialect: Dialect) -> dict[str, Conformed]:
    """Bring the columns of `found` to the types of `table`; absent ones become typed nulls.

    A misfit's value is null, so that a table can be read while its faults are counted.
    """
    return {
        column.name: _in_reporting_currency(_conform(found, column, dialect), found, column, dialect)
        if column.name in found.columns
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


def _conform(found: ir.Table, column: Column, dialect: Dialect) -> Conformed:
    value = found[column.name]
    if value.type().is_null():
        return Conformed(ibis.null(column.kind.ibis))
    return {
        Kind.TEXT: _text,
        Kind.WHOLE: _whole,
        Kind.NUMBER: _number,
        Kind.DAY: _day,
        Kind.FLAG: _flag,
    }[column.kind](value, column, dialect)


def _fitting(value: ir.Value, fits: ir.BooleanValue, converted: ir.Value) -> Conformed:
    return Conformed(fits.ifelse(converted, ibis.null(converted.type())), value.notnull() & ~fits)


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
    short = code.re_search("^[0-9]+$") & (code.length() < digits)
    return short.ifelse(code.lpad(digits, "0"), code)


def _whole(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    kind = value.type()
    if kind.is_integer():
        return Conformed(value.cast("int64"))
    if kind.is_floating() or kind.is_decimal():
        fits = (value.abs() < 2**53) & (value == value.round())
        return _fitting(value, fits, value.try_cast("int64"))
    if kind.is_string():
        text = value.nullif("")
        whole = text.re_search(WHOLE_TEXT)
        digits = whole.ifelse(text.re_replace(r"\.0*$", ""), ibis.null("string"))
        return _fitting(text, whole, digits.try_cast("int64"))
    return _nothing_fits(value, column)


def _number(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    kind = value.type()
    if kind.is_numeric():
        return Conformed(value.cast("float64"))
    if kind.is_string():
        text = value.nullif("")
        dotted = _dotted(text, dialect)
        fits = dotted.re_search(NUMBER_TEXT)
        return _fitting(text, fits, fits.ifelse(dotted, ibis.null("string")).try_cast("float64"))
    return _nothing_fits(value, column)


def _dotted(text: ir.StringValue, dialect: Dialect) -> ir.StringValue:
    """With a decimal comma a dot is a mark of thousands, which is refused: it spoils the number."""
    return text.replace(".", "?").replace(",", ".") if dialect.decimal == "," else text


def _day(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    kind = value.type()
    if kind.is_date():
        return Conformed(value)
    if kind.is_timestamp():
        day = value.cast("date")
        if dialect.times == "drop":
            return Conformed(day)
        return _fitting(value, value.cast("timestamp") == day.cast("timestamp"), day)
    if kind.is_string():
        return _day_in_text(value.nullif(""), dialect)
    return _nothing_fits(value, column)


def _day_in_text(text: ir.StringValue, dialect: Dialect) -> Conformed:
    midnight = r"([ T]00:00(:00(\.0+)?)?)?" if dialect.times == "refuse" else r"([ T][0-9:.]+Z?)?"
    digits = re.sub("[ymd]", "[0-9]", re.escape(dialect.dates))
    fits = text.re_search(f"^{digits}{midnight}$")
    year, month, day = (text.substr(dialect.dates.index(part), len(part)) for part in ("yyyy", "mm", "dd"))
    iso = fits.ifelse(year + "-" + month + "-" + day, ibis.null("string"))
    date = iso.try_cast("date")
    return Conformed(date, text.notnull() & date.isnull())


def _flag(value: ir.Value, column: Column, dialect: Dialect) -> Conformed:
    kind = value.type()
    if kind.is_boolean():
        return Conformed(value)
    if kind.is_integer():
        value = value.cast("string")
    if not value.type().is_string():
        return _nothing_fits(value, column)
    text = value.nullif("").lower()
    return _fitting(text, text.isin(TRUE_TEXT + FALSE_TEXT), text.isin(TRUE_TEXT))


def _in_reporting_currency(
    conformed: Conformed, found: ir.Table, column: Column, dialect: Dialect
) -> Conformed:
    """Money of a row in another currency is multiplied by its declared rate, in decimal, then made float."""
    if column.unit is not Unit.MONEY or dialect.currency_column not in found.columns:
        return conformed
    currency, value = found[dialect.currency_column], conformed.value
    rate = _rate(currency, {dialect.currency or "": "1", **dialect.rates})
    exact = (value.abs() < LARGEST_EXACT) & (currency != dialect.currency)
    product = (exact.ifelse(value, ibis.null("float64")).cast(EXACT) * rate).cast("float64")
    unrated = rate.isnull() & value.notnull()
    return Conformed(
        exact.ifelse(product, value),
        unrated if conformed.misfit is None else unrated | conformed.misfit,
    )


def _rate(currency: ir.StringValue, rates: Mapping[str, str]) -> ir.DecimalValue:
    unknown = ibis.null(EXACT)
    return reduce(
        lambda otherwise, known: (currency == known[0]).ifelse(ibis.literal(known[1]).cast(EXACT), otherwise),
        rates.items(),
        unknown,
    )
