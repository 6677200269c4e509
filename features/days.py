"""Days that statements name and that follow from the cutoffs of a build, so that they are filled in last."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import ibis.expr.operations as ops
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.expr import datatypes as dt
from ibis.expr import types as ir

from features.spine import months_before, quarter_of

LONGEST_WINDOW = 24
WINDOWS = (3, 6, 12, 24)
NAMED = re.compile(r"day (\w+) less (\d+) months")


def _first_day(cutoffs: Sequence[date]) -> date:
    """Return the first day that any window reaches."""
    return months_before(cutoffs[0], LONGEST_WINDOW)


ANCHORS: Mapping[str, Callable[[Sequence[date]], date]] = {
    "first_cutoff": lambda cutoffs: cutoffs[0],
    "last_cutoff": lambda cutoffs: cutoffs[-1],
    "first_day": _first_day,
    "first_quarter": lambda cutoffs: quarter_of(_first_day(cutoffs)),
}
"""From which day others are counted, given the cutoffs in order."""


def named_day(anchor: str, months: int = 0) -> ir.DateScalar:
    """Return the day so many months before one of `ANCHORS`."""
    return NamedDay(anchor, months).to_expr()


def with_days(statement: str, cutoffs: Sequence[date]) -> str:
    """Return a statement with the days that it names, which follow from the cutoffs, in order."""

    def day(name: re.Match[str]) -> str:
        return months_before(ANCHORS[name[1]](cutoffs), int(name[2])).isoformat()

    return NAMED.sub(day, statement)


class NamedDay(ops.Constant):  # type: ignore[misc]  # Ibis has no types here
    """A day by its name, which `with_days` replaces: Python works it out, so all engines mean the same."""

    anchor: str
    months: int
    dtype = dt.date

    def written(self, compiler: SQLGlotCompiler) -> sge.Expression:
        """Return the name in the SQL of an engine, as a text that is read as a day."""
        name = sge.convert(f"day {self.anchor} less {self.months} months")
        written: sge.Expression = compiler.cast(name, self.dtype)
        return written


def _visit(compiler: SQLGlotCompiler, op: NamedDay, **_: Any) -> sge.Expression:
    return op.written(compiler)


SQLGlotCompiler.visit_NamedDay = _visit  # where the compilers of all engines look an operation up, by name
