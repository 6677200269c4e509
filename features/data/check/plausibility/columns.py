"""Notes on codes and columns: one value on every row, countries that are none."""

from collections.abc import Iterator
from dataclasses import replace

from features.data.check.advice import countries_advice
from features.data.check.plausibility.note import ENOUGH_ROWS, Tables, has, note, share
from features.data.contract.countries import OTHER_CODES, is_unknown
from features.data.contract.violation import Severity, Violation
from features.data.mapping.dialect import Dialect

COUNTRY_COLUMNS = ("origin_country", "dispatch_country")
COUNTRIES_SHOWN = 10
LEAVE_OUT = "If the export fills it because the system lacks it, leave the column out."
KNOW_OF = "If the export fills it because the system lacks it, estimates rest on that assumption."


def one_value(tables: Tables, _: Dialect) -> Iterator[Violation]:
    """Tell of columns that have the same value on every row."""
    for checked in tables.values():
        rows = checked.counts[0]
        for name, statistics in checked.statistics.items():
            if name in checked.table.key:
                continue
            is_constant = statistics.filled == rows and statistics.lowest == statistics.highest
            if rows >= ENOUGH_ROWS and is_constant:
                column = checked.table[name]
                yield note(
                    checked,
                    "one_value",
                    column=name,
                    rows=rows,
                    found=f"It is '{statistics.lowest}' on all {rows:,} rows.",
                    expected=f"values that differ: {column.meaning}.",
                    advice="What the column says is said of every row, so features of it say nothing. "
                    + (LEAVE_OUT if not column.required else KNOW_OF),
                )


def unknown_countries(tables: Tables, dialect: Dialect) -> Iterator[Violation]:
    """Tell of countries that are neither in ISO 3166-1 nor declared; above a share of the lines they refuse.

    Where they are many they are no slips: the column means something else, as does all that compares by it.
    """
    for column in COUNTRY_COLUMNS:
        if not has(tables, "declarations", column):
            continue
        checked, of = tables["declarations"], tables["declarations"].counts[0]
        rows = checked.good_rows(column)
        counts = rows.group_by(column).aggregate(lines=rows.count()).to_pyarrow().to_pylist()
        unknown = [each for each in counts if is_unknown(each[column], dialect.countries)]
        if not unknown:
            continue
        lines = sum(each["lines"] for each in unknown)
        most = sorted(unknown, key=lambda each: (-each["lines"], each[column]))[:COUNTRIES_SHOWN]
        violation = note(
            checked,
            "unknown_country",
            column=column,
            rows=lines,
            found=f"{share(lines, of)} lines name no country of ISO 3166-1.",
            expected=f"its two letters, such as GB for the United Kingdom; others on at most "
            f"{dialect.unknown_country_share:.0%} of the lines.",
            advice="Each such code counts as a country of its own, with prices of its own. "
            + countries_advice([each[column] for each in most], checked.table[column], dialect),
            examples=tuple(each | {"meaning": OTHER_CODES.get(each[column], "none")} for each in most),
        )
        is_refused = lines > dialect.unknown_country_share * of
        yield replace(violation, severity=Severity.STRUCTURE) if is_refused else violation
