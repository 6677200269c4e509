"""Notes on identifiers and codes: words for nothing, one on many lines, many that end as others begin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ibis.expr import types as ir

from features.data.check.judge import CheckedTable
from features.data.check.plausibility.note import ENOUGH_ROWS, Tables, has, note, share
from features.data.contract.violation import Violation
from features.data.mapping.dialect import Dialect

IDENTIFIERS = ("trader_id", "declarant_id", "seller_id")
BROKER = "declarant_id"
"""One may well serve half a country."""
CODES = ("hs_code",)
"""Columns of declarations whose values mean the same for years."""
WORDS = (
    *(
        "null",
        "n/a",
        "#n/a",
        "na",
        "<na>",
        "nan",
        "none",
        "nil",
        "unknown",
        "tbd",
        "x",
        "xx",
        "xxx",
        "?",
        ".",
    ),
    *("-" * length for length in range(1, 6)),
    *("0" * length for length in range(1, 15)),
    *("9" * length for length in range(4, 15)),
)
"""Values, in small letters, by which exports and people say that there is none."""
LINES_OF_A_VALUE, FEWEST_VALUES = 10, 20
"""How many lines a value must have, and how many such values there must be, to tell a break from chance."""
SETTLED, AROUND = 6, 3
"""Months that there must be on each side of a break, and months on each side that are compared."""
TURNOVER = 0.1
"""Share of the lines a month from which values that end, or begin, are more than single ones that do."""


@dataclass(frozen=True, kw_only=True)
class Values:
    """Values of a column with their first and last lines in the same months, alike in the flags.

    Months count from the year 0. `is_word` is true for words for nothing, `is_frequent` where each value has
    at least ten lines. `most` is the number of lines of the most frequent of them, `example`.
    """

    first_month: int
    last_month: int
    is_word: bool
    is_frequent: bool
    values: int
    lines: int
    most: int
    example: str

    @property
    def monthly_lines(self) -> float:
        """The lines a month, from the first to the last."""
        return self.lines / (self.last_month - self.first_month + 1)


@dataclass(frozen=True)
class Turnover:
    """A month before which values ended and from which others began, as shares of the lines a month."""

    month: int
    ended_share: float
    begun_share: float


def implausible_values(tables: Tables, dialect: Dialect) -> Iterator[Violation]:
    """Tell what the identifiers and codes of lines say, each column from one query."""
    for column in (*IDENTIFIERS, *CODES):
        if has(tables, "declarations", column):
            checked = tables["declarations"]
            values = values_of(checked, column)
            if column in IDENTIFIERS:
                yield from words_for_nothing(checked, column, values)
                if column != BROKER:
                    yield from on_many_lines(checked, column, values, most=dialect.frequent_share)
            yield from end_as_others_begin(checked, column, values)


def values_of(checked: CheckedTable, column: str) -> list[Values]:
    """Return the values of a column of declarations, grouped as `Values` are."""
    rows = checked.good_rows(column, "accepted_on")
    first_on, last_on = rows.accepted_on.min(), rows.accepted_on.max()
    each = rows.group_by(value=rows[column]).aggregate(
        lines=rows.count(), first_month=_month(first_on), last_month=_month(last_on)
    )
    grouped = each.group_by(
        "first_month",
        "last_month",
        is_word=each.value.strip().lower().isin(WORDS),
        is_frequent=each.lines >= LINES_OF_A_VALUE,
    ).aggregate(
        values=each.value.count(),
        lines=each.lines.sum(),
        most=each.lines.max(),
        example=each.value.argmax(each.lines),
    )
    return [Values(**row) for row in grouped.to_pyarrow().to_pylist() if row["is_word"] is not None]


def _month(day: ir.DateValue) -> ir.IntegerValue:
    return day.year().cast("int64") * 12 + day.month().cast("int64") - 1


def words_for_nothing(checked: CheckedTable, column: str, values: Sequence[Values]) -> Iterator[Violation]:
    """Tell of identifiers that say that there is none."""
    words = [each for each in values if each.is_word]
    if words:
        lines = sum(each.lines for each in words)
        most = max(words, key=lambda each: each.most)
        yield note(
            checked,
            "word_for_nothing",
            column=column,
            rows=lines,
            found=f"{share(lines, checked.counts[0])} lines have a value that says there is none, such as "
            f"'{most.example}'.",
            expected="an identifier, or an empty value where there is none.",
            advice="All these lines count as those of one party, with a past and a rank of its own. "
            "Declare it as "
            f'unknown: {column} = {{ unknown = ["{most.example}"] }} under [declarations.columns] in '
            f"mapping.toml. "
            "The lines then count for prices and for other parties.",
            examples=({column: most.example, "lines": most.most},),
        )


def on_many_lines(
    checked: CheckedTable, column: str, values: Sequence[Values], *, most: float
) -> Iterator[Violation]:
    """Tell of one identifier on more than a share of the lines, where there are others enough."""
    lines, first = checked.counts[0], max(values, key=lambda each: each.most, default=None)
    if first is None or lines < ENOUGH_ROWS or sum(each.values for each in values) < FEWEST_VALUES:
        return
    if first.most > most * lines:
        yield note(
            checked,
            "on_many_lines",
            column=column,
            rows=first.most,
            found=f"'{first.example}' is on {share(first.most, lines)} lines.",
            expected=f"no identifier on more than {most:.0%} of the lines (frequent_share in mapping.toml).",
            advice="Where it stands for several, or for unknown, their past is mixed: export each under its "
            "own, or an empty value. If it is one party, raise frequent_share.",
            examples=({column: first.example, "lines": first.most},),
        )


def end_as_others_begin(checked: CheckedTable, column: str, values: Sequence[Values]) -> Iterator[Violation]:
    """Tell where many values end and many others begin: a revision of codes, or new numbers for all."""
    largest = turnover(values)
    if largest is None:
        return
    year, month = divmod(largest.month, 12)
    yield note(
        checked,
        "end_as_others_begin",
        column=column,
        rows=None,
        found=f"Values with {largest.begun_share:.0%} of the lines are new from {year}-{month + 1:02} on, "
        f"and those with {largest.ended_share:.0%} of the lines before have none any more.",
        expected="values that mean the same, and the same value for it, in all years.",
        advice=ADVICE.get(column, OTHER_ADVICE),
    )


OTHER_ADVICE = (
    "Where the same parties got new numbers, each begins without a past. Export the new ones for all years."
)
ADVICE = {
    "trader_id": "Where traders got new numbers, each begins without a past, audits included. Export the new "
    "numbers for all years, in every table.",
    "hs_code": "After a revision of the tariff, prices and habits under the old codes are lost. Export the "
    "codes of one edition for all years, by the correlation table.",
}


def turnover(values: Sequence[Values]) -> Turnover | None:
    """Return the month from which most trade is under values that begin as others end, None if little is.

    Values with ten lines or more are compared that have any in the three months before a month, or in the
    three from it on; each counts by its lines a month.
    """
    frequent = [each for each in values if each.is_frequent and not each.is_word]
    if sum(each.values for each in frequent) < FEWEST_VALUES:
        return None
    start, end = min(each.first_month for each in frequent), max(each.last_month for each in frequent)
    months = [_turnover(frequent, month) for month in range(start + SETTLED, end - SETTLED + 2)]
    largest = max(months, key=lambda each: min(each.ended_share, each.begun_share), default=None)
    if largest is None or min(largest.ended_share, largest.begun_share) < TURNOVER:
        return None
    return largest


def _turnover(values: Sequence[Values], month: int) -> Turnover:
    before = [each for each in values if each.first_month < month and each.last_month >= month - AROUND]
    after = [each for each in values if each.last_month >= month and each.first_month < month + AROUND]
    ended = sum(each.monthly_lines for each in before if each.last_month < month)
    begun = sum(each.monthly_lines for each in after if each.first_month >= month)
    return Turnover(
        month,
        ended / (sum(each.monthly_lines for each in before) or 1.0),
        begun / (sum(each.monthly_lines for each in after) or 1.0),
    )
