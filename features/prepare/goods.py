"""Lines that a cutoff may see, brought to one row a group: a subheading, a broker, a month."""

from collections.abc import Callable

from ibis.expr import types as ir

from features import exact
from features.prepare import entities
from features.prepare.prepared import Prepared

Regroup = Callable[[ir.Table, Prepared], ir.Table]
ROW = ("trader_id", "cutoff", "cutoff_quarter")


def by(*columns: str) -> Regroup:
    """Return the regrouping to one row for each combination of `columns`, empty ones left out.

    A row holds `customs_value`, `lines`, and the first and last day, `first_on` and `last_on`.
    """

    def regroup(rows: ir.Table, prepared: Prepared) -> ir.Table:
        named = rows.filter([rows[column].notnull() for column in columns])
        return named.group_by(*ROW, *columns).aggregate(
            customs_value=exact.total(named.customs_value),
            lines=named.count(),
            first_on=named.happened_on.min(),
            last_on=named.happened_on.max(),
        )

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
