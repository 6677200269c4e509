"""Exact sums and means: they do not depend on the order of their terms.

Floating-point sums change in their last digits with the order of the rows, and engines that work in
parallel give no order. So each term is split into whole hundredths and a rest, counted in steps of
1 / `STEPS_OF_REST`; each is summed as whole numbers, which is exact: the same rows give the same bits,
whatever their order, the number of threads, or the rows of other traders beside them. The rest of an amount
in cents is nothing, so that cents stay cents; in currencies of smaller units it keeps their digits.

DuckDB has whole numbers of 128 bits. Where they have 64, and in windows, whole thousands are a part of their
own, so that a term may be as large as 9e21: a total of 1e18 at the largest rate, and more. PostgreSQL sums
them in as many bits as it takes. Spark takes 64: enough for a total of 9e21, and for two million rows whose
rests are all as large as they can be. Beyond, it stops with an error.
"""

from functools import cache
from typing import Any

import ibis
import ibis.expr.operations as ops
import sqlglot
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler
from ibis.expr import datatypes as dt
from ibis.expr import types as ir
from ibis.expr.operations.reductions import Filterable

THOUSAND = 1000.0
HUNDREDTHS = 100.0
STEPS_OF_REST = 10**15
STEPS = 10**12


def as_float(value: ir.NumericValue) -> ir.FloatingValue:
    """Return the value as float64, also where Ibis takes it for one already but the engine for a decimal."""
    return ops.Cast(value, "float64").to_expr()


def total(terms: ir.NumericColumn, where: ir.BooleanValue | None = None) -> ir.FloatingScalar:
    """Return the sum of the terms, empty where there is none."""
    if not terms.type().is_floating():
        return terms.sum(where=where).cast("float64")
    return ExactSum(terms, where=where).to_expr()


def total_over(terms: ir.FloatingColumn, window: object) -> ir.FloatingColumn:
    """Return the sum of the terms in each row's window, empty where there is none."""
    return _sum_of_parts(terms, None).over(window)


class ExactSum(Filterable, ops.Reduction):  # type: ignore[misc]  # Ibis has no types here
    """An exact sum, of which Ibis sees one operation and the engine all parts.

    Ibis passes over each operation many times before a statement is written. In its terms a sum is forty
    operations, and a build has hundreds of sums: to write their statements took longer than to answer them.
    """

    arg: ops.Column[dt.Floating]
    dtype = dt.float64

    def written(
        self, compiler: SQLGlotCompiler, *, arg: sge.Expression, where: sge.Expression | None
    ) -> sge.Expression:
        """Return the sum in the SQL of an engine."""
        columns: dict[str, Any] = {"term": sge.paren(arg, copy=False), "counted": where}
        template = _written(compiler, has_condition=where is not None)
        written: sge.Expression = template.transform(
            lambda node: columns[node.name] if isinstance(node, sge.Column) else node
        )
        return written


@cache
def _written(compiler: SQLGlotCompiler, *, has_condition: bool) -> sge.Expression:
    """Return the sum of a column `term` where `counted`, in the SQL of an engine."""
    if isinstance(compiler, DuckDBCompiler):
        return _sum_of_two_parts("FILTER (WHERE counted)" if has_condition else "")
    rows = ibis.table({"term": "float64", "counted": "boolean"}, name="rows")
    value = _sum_of_parts(rows.term, rows.counted if has_condition else None)
    [aliased] = compiler.to_sqlglot(rows.aggregate(value=value)).expressions
    written: sge.Expression = aliased.this
    return written


