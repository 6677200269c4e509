"""Notes on amounts: duties off by a power of ten, rates above 1, no mass, small, nines, beyond all others."""

from collections.abc import Iterator, Mapping
from math import inf, isfinite
from typing import Any

from features.data.check.judge import EXAMPLES, CheckedTable
from features.data.check.plausibility.note import ENOUGH_ROWS, FEW, Tables, has, note, share
from features.data.contract.violation import Violation
from features.data.mapping.dialect import Dialect
from features.unit import Unit

NEAR = 0.02
"""Of a logarithm to the base of 10, some 5 %: duties are rounded, and rates have few digits."""
MOST = 0.5
"""Share of the lines with a duty from which a power of ten is no slip of single lines."""
LINES_OF_ALL, LINES_OF_AN_OFFICE = 3, 20
"""The fewest lines with a duty by which the table, or an office, is judged."""
FEWEST_UNITS = 10.0
"""Of money, in the mean line: answers are rounded to hundredths of a unit, and pages to units."""
FILLERS = tuple(
    amount
    for digits in range(8, 16)
    for below in (1.0, 0.01)
    if (amount := 10.0**digits - below) < 10.0**digits  # beside the largest a cent is lost
)
"""Amounts of nines alone, from 99,999,999 to the largest of the contract."""


def duty_beside_rate(tables: Tables, _: Dialect) -> Iterator[Violation]:
    """Tell of duties that are a power of ten times value by rate, on most lines of all or of an office."""
    if not has(tables, "declarations", "customs_value", "duty_rate", "duty_assessed"):
        return
    checked = tables["declarations"]
    groups = _powers_of_ten(checked)
    lines = sum(group["lines"] for group in groups)
    for power in sorted({group["power"] for group in groups} - {None, 0.0}):
        off = {group["office_code"]: group["lines"] for group in groups if group["power"] == power}
        if lines >= LINES_OF_ALL and sum(off.values()) >= MOST * lines:
            yield _duty_note(checked, power, rows=sum(off.values()), of=lines, where="")
            continue
        for office in sorted(off, key=str):
            of_office = sum(group["lines"] for group in groups if group["office_code"] == office)
            if of_office >= LINES_OF_AN_OFFICE and off[office] >= MOST * of_office:
                yield _duty_note(checked, power, rows=off[office], of=of_office, where=f" of office {office}")


def _powers_of_ten(checked: CheckedTable) -> list[dict[str, Any]]:
    """Return the lines with a duty by office and power of ten by which it is off, None where it is none."""
    rows = checked.good_rows("office_code", "customs_value", "duty_rate", "duty_assessed")
    rows = rows.filter(rows.customs_value > 0, rows.duty_rate > 0, rows.duty_assessed > 0)
    # differences, for a quotient of numbers far apart may be 0, of which PostgreSQL takes no logarithm
    times = rows.duty_assessed.log10() - rows.customs_value.log10() - rows.duty_rate.log10()
    rows = rows.select("office_code", times=times, power=times.round().cast("float64"))
    rows = rows.select(
        "office_code", power=((rows.times - rows.power).abs() <= NEAR).ifelse(rows.power, None)
    )
    groups: list[dict[str, Any]] = (
        rows.group_by("office_code", "power").aggregate(lines=rows.count()).to_pyarrow().to_pylist()
    )
    return groups


def _duty_note(checked: CheckedTable, power: float, *, rows: int, of: int, where: str) -> Violation:
    return note(
        checked,
        "duty_beside_rate",
        column="duty_assessed",
        rows=rows,
        found=f"On {share(rows, of)} lines{where} with a duty it is {10.0**power:g} times value by rate.",
        expected="duty near customs_value by duty_rate, with rates as fractions: 0.05 is 5 %.",
        advice="Rates in percent, or amounts in another unit, make money at stake wrong by as much. "
        'Declare the unit of the column that is off, such as duty_rate = { unit = "percent" } under '
        "[declarations.columns] in mapping.toml.",
    )


def rate_above_one(tables: Tables, _: Dialect) -> Iterator[Violation]:
    """Tell of duty rates above 1, that is 100 %, on more than a few lines."""
    for table, column in (("declarations", "duty_rate"), ("tariff", "rate")):
        if not has(tables, table, column) or not (tables[table].statistics[column].highest or 0) > 1:
            continue
        rows, of = tables[table].columns([column]), tables[table].counts[0]
        above = rows.filter(rows[column] > 1)
        counted = above.aggregate(rows=above.count(), highest=above[column].max()).to_pyarrow().to_pylist()[0]
        if counted["rows"] > FEW * of:
            yield note(
                tables[table],
                "rate_above_one",
                column=column,
                rows=counted["rows"],
                found=f"On {share(counted['rows'], of)} rows it is above 1, up to {counted['highest']:g}.",
                expected="fractions: 0.05 is 5 %, and 1 is a duty as high as the value.",
                advice="Rates in percent make money at stake a hundred times too high. Unless goods do "
                "bear such "
                f'rates, declare {column} = {{ unit = "percent" }} under [{table}.columns] in mapping.toml.',
            )


