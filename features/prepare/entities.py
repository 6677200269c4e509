"""Records of brokers, sellers, headings and origins: how often audits found something, and how much.

The rates of an entity leave the trader's own audits out, and are shrunk towards those over all other
traders' audits: with n audits behind it, k of them with a finding, and p over all,

    rate = (k + PRIOR_AUDITS x p) / (n + PRIOR_AUDITS)

so that an entity seen once says little (empirical Bayes with a fixed prior weight). So is what was assessed
per customs value in scope. An audit stands behind an entity when a line in its scope, as first declared,
names the entity. What counts is what was known when the cutoff's quarter began.
"""

from collections.abc import Sequence

import ibis
from ibis.expr import types as ir

from features import exact
from features.as_known import known_in_earlier_quarter
from features.prepare.lines import first_of_quarter

PRIOR_AUDITS = 10.0
NAMES = ("declarant_id", "seller_id", "hs4", "hs6", "origin_country")
"""The columns of a line that name entities."""


COUNTS = ("audits", "adjusted", "assessed", "audited_value")
"""What is counted of closed audits: see `track.closed`."""


def steps(closed: ir.Table) -> ir.Table:
    """Return what each state of a closed audit changes of its `COUNTS`, by `known_quarter`.

    An audit whose money is later reduced to nothing is adjusted no more: a step of -1.
    """
    before = ibis.window(group_by="audit_id", order_by="known_on")
    return closed.select(
        "audit_id",
        "trader_id",
        "period_from",
        "period_to",
        known_quarter=first_of_quarter(closed.known_on),
        **{name: closed[name] - closed[name].lag().over(before).fill_null(0.0) for name in COUNTS},
    )


def in_scope(steps: ir.Table, first_versions: ir.Table) -> ir.Table:
    """Return what the lines in each audit's scope name (`NAMES`), and the quarter in which it became known.

    One look at the lines serves all entities.
    """
    audited = steps.select("audit_id", "trader_id", "period_from", "period_to").distinct()
    scope = first_versions.join(audited, "trader_id")
    inside = scope.filter(scope.accepted_on >= scope.period_from, scope.accepted_on <= scope.period_to)
    return inside.group_by("audit_id", *NAMES).aggregate(named_quarter=inside.known_quarter.min())


def by_entity(steps: ir.Table, scope: ir.Table, entity: Sequence[str]) -> ir.Table:
    """Spread the steps of each audit over the entities that the lines in its `scope` name.

    A step counts for an entity from the quarter in which both it and such a line were known.
    """
    naming = scope.filter([scope[column].notnull() for column in entity])
    named = naming.group_by("audit_id", *entity).aggregate(named_quarter=naming.named_quarter.min())
    spread = steps.join(named, "audit_id")
    both = ibis.greatest(spread.known_quarter, spread.named_quarter)
    return spread.mutate(known_quarter=both).drop("named_quarter")


def with_rates(
    rows: ir.Table, spread: ir.Table, *, of_all: ir.Table, quarters: ir.Table, entity: Sequence[str]
) -> ir.Table:
    """Add `finding_rate`, `finding_yield` and `audits_behind` to rows of trader, cutoff and entity.

    `rows` has trader_id, cutoff_quarter and the columns of `entity`; `spread` are the steps of audits spread
    over entities, `of_all` the steps themselves, which give the rates that small numbers are shrunk to. The
    yield is what was assessed per customs value in scope. The trader's own audits are left out; the rates
    are empty where no audit of another trader has closed.
    """
    columns = rows.columns
    key = [*entity, "cutoff_quarter"]
    rows = _joined(rows, _totals(spread, quarters, entity), key, "entity")
    rows = _joined(rows, _totals(spread, quarters, [*entity, "trader_id"]), [*key, "trader_id"], "own_entity")
    rows = _joined(rows, _totals(of_all, quarters, []), ["cutoff_quarter"], "all")
    rows = _joined(rows, _totals(of_all, quarters, ["trader_id"]), ["cutoff_quarter", "trader_id"], "own")
    shrunk = {name: _shrunk(rows, name) for name in COUNTS}
    return rows.select(
        *columns,
        audits_behind=rows.entity_audits - rows.own_entity_audits,
        finding_rate=shrunk["adjusted"] / shrunk["audits"],
        finding_yield=shrunk["assessed"] / shrunk["audited_value"].nullif(0.0),
    )


def _shrunk(rows: ir.Table, name: str) -> ir.FloatingValue:
    """Return the count of others with the entity, and of `PRIOR_AUDITS` audits of others like all."""
    other_audits = (rows.all_audits - rows.own_audits).nullif(0.0)
    mean = (rows[f"all_{name}"] - rows[f"own_{name}"]) / other_audits
    return rows[f"entity_{name}"] - rows[f"own_entity_{name}"] + PRIOR_AUDITS * mean


def _totals(steps: ir.Table, quarters: ir.Table, key: Sequence[str]) -> ir.Table:
    """Sum the steps known when each of `quarters` began: `COUNTS` by key and cutoff_quarter."""
    quarterly = steps.group_by(*key, "known_quarter").aggregate(
        **{name: exact.total(steps[name]) for name in COUNTS}
    )
    known = quarterly.join(quarters, known_in_earlier_quarter(quarterly, quarters.cutoff_quarter))
    return known.group_by(*key, "cutoff_quarter").aggregate(
        **{name: exact.total(known[name]) for name in COUNTS}
    )


def _joined(rows: ir.Table, totals: ir.Table, key: Sequence[str], name: str) -> ir.Table:
    """Left-join totals as `<name>_<count>`, 0 where there are none."""
    renamed = totals.rename({f"{name}_{column}": column for column in totals.columns})
    joined = rows.left_join(renamed, [rows[column] == renamed[f"{name}_{column}"] for column in key])
    counts = {f"{name}_{each}": joined[f"{name}_{each}"].fill_null(0.0) for each in COUNTS}
    return joined.select(*rows.columns, **counts)
