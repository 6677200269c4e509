"""Regroup the lines that a cutoff may see to one row a group: a subheading, a broker, a month."""

from collections.abc import Callable

import ibis
from ibis.expr import types as ir

from features import exact
from features.prepare import entities
from features.prepare.prepared import Prepared

Regroup = Callable[[ir.Table, Prepared], ir.Table]
SPINE_KEY = ("trader_id", "cutoff")
ROW = (*SPINE_KEY, "cutoff_quarter")


def by(*columns: str) -> Regroup:
    """Return the regrouping to one row for each combination of `columns`, empty ones left out.

    A row holds `customs_value`, its `value_share` in the trader's total, the `recent_value` of the last
    three months, `lines`, the first and last day, `first_on` and `last_on`, and `is_new`: whether the first
    day of the window on which it was met lies in the last three months; and `from_12m`, the first day of the
    last twelve.
    """

    def regroup(rows: ir.Table, prepared: Prepared) -> ir.Table:
        named = rows.filter([rows[column].notnull() for column in columns])
        recent = named.happened_on >= named.from_3m
        grouped = named.group_by(*ROW, *columns).aggregate(
            customs_value=exact.total(named.customs_value),
            recent_value=exact.total(named.customs_value, where=recent).fill_null(0.0),
            lines=named.count(),
            first_on=named.happened_on.min(),
            last_on=named.happened_on.max(),
            is_new=named.happened_on.min() >= named.from_3m.min(),
            from_12m=named.from_12m.min(),
        )
        all_of_trader = exact.total_over(grouped.customs_value, ibis.window(group_by=SPINE_KEY))
        return grouped.mutate(value_share=exact.share(grouped.customs_value, all_of_trader))

    return regroup


def then_and_now(rows: ir.Table, prepared: Prepared) -> ir.Table:
    """Bring lines to one row a heading and origin: value and taxes of the last 12 months, and before.

    `early_heading_value` and `early_heading_taxes` are those of the heading from any origin.
    """
    parts = {"late": rows.happened_on >= rows.from_12m, "early": rows.happened_on < rows.from_12m}
    sums = {
        f"{part}_{short}": exact.total(where.ifelse(rows[name], 0.0))
        for part, where in parts.items()
        for short, name in {"value": "customs_value", "taxes": "taxes"}.items()
    }
    used = rows.group_by(*ROW, "hs4", "origin_country").aggregate(**sums)
    heading = ibis.window(group_by=(*ROW, "hs4"))
    return used.mutate(
        early_heading_value=exact.total_over(used.early_value, heading),
        early_heading_taxes=exact.total_over(used.early_taxes, heading),
    )


def lately(column: str) -> Regroup:
    """Return the regrouping to one row for each value of `column`, with its use of late.

    Beside what `by` gives, a row holds `late_value`, the customs value of the last 3 months, the day
    `from_3m` on which they began, and `place`: 1 for the value of `column` with most customs value.
    """

    def regroup(rows: ir.Table, prepared: Prepared) -> ir.Table:
        named = rows.filter(rows[column].notnull())
        late = named.happened_on >= named.from_3m
        used = named.group_by(*ROW, "from_3m", column).aggregate(
            customs_value=exact.total(named.customs_value),
            late_value=exact.total(late.ifelse(named.customs_value, 0.0)),
            lines=named.count(),
            first_on=named.happened_on.min(),
            last_on=named.happened_on.max(),
        )
        most_first = ibis.window(group_by=ROW, order_by=[used.customs_value.desc(), used[column]])
        return used.mutate(place=ibis.row_number().over(most_first) + 1)

    return regroup


def rated(*entity: str) -> Regroup:
    """Return the regrouping by an entity, with the finding rate of other traders' audits that touched it."""

    def regroup(rows: ir.Table, prepared: Prepared) -> ir.Table:
        used = by(*entity)(rows, prepared)
        return entities.with_rates(
            used,
            prepared.steps_over(entity),
            of_all=prepared.audit_steps,
            quarters=prepared.quarters,
            entity=entity,
        )

    return regroup
