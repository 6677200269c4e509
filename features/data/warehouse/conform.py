"""Conform stored columns to the types of the contract; a value that would lose something is a misfit.

A cast is shielded by a condition under which it cannot fail: PostgreSQL raises where others return null.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, or_

import ibis
from ibis.expr import types as ir

from features.data.contract import Column, ColumnType, Table
from features.data.mapping.days import ISO_DATES, SERIALS, DayForm
from features.data.mapping.dialect import Dialect
from features.data.mapping.form import UNITS, Form
from features.data.mapping.months import month_names
from features.data.mapping.patterns import BLANK, LONGEST_NUMBER, MARKS, day_pattern, number_pattern
from features.data.warehouse.zone import at_office, moved_to_office
from features.unit import Unit

SOURCE_FILE = "source_file"
SOURCE_ROW = "source_row"

WHOLE_TEXT = r"^[+-]?[0-9]{1,18}(\.0*)?$"
LARGEST_WHOLE_FLOAT = 2**53
EXACT = ibis.dtype("decimal(19, 8)")
LARGEST_EXACT = 10.0**11
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
    conformed = {}
    for column in table.columns:
        if column.name in stored.columns:
            form = dialect.column_form(table.name, column.name)
            value = _in_unit(conform_value(stored[column.name], column, form), form)
            conformed[column.name] = _in_reporting_currency(value, stored, column, dialect)
        else:
            conformed[column.name] = Conformed(ibis.null(column.kind.ibis))
    return conformed


def summed(parts: Sequence[tuple[ir.Value, Column, Form]]) -> ir.StringValue:
    """Add up amounts, each written in its form, as a number in the contract's own form.

    An empty amount adds nothing to others, and all empty are an empty sum. Where one does not fit, the result
    is the amounts as they are written, which no form reads.
    """
    amounts = [_in_unit(conform_value(value, column, form), form) for value, column, form in parts]
    filled = reduce(or_, (each.value.notnull() for each in amounts))
    exact = [_where(each.value.abs() < LARGEST_EXACT, each.value).cast(EXACT) for each in amounts]
    sizes = [each.value.fill_null(0.0).abs() for each in amounts]
    is_exact = reduce(add, sizes) < LARGEST_EXACT
    total = is_exact.ifelse(
        reduce(add, (each.fill_null(0) for each in exact)).cast("string"),
        reduce(add, (each.value.fill_null(0.0) for each in amounts)).cast("string"),
    )
    written = reduce(
        lambda one, other: one + " + " + other,
        (value.cast("string").fill_null("") for value, _, _ in parts),
    )
    misfit = reduce(or_, (each.misfit.fill_null(False) for each in amounts if each.misfit is not None), False)
    return ibis.cases((ibis.literal(misfit) if misfit is False else misfit, written), (filled, total))


def with_defaults(conformed: ir.Table, table: Table) -> ir.Table:
    """Fill a column that may stand empty from the column that stands in for it (`known_on`)."""
    return conformed.mutate(
        **{
            column.name: conformed[column.name].coalesce(conformed[column.default])
            for column in table.columns
            if column.default
        }
    )


def conform_value(value: ir.Value, column: Column, form: Form) -> Conformed:
    """Bring the values of a column, written in a form, to its type; units are those of the source."""
    if value.type().is_null():
        return Conformed(ibis.null(column.kind.ibis))
    if form.codes and value.type().is_integer():
        value = value.cast("string")
    if value.type().is_string():
        value = _bare(value, form)
    return {
        ColumnType.TEXT: _text,
        ColumnType.WHOLE: _whole,
        ColumnType.NUMBER: _number,
        ColumnType.DAY: _day,
        ColumnType.FLAG: _flag,
    }[column.kind](value, column, form)


def _bare(text: ir.StringValue, form: Form) -> ir.StringValue:
    """Return a text without what a form says is no part of it, in the contract's codes; null where empty."""
    if form.blanks == "drop":
        text = text.re_replace(f"^[{BLANK}]+", "").re_replace(f"[{BLANK}]+$", "")
    if form.remove:
        text = text.re_replace(f"[{_characters(form.remove)}]", "")
    text = text.nullif("")
    if words := (*form.empty, *form.unknown):
        text = text.isin(words).ifelse(ibis.null("string"), text)
    if form.codes:
        word = text.strip().lower()
        text = word.cases(*((each, code) for each, code in form.codes.items()), else_=text).nullif("")
    return text


