"""Levies beside duty, VAT and excise, brought to the lines on which they were assessed."""

import ibis
from ibis.expr import types as ir

from features import exact
from features.data.contract.rule import LARGEST_RATE
from features.data.warehouse.tables import Stores

VERSION = ["declaration_id", "item_number", "version"]


def declared(tables: Stores) -> ir.Table:
    """Return the declarations of a warehouse with the levies of each line counted, where it has any."""
    declarations = tables.table("declarations")
    if not tables.has("levies.amount"):
        return without_levies(declarations)
    return with_levies(declarations, tables.materialise(by_version(tables.table("levies"))))


def by_version(levies: ir.Table) -> ir.Table:
    """Return what was `levied` on each version of a line, the sum of rates, and of amounts without one."""
    unrated = levies.rate.isnull().ifelse(levies.amount, 0.0)
    return levies.group_by(*VERSION).aggregate(
        levied=exact.total(levies.amount),
        levied_rate=exact.total(levies.rate.fill_null(0.0)),
        levied_unrated=exact.total(unrated),
    )


def with_levies(declarations: ir.Table, levied: ir.Table) -> ir.Table:
    """Count what was levied on a line as duty: it is lost with the value and the code, and taxed as duty is.

    `duty_assessed` gains what was `levied`, which stands beside it, empty where a line bears none, and
    `plain_duty` is the duty alone. `levy_rate` is the sum of the rates of the levies of a line; where one has
    no rate, its amount per customs value.
    """
    joined = declarations.left_join(levied, VERSION)
    names = [name for name in declarations.columns if name != "duty_assessed"]
    unrated = exact.share(joined.levied_unrated, joined.customs_value).fill_null(0.0)
    rate = (joined.levied_rate.fill_null(0.0) + unrated).clip(0.0, LARGEST_RATE)
    return joined.select(
        *names,
        duty_assessed=joined.duty_assessed + joined.levied.fill_null(0.0),
        plain_duty=joined.duty_assessed,
        levied=joined.levied,
        levy_rate=exact.stepped(rate),
    )


def without_levies(declarations: ir.Table) -> ir.Table:
    """Add the same columns where an administration has no table of levies."""
    return declarations.mutate(
        plain_duty=declarations.duty_assessed, levied=ibis.null("float64"), levy_rate=ibis.null("float64")
    )
