"""Validation rules for a value or a row: each a predicate and its description."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from ibis.expr import types as ir

from features.data.contract.violation import Severity

EARLIEST_DAY = date(1990, 1, 1)
LATEST_DAY = date(9999, 12, 31)
YEARS_PLANNED = 10
LARGEST_NUMBER = 1e15
"""The largest size of an amount of money, a mass or any other quantity, in whatever currency or unit. Sums
are exact up to it (`features.exact`), and a float64 still tells its quarters apart."""
LARGEST_WHOLE = 2**53
"""The largest size of a whole number: a float64 holds all up to it, JSON and spreadsheets none above it for
certain."""
LARGEST_RATE = 40.0
"""The largest rate of duty, 4,000 %: the highest in force, on spirits, is 3,000 %."""


@dataclass(frozen=True)
class Rule:
    """A rule for the values of one column; an empty value breaks no rule but `filled`.

    `broken(value, today)` is true where the rule is broken. Days are compared with `today`, the
    day of the check, so that a check can be repeated.
    """

    name: str
    words: str
    broken: Callable[[ir.Column, date], ir.BooleanValue]


@dataclass(frozen=True)
class RowRule:
    """A rule between `columns` of one row; a comparison with an empty value passes."""

    name: str
    words: str
    columns: tuple[str, ...]
    broken: Callable[[ir.Table], ir.BooleanValue]


@dataclass(frozen=True, kw_only=True)
class TablesRule:
    """A rule between a row, the other rows of its table, and those of other tables.

    `broken(tables)` returns the key of each row that breaks it. `column` is the one at fault, if it is one;
    `columns` are those of the row that the rule reads beside its key.
    """

    name: str
    words: str
    columns: tuple[str, ...]
    broken: Callable[[Mapping[str, ir.Table]], ir.Table]
    column: str | None = None
    severity: Severity = Severity.ROW
    advice: str = "Correct the rows at the source, or leave them out."

    @property
    def sentence(self) -> str:
        """The rule with the column that it is about."""
        return f"{self.column} {self.words}" if self.column else self.words


FILLED = Rule("filled", "must have a value", lambda value, _: value.isnull())
FINITE = Rule("finite", "must be a finite number", lambda value, _: value.isnan() | value.isinf())
NUMBER_IN_DOMAIN = Rule(
    "largest",
    f"must be from -{LARGEST_NUMBER:,.0f} to {LARGEST_NUMBER:,.0f}",
    lambda value, _: ((value < -LARGEST_NUMBER) | (value > LARGEST_NUMBER)) & ~value.isinf(),
)
WHOLE_IN_DOMAIN = Rule(
    "largest",
    f"must be from -{LARGEST_WHOLE:,} to {LARGEST_WHOLE:,}",
    lambda value, _: (value < -LARGEST_WHOLE) | (value > LARGEST_WHOLE),
)
RATE = Rule(
    "rate",
    f"must be from 0 to {LARGEST_RATE:.0f}, a fraction: 0.05 is 5 %",
    lambda value, _: (value < 0) | (value > LARGEST_RATE),
)
NOT_NEGATIVE = Rule("not_negative", "must not be negative", lambda value, _: value < 0)
POSITIVE = Rule("positive", "must be above zero", lambda value, _: value <= 0)
PROBABILITY = Rule(
    "probability", "must be above 0 and at most 1", lambda value, _: (value <= 0) | (value > 1)
)
CLEAN_IDENTIFIER = Rule(
    "identifier",
    "must hold no control characters",
    lambda value, _: value.re_search(r"[\x00-\x1f\x7f]"),
)
PAST_DAY = Rule(
    "past_day",
    f"must be a day from {EARLIEST_DAY.year} up to the day of the check",
    lambda value, today: (value < EARLIEST_DAY) | (value > today),
)
PLANNED_DAY = Rule(
    "planned_day",
    f"must be a day from {EARLIEST_DAY.year} up to {YEARS_PLANNED} years ahead",
    lambda value, today: (value < EARLIEST_DAY) | (value > date(today.year + YEARS_PLANNED, 12, 31)),
)
ANY_DAY = Rule(
    "day",
    f"must be a day from {EARLIEST_DAY.year} to {LATEST_DAY.year}",
    lambda value, _: (value < EARLIEST_DAY) | (value > LATEST_DAY),
)


def at_least(lowest: int) -> Rule:
    """Return the rule that a number is `lowest` or more."""
    return Rule(f"at_least_{lowest}", f"must be {lowest} or more", lambda value, _: value < lowest)


def between(lowest: int, highest: int) -> Rule:
    """Return the rule that a number lies in [`lowest`, `highest`]."""
    return Rule(
        f"between_{lowest}_and_{highest}",
        f"must be from {lowest} to {highest}",
        lambda value, _: (value < lowest) | (value > highest),
    )


def one_of(*codes: str) -> Rule:
    """Return the rule that a text is one of `codes`."""
    return Rule("code", f"must be one of {', '.join(codes)}", lambda value, _: value.notin(codes))


def matches(name: str, words: str, pattern: str) -> Rule:
    """Return the rule that the whole text matches `pattern`, a regular expression for every engine."""
    return Rule(name, words, lambda value, _: ~value.re_search(f"^({pattern})$"))


def in_order(earlier: str, later: str) -> RowRule:
    """Return the rule that `later` is not before `earlier` (open ends, that is nulls, pass)."""
    return RowRule(
        f"{later}_from_{earlier}",
        f"{later} must not be before {earlier}",
        (earlier, later),
        lambda row: row[later] < row[earlier],
    )


def without(rows: ir.Table, others: ir.Table, key: tuple[str, ...]) -> ir.Table:
    """Return the rows whose key no other row has.

    An anti join says the same, and is not written as PostgreSQL takes it where another join follows.
    """
    there = others.select(**{f"other_{name}": others[name] for name in key})
    joined = rows.left_join(there, [rows[name] == there[f"other_{name}"] for name in key])
    return joined.filter(joined[f"other_{key[0]}"].isnull()).select(*rows.columns)