def _characters(characters: str) -> str:
    """Return characters for a bracket of a regular expression; a space stands for every blank."""
    return "".join(BLANK if each == " " else re.sub(r"([\]\[\\^-])", r"\\\1", each) for each in characters)


def _fitting(value: ir.Value, converted: ir.Value) -> Conformed:
    """Mark as misfits the values that are null only after the conversion."""
    return Conformed(converted, value.notnull() & converted.isnull())


def _where(fits: ir.BooleanValue, value: ir.Value) -> ir.Value:
    return fits.ifelse(value, ibis.null(value.type()))


def _nothing_fits(value: ir.Value, column: Column) -> Conformed:
    return Conformed(ibis.null(column.kind.ibis), value.notnull())


def _text(value: ir.Value, column: Column, form: Form) -> Conformed:
    is_hs_code = column.name == "hs_code"
    if value.type().is_integer():
        if is_hs_code and not form.hs_digits:
            return _nothing_fits(value, column)
        value = _bare(value.cast("string"), form)
    if not value.type().is_string():
        return _nothing_fits(value, column)
    if is_hs_code and form.hs_digits:
        value = _filled_up(value, form.hs_digits)
    return Conformed(value)


def _filled_up(code: ir.StringValue, digits: int) -> ir.StringValue:
    """Restore one leading zero: no chapter starts with two, so a code shorter by more lost something else."""
    short = code.re_search(f"^[0-9]{{{digits - 1}}}$")
    return short.ifelse(ibis.literal("0") + code, code)


def _whole(value: ir.Value, column: Column, form: Form) -> Conformed:
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
        digits = _where(value.re_search(WHOLE_TEXT), value.re_replace(r"\.0*$", ""))
        return _fitting(value, digits.try_cast("int64"))
    return _nothing_fits(value, column)


def _number(value: ir.Value, column: Column, form: Form) -> Conformed:
    kind = value.type()
    if kind.is_numeric():
        return Conformed(value.cast("float64"))
    if kind.is_string():
        fits = value.re_search(number_pattern(form)) & (value.length() <= LONGEST_NUMBER)
        plain = _where(fits, _plain_number(value, form))
        if form.zeros:
            plain = value.isin(form.zeros).ifelse("0", plain)
        return _fitting(value, plain.try_cast("float64"))
    return _nothing_fits(value, column)


def _plain_number(text: ir.StringValue, form: Form) -> ir.StringValue:
    """Write a number that fits its form as the engines read it: `(1.234,50)` as `-1234.50`."""
    if form.thousands:
        text = text.re_replace(MARKS[form.thousands], "")
    if form.decimal == ",":
        text = text.replace(",", ".")
    if form.unit == "percent":
        text = text.replace("%", "").replace(" ", "")
    if form.negatives == "brackets":
        text = text.replace("(", "-").replace(")", "")
    if form.negatives == "trailing":
        text = text.re_search("-$").ifelse(ibis.literal("-") + text.re_replace(" ?-$", ""), text)
    return text


def _in_unit(conformed: Conformed, form: Form) -> Conformed:
    """Convert numbers in another unit to that of the contract, with the nearest float for a result."""
    if form.unit is None:
        return conformed
    _, factor = UNITS[form.unit]
    return Conformed(_times(conformed.value, ibis.literal(factor).cast(EXACT)), conformed.misfit)


