"""Wrong columns: optional ones with nearly every value wrong are left out, so that the rows stay."""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from operator import or_

from features.data.check.conditions import misfit_name
from features.data.check.judge import CheckedTable
from features.data.contract.violation import Severity, Violation

WRONG_SHARE = 0.95
"""Of the values of a column. So many are no slips but another code or unit: the rows are not at fault."""


def wrong_columns(checked: CheckedTable) -> Iterator[Violation]:
    """Yield a note for each descriptive column at least 95 % of whose values break a rule or do not fit.

    It is the violation of the rule that most values break, with its examples.
    """
    broken = {number: checked.tests[number].column for number in checked.failed}
    for name in checked.table.descriptive:
        numbers = [number for number, column in broken.items() if column == name]
        if not numbers:
            continue
        wrong, filled = _count(checked, name, numbers)
        if wrong >= WRONG_SHARE * filled:
            test = max(numbers, key=lambda number: checked.counts[1][number])
            yield _left_out(checked.violation(test), wrong=wrong, filled=filled)


def _count(checked: CheckedTable, name: str, numbers: list[int]) -> tuple[int, int]:
    """Return how many values of a column fail one of the tests, and how many there are."""
    rows = checked.columns([name, *(shown for number in numbers for shown in checked.tests[number].shown)])
    filled = rows[name].notnull()
    if misfit_name(name) in rows.columns:
        filled |= rows[misfit_name(name)].fill_null(False)
    wrong = reduce(or_, (checked.fails(number, rows) for number in numbers))
    counted = rows.aggregate(wrong=wrong.sum(), filled=filled.sum()).to_pyarrow().to_pylist()[0]
    return int(counted["wrong"]), int(counted["filled"])


def _left_out(violation: Violation, *, wrong: int, filled: int) -> Violation:
    return replace(
        violation,
        severity=Severity.NOTE,
        rows=wrong,
        found=f"{wrong:,} of {filled:,} values are wrong: the column is left out, and no row with it.",
        advice=f"{violation.advice} Until then the column counts as absent: features that need it are empty.",
    )