def without_mass(tables: Tables, _: Dialect) -> Iterator[Violation]:
    """Tell of lines with a net mass of 0, where they are more than a few."""
    if not has(tables, "declarations", "net_mass_kg"):
        return
    checked, of = tables["declarations"], tables["declarations"].counts[0]
    if not (checked.statistics["net_mass_kg"].lowest or 0.0) <= 0:
        return
    rows = int((checked.columns(["net_mass_kg"]).net_mass_kg == 0).sum().to_pyarrow().as_py() or 0)
    if rows > FEW * of:
        yield note(
            checked,
            "without_mass",
            column="net_mass_kg",
            rows=rows,
            found=f"On {share(rows, of)} lines it is 0.",
            expected="the net mass of the goods in kg.",
            advice="Prices by kg are empty on these lines, and the features that compare them. Find out "
            "whether 0 stands for unknown; the other quantity may be in supplementary_quantity.",
        )


def small_amounts(tables: Tables, _: Dialect) -> Iterator[Violation]:
    """Tell of a customs value whose mean is so few units that rounded answers would say little."""
    if not has(tables, "declarations", "customs_value"):
        return
    checked = tables["declarations"]
    statistics = checked.statistics["customs_value"]
    if statistics.filled and isfinite(statistics.magnitude or inf):
        mean = _mean(checked, "customs_value")
        if 0 < mean < FEWEST_UNITS:
            yield note(
                checked,
                "small_amounts",
                column="customs_value",
                rows=None,
                found=f"The mean line is worth {mean:.3g}.",
                expected="amounts in units of the reporting currency.",
                advice="Answers are rounded to hundredths of a unit and pages to units, so that little is "
                "left of such amounts. If they are in thousands, declare it for every column of money, such "
                'as customs_value = { unit = "thousands" } under [declarations.columns] in mapping.toml.',
            )


def nines(tables: Tables, _: Dialect) -> Iterator[Violation]:
    """Tell of amounts that are nines alone."""
    for checked, column in _amounts(tables):
        if _largest(checked, column) < FILLERS[1]:
            continue
        rows = checked.columns([column])
        rows = rows.filter(rows[column].abs().isin(FILLERS))
        counts = rows.group_by(column).aggregate(rows=rows.count()).order_by(column).to_pyarrow().to_pylist()
        if counts:
            yield note(
                checked,
                "amount_of_nines",
                column=column,
                rows=sum(each["rows"] for each in counts),
                found=f"{sum(each['rows'] for each in counts):,} rows have an amount of nines alone.",
                expected="amounts of money.",
                advice="Such a number fills a field whose value nobody knew, and outweighs all others. "
                "Correct it at the source, or leave the row out.",
                examples=tuple({column: f"{each[column]:.2f}"} for each in counts[:EXAMPLES]),
            )


def beyond_any_other(tables: Tables, dialect: Dialect) -> Iterator[Violation]:
    """Tell of the largest amount of a column, of lines and findings, where it is many times the next."""
    for table in ("declarations", "findings"):
        if not has(tables, table) or tables[table].counts[0] < ENOUGH_ROWS:
            continue
        checked = tables[table]
        largest = {
            column: size
            for _, column in _amounts({table: checked})
            if (size := _largest(checked, column)) > dialect.amount_factor * _mean(checked, column)
        }
        for column, second in _second_largest(checked, largest).items():
            if largest[column] > dialect.amount_factor * second:
                yield note(
                    checked,
                    "beyond_any_other",
                    column=column,
                    rows=None,
                    found=f"{largest[column]:,.2f} is {largest[column] / second:,.0f} times the next, "
                    f"{second:,.2f}.",
                    expected=f"no amount more than {dialect.amount_factor:g} times the next (amount_factor "
                    "in mapping.toml).",
                    advice="One such amount outweighs all others. Look it up: a decimal mark may be lost, or "
                    "it is in another currency.",
                )


def _second_largest(checked: CheckedTable, largest: Mapping[str, float]) -> Mapping[str, float]:
    """Return the largest size below the largest of each column, where it has one above 0."""
    if not largest:
        return {}
    rows = checked.columns(largest)
    sizes = {
        column: rows[column].abs().max(where=rows[column].abs() < size) for column, size in largest.items()
    }
    second = rows.aggregate(**sizes).to_pyarrow().to_pylist()[0]
    return {column: size for column, size in second.items() if size}


def _amounts(tables: Tables) -> Iterator[tuple[CheckedTable, str]]:
    """Yield every column of money that has finite values."""
    for checked in tables.values():
        for name, statistics in checked.statistics.items():
            if checked.table[name].unit is Unit.MONEY and isfinite(statistics.magnitude or inf):
                yield checked, name


def _largest(checked: CheckedTable, column: str) -> float:
    statistics = checked.statistics[column]
    return max(abs(float(statistics.lowest)), abs(float(statistics.highest)))


def _mean(checked: CheckedTable, column: str) -> float:
    statistics = checked.statistics[column]
    return (statistics.magnitude or 0.0) / statistics.filled