def _day(value: ir.Value, column: Column, form: Form) -> Conformed:
    kind = value.type()
    if kind.is_date():
        return Conformed(value)
    if kind.is_timestamp():
        stamp = value.cast("timestamp")
        day = (at_office(stamp, form.zone) if form.zone else stamp).cast("date")
        if form.times == "drop" or form.zone:
            return Conformed(day)
        return _fitting(value, _where(stamp == day.cast("timestamp"), day))
    if kind.is_numeric() and form.day_forms != (ISO_DATES,):
        value = value.cast("string")  # 45336 or 20240214 of a spreadsheet or a database
    if value.type().is_string():
        days = [_day_in_text(value, form, dates) for dates in form.day_forms]
        return _fitting(value, days[0].coalesce(*days[1:]) if len(days) > 1 else days[0])
    return _nothing_fits(value, column)


def _day_in_text(text: ir.StringValue, form: Form, dates: str) -> ir.DateValue:
    """Return the day in a text that is written in one form, null where it is not."""
    fitting = _where(text.re_search(day_pattern(form, dates)), text)
    if dates in SERIALS:
        number = fitting.re_replace(r"\..*$", "").cast("int64")
        return (ibis.literal(SERIALS[dates]).cast("timestamp") + number.as_interval("D")).cast("date")
    parts = DayForm.of(dates)
    year, month, day = (_part(fitting, parts, part) for part in (parts.year, parts.month, parts.day))
    if parts.year == "yy":
        year = (year < f"{form.pivot:02}").ifelse("20", "19") + year
    if parts.month == "mon":
        month = month.cases(*month_names(form.months).items(), else_=ibis.null("string"))
    written = fitting.notnull().ifelse(year + "-" + month.lpad(2, "0") + "-" + day.lpad(2, "0"), None)
    if form.zone:
        return moved_to_office(fitting, written, form.zone)
    return written.try_cast("date")


def _part(text: ir.StringValue, form: DayForm, part: str) -> ir.StringValue:
    """Return a part of a day: from its position where every value has it there, else what stands there."""
    position = form.position(part)
    if position is not None:
        return text.substr(position, len(part))
    pattern, groups = form.skeleton()
    name = text.re_extract(pattern, groups[part])
    return name.re_replace(r"\.$", "") if part == "mon" else name


def _flag(value: ir.Value, column: Column, form: Form) -> Conformed:
    kind = value.type()
    if kind.is_boolean():
        return Conformed(value)
    if kind.is_integer():
        value = value.cast("string")
    if not value.type().is_string():
        return _nothing_fits(value, column)
    text = value.lower()
    return _fitting(text, _where(text.isin(TRUE_TEXT + FALSE_TEXT), text.isin(TRUE_TEXT)))


def _in_reporting_currency(
    conformed: Conformed, stored: ir.Table, column: Column, dialect: Dialect
) -> Conformed:
    """Convert money in another currency by its declared rate; without a rate it becomes null."""
    if column.unit is not Unit.MONEY or dialect.currency_column not in stored.columns:
        return conformed
    currency, value = stored[dialect.currency_column].cast("string"), conformed.value
    converted = _times(value, _rate(currency, dialect.rates))
    return Conformed((currency == dialect.currency).ifelse(value, converted), conformed.misfit)


def _times(value: ir.FloatingValue, factor: ir.DecimalValue) -> ir.FloatingValue:
    """Multiply a number by an exact factor.

    The product is formed in decimal and made float by way of text, for a cast would miss the nearest
    one; above `LARGEST_EXACT` it is formed in float, where a cent is below the last digit.
    """
    exact = _where(value.abs() < LARGEST_EXACT, value).cast(EXACT) * factor
    return exact.cast("string").cast("float64").coalesce(value * factor.cast("float64"))


def _rate(currency: ir.StringValue, rates: Mapping[str, str]) -> ir.DecimalValue:
    return reduce(
        lambda otherwise, known: (currency == known[0]).ifelse(ibis.literal(known[1]).cast(EXACT), otherwise),
        rates.items(),
        ibis.null(EXACT),
    )
