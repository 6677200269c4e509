"""Checks between rows: repeated keys, and identifiers that look alike."""

from collections.abc import Iterator

from ibis.expr import types as ir

from features.data.check.judge import EXAMPLES, CheckedTable, in_words
from features.data.contract import Table
from features.data.contract.violation import Severity, Violation
from features.data.mapping.cure import is_damaged

RESTARTED_BY = ("office_code", "accepted_on", "trader_id")
"""Columns that all rows of a declaration have alike: where they differ, several have its number."""
LETTERS_THAT_LOOK_LATIN = "АВЕКМНОРСТУХаеорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"  # noqa: RUF001
THE_LATIN_LETTERS = "ABEKMHOPCTYXaeopcyxABEZHIKMNOPTYXo"


def duplicates(checked: CheckedTable, *, all_rows: bool = False) -> Iterator[Violation]:
    """Report repeated keys: a note where the rows are alike, else a conflict.

    Rows in quarantine count with `all_rows` alone: where they are most of a table, they will be mended.
    """
    key = checked.table.key
    keys = checked.columns(key).select(*key) if all_rows else checked.good_rows(*key)
    if all_rows:
        keys = keys.drop_null(key)
    repeated = keys.group_by(*key).having(keys.count() > 1).aggregate(times=keys.count())
    surplus = repeated.aggregate(keys=repeated.count(), rows=repeated.times.sum()).to_pyarrow().to_pylist()[0]
    if not surplus["keys"]:
        return
    rows = checked.columns(checked.names).select(*checked.names) if all_rows else checked.good_rows()
    twins = rows.semi_join(repeated, [_same(rows, repeated, name) for name in key]).distinct()
    conflicts = twins.group_by(*key).having(twins.count() > 1).aggregate(times=twins.count())
    conflicting = int(conflicts.count().to_pyarrow().as_py())
    if conflicting:
        yield _conflict(checked, twins, conflicts, conflicting)
    if alike := surplus["keys"] - conflicting:
        yield _alike(checked, alike)


def _same(left: ir.Table, right: ir.Table, name: str) -> ir.BooleanValue:
    return left[name].identical_to(right[name])


def _conflict(checked: CheckedTable, twins: ir.Table, conflicts: ir.Table, keys: int) -> Violation:
    table = checked.table
    both = twins.semi_join(conflicts, [_same(twins, conflicts, name) for name in table.key])
    order = dict.fromkeys((*table.key, *table.names))
    shown = in_words(both.order_by(*order).limit(2 * EXAMPLES)).to_pyarrow().to_pylist()
    differing = [name for name in table.names if _differs(name, shown, table.key)]
    return Violation(
        table=table.name,
        rule="unique_key",
        severity=Severity.STRUCTURE,
        rows=keys,
        found=f"{keys:,} keys stand on several rows that differ.",
        expected=f"one row for each {', '.join(table.key)}.",
        advice=_what_to_do(shown, differing, table),
        examples=tuple({name: row[name] for name in (*table.key, *differing)} for row in shown),
    )


def _what_to_do(rows: list[dict[str, object]], differing: list[str], table: Table) -> str:
    """Return what probably repeats the keys: a spreadsheet, numbers or items that restart, or amendments."""
    if is_damaged(row[part] for row in rows for part in table.key):
        return (
            "Keys such as '1.01225E+11' are what a spreadsheet leaves of longer ones: export them again, "
            "as text, "
            "and do not open the file in a spreadsheet before."
        )
    restarting = [name for name in RESTARTED_BY if name in differing]
    if table.name == "declarations" and restarting:
        return (
            f"It looks like a number that restarts, for the rows of one differ in {', '.join(restarting)}: "
            f"make "
            'the key of its parts, such as declaration_id = { join = ["office", "year", "number"] } with the '
            "source's columns under [declarations.columns] in mapping.toml."
        )
    if table.name == "declarations" and {"hs_code", "customs_value"} & {*differing}:
        return (
            "Decide which row is right; an amended declaration is a new version. Where they are items of one "
            "declaration whose numbers restart, declare item_number = { count = true } under "
            "[declarations.columns] in mapping.toml."
        )
    return "Decide which row is right; an amended declaration is a new version."


def _differs(name: str, rows: list[dict[str, object]], key: tuple[str, ...]) -> bool:
    """Return whether rows of one key hold different values in the column `name`."""
    keys = {tuple(row[part] for part in key) for row in rows}
    values = {(*(row[part] for part in key), str(row[name])) for row in rows}
    return len(values) > len(keys)


def _alike(checked: CheckedTable, keys: int) -> Violation:
    return Violation(
        table=checked.table.name,
        rule="repeated_row",
        severity=Severity.NOTE,
        rows=keys,
        found=f"{keys:,} rows stand more than once, alike in every column; one of each is kept.",
        expected="each row once.",
        advice="Nothing need be done.",
    )


def look_alikes(checked: CheckedTable) -> Iterator[Violation]:
    """Note traders whose identifiers differ only in blanks, case or letters that look the same."""
    identifiers = checked.columns(["trader_id"])
    rows = identifiers.select(id=identifiers.trader_id).distinct()
    rows = rows.mutate(shape=_shape(rows.id))
    groups = rows.group_by("shape").having(rows.count() > 1).aggregate(ids=rows.count())
    number = int(groups.count().to_pyarrow().as_py())
    if number:
        alike = rows.semi_join(groups, "shape").order_by("shape", "id").limit(2 * EXAMPLES)
        yield Violation(
            table=checked.table.name,
            column="trader_id",
            rule="look_alike",
            severity=Severity.NOTE,
            rows=number,
            found=f"{number:,} groups of identifiers look alike and are not the same.",
            expected="one identifier for one trader.",
            advice="They are kept apart. If they are one trader, correct the source.",
            examples=tuple({"trader_id": row["id"]} for row in alike.to_pyarrow().to_pylist()),
        )


def _shape(identifier: ir.StringValue) -> ir.StringValue:
    bare = identifier.re_replace("[\\s\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]+", "")
    return bare.translate(LETTERS_THAT_LOOK_LATIN, THE_LATIN_LETTERS).lower()
