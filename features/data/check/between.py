"""Checks between rows: repeated keys, and identifiers that look alike."""

from collections.abc import Iterator

from ibis.expr import types as ir

from features.data.check.judge import EXAMPLES, CheckedTable, in_words
from features.data.contract.violation import Severity, Violation

LETTERS_THAT_LOOK_LATIN = "АВЕКМНОРСТУХаеорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"  # noqa: RUF001
THE_LATIN_LETTERS = "ABEKMHOPCTYXaeopcyxABEZHIKMNOPTYXo"


def duplicates(checked: CheckedTable) -> Iterator[Violation]:
    """Report repeated keys: a note where the rows are alike, else a conflict."""
    key = checked.table.key
    keys = checked.good_rows(*key)
    repeated = keys.group_by(*key).having(keys.count() > 1).aggregate(times=keys.count())
    surplus = repeated.aggregate(keys=repeated.count(), rows=repeated.times.sum()).to_pyarrow().to_pylist()[0]
    if not surplus["keys"]:
        return
    rows = checked.good_rows()
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
        advice="Decide which row is right; an amended declaration is a new version.",
        examples=tuple({name: row[name] for name in (*table.key, *differing)} for row in shown),
    )


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