def _sum_of_two_parts(condition: str) -> sge.Expression:
    """Return the sum of a column `term` in whole numbers of 128 bits, which Ibis has no type for."""
    hundredths = f"FLOOR(term * {HUNDREDTHS} + 0.5)"
    rest = f"FLOOR((term - {hundredths} / {HUNDREDTHS}) * {float(STEPS_OF_REST)} + 0.5)"
    sums = [f"CAST(SUM(CAST({part} AS HUGEINT)) {condition} AS DOUBLE)" for part in (hundredths, rest)]
    value = sqlglot.parse_one(
        f"{sums[0]} / {HUNDREDTHS} + {sums[1]} / {float(STEPS_OF_REST)}", dialect="duckdb"
    )
    return sge.paren(value, copy=False)


def _visit(
    compiler: SQLGlotCompiler, op: ExactSum, *, arg: sge.Expression, where: sge.Expression | None
) -> sge.Expression:
    return op.written(compiler, arg=arg, where=where)


SQLGlotCompiler.visit_ExactSum = _visit  # where the compilers of all engines look an operation up, by name


def _sum_of_parts(terms: ir.FloatingColumn, where: ir.BooleanValue | None) -> ir.FloatingScalar:
    thousands = _nearest(terms / THOUSAND)
    hundredths = _nearest((terms - as_float(thousands) * THOUSAND) * HUNDREDTHS)
    whole = as_float(thousands) * THOUSAND + as_float(hundredths) / HUNDREDTHS
    rest = _nearest((terms - whole) * float(STEPS_OF_REST))
    sums = [as_float(part.sum(where=where)) for part in (thousands, hundredths, rest)]
    return sums[0] * THOUSAND + sums[1] / HUNDREDTHS + sums[2] / float(STEPS_OF_REST)


def stepped(value: ir.FloatingValue) -> ir.FloatingValue:
    """Return a logarithm or share in whole steps of 1 / `STEPS`, so that equal values have equal means."""
    return _nearest(value * float(STEPS)).cast("float64") / float(STEPS)


def _nearest(value: ir.FloatingValue) -> ir.IntegerValue:
    """Return the nearest whole number; halves go up on every engine, `round` differs there."""
    return (value + 0.5).floor()


def mean(terms: ir.NumericColumn, where: ir.BooleanValue | None = None) -> ir.FloatingScalar:
    """Return the mean of the terms, empty where there is none."""
    return total(terms, where) / terms.count(where=where).cast("float64").nullif(0.0)


def order_free(value: ir.Value) -> ir.Value:
    """Return `value` with every sum and mean of floating-point terms in it taken exactly."""
    return value.op().replace(_exact, filter=ops.Value).to_expr()


def _exact(node: ops.Node, arguments: dict[str, object] | None) -> ops.Node:
    node = node.__recreate__(arguments) if arguments else node
    if isinstance(node, ops.Sum | ops.Mean) and node.arg.dtype.is_floating():
        reduction = total if isinstance(node, ops.Sum) else mean
        where = None if node.where is None else node.where.to_expr()
        return reduction(node.arg.to_expr(), where).op()
    return node


def share(part: ir.NumericValue, whole: ir.NumericValue) -> ir.FloatingValue:
    """Return part / whole; a part without terms is 0, a whole of zero or without terms gives nothing."""
    return part.cast("float64").fill_null(0.0) / whole.cast("float64").nullif(0.0)


def share_where(amounts: ir.NumericColumn, condition: ir.BooleanValue) -> ir.FloatingScalar:
    """Return the share of the amounts for which the condition holds, of those for which it is known."""
    known = condition.cast("int32").notnull()  # Spark does not read `x IS NULL IS NOT NULL`
    return share(amounts.sum(where=condition), amounts.sum(where=known))


def count_share_where(condition: ir.BooleanColumn) -> ir.FloatingScalar:
    """Return the share of rows for which the condition holds, of those for which it is known."""
    return share(condition.sum(), condition.count())


def weighted_mean(values: ir.NumericColumn, weights: ir.NumericColumn) -> ir.FloatingScalar:
    """Return the mean of the values that are known, each weighted; empty where the weights sum to zero."""
    known = values.notnull()
    return (values * weights).sum() / weights.sum(where=known).cast("float64").nullif(0.0)
