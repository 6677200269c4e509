"""Notes on codes and columns: one value on every row, countries that are none."""

from collections.abc import Iterator

from features.data.check.judge import EXAMPLES
from features.data.check.plausibility.countries import OTHER_CODES, is_unknown
from features.data.check.plausibility.note import ENOUGH_ROWS, Tables, has, note, share
from features.data.contract.violation import Violation
from features.data.mapping.dialect import Dialect

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


def unknown_countries(tables: Tables, _: Dialect) -> Iterator[Violation]:
    """Tell of countries that are not in ISO 3166-1."""
    if not has(tables, "declarations", "origin_country"):
        return
    checked = tables["declarations"]
    rows = checked.columns(["origin_country"])
    counts = rows.group_by("origin_country").aggregate(lines=rows.count()).to_pyarrow().to_pylist()
    unknown = [each for each in counts if is_unknown(each["origin_country"])]
    if unknown:
        lines = sum(each["lines"] for each in unknown)
        most = sorted(unknown, key=lambda each: (-each["lines"], each["origin_country"]))[:EXAMPLES]
        yield note(
            checked,
            "unknown_country",
            column="origin_country",
            rows=lines,
            found=f"{share(lines, checked.counts[0])} lines name no country of ISO 3166-1.",
            expected="its two letters, such as GB for the United Kingdom.",
            advice="Each such code counts as a country of its own, with prices of its own. Declare what is "
            "meant: "
            'origin_country = { codes = { UK = "GB" }, unknown = ["XX", "ZZ"] } under '
            "[declarations.columns] in "
            "mapping.toml.",
            examples=tuple(
                each | {"meaning": OTHER_CODES.get(each["origin_country"], "none")} for each in most
            ),
        )
