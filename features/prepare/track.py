"""Track records: a trader's closed audits beside those of others of its sector and size.

A rate of one or two audits says little, so it is shrunk towards that of similar traders' audits (empirical
Bayes with a fixed prior weight, as for brokers and sellers). With the sums k and n over the trader's own
closed audits, and their means p and q per closed audit of others of its sector and size, the rate is

    (k + PRIOR_AUDITS x p) / (n + PRIOR_AUDITS x q)

where n counts audits (then q = 1) or is the customs value that was in their scope. The means of a sector and
size are shrunk towards those of all others in the same way: (sum + PRIOR_AUDITS x mean) / (audits +
PRIOR_AUDITS). The trader's own audits are never among the others'. Own audits count as known at the cutoff,
those of others as known when the cutoff's quarter began, in the sector and size that they had at opening.
"""

from collections.abc import Sequence

import ibis
from ibis.expr import types as ir

from features import exact
from features.as_known import in_force, in_force_at_quarters
from features.prepare import audits
from features.prepare.entities import PRIOR_AUDITS
from features.prepare.records import BASE_COLUMNS

SUMS = ("audits", "adjusted", "audited_value", "assessed", *audits.BY_TYPE.values())
CELL = ("sector", "size_band")


def closed(states: ir.Table, *, declarations: ir.Table, descriptions: ir.Table) -> ir.Table:
    """Return the states of audits that are closed, with `SUMS` of each and the trader's `CELL` at opening.

    `adjusted` is 1 where more than nothing was assessed; `audited_value` is the customs value of the first
    versions in scope, as known and not cancelled when the audit closed.
    """
    ended = states.filter(states.is_closed)
    valued = ended.left_join(_audited_values(ended, declarations), "audit_id")
    celled = valued.select(*ended.columns, "audited_value").left_join(_cells(ended, descriptions), "audit_id")
    return celled.select(
        "audit_id",
        *BASE_COLUMNS,
        "period_from",
        "period_to",
        **{name: celled[name].fill_null("") for name in CELL},
        audits=ibis.literal(1.0),
        adjusted=(celled.assessed > 0).ifelse(1.0, 0.0),
        audited_value=celled.audited_value.fill_null(0.0),
        **{name: celled[name] for name in ("assessed", *audits.BY_TYPE.values())},
    )


def _audited_values(ended: ir.Table, declarations: ir.Table) -> ir.Table:
    scope = ended.select("audit_id", "trader_id", "period_from", "period_to", "closed_on").distinct()
    first = declarations.filter(declarations.version == 0)
    columns = ("trader_id", "accepted_on", "known_on", "cancelled_on", "customs_value")
    joined = first.select(*columns).join(scope, "trader_id")
    inside = joined.filter(
        joined.accepted_on >= joined.period_from,
        joined.accepted_on <= joined.period_to,
        joined.known_on <= joined.closed_on,
        joined.cancelled_on.isnull() | (joined.cancelled_on > joined.closed_on),
    )
    return inside.group_by("audit_id").aggregate(audited_value=exact.total(inside.customs_value))


def _cells(ended: ir.Table, descriptions: ir.Table) -> ir.Table:
    opened = ended.select("audit_id", "trader_id", "opened_on").distinct()
    described = descriptions.select("trader_id", "known_on", "superseded_on", *CELL)
    joined = opened.join(described, "trader_id")
    return joined.filter(in_force(joined, joined.opened_on)).select("audit_id", *CELL)


def rows(closed: ir.Table, descriptions: ir.Table) -> ir.Table:
    """Return a trader's descriptions and its closed audits, as rows that a cutoff may see or not.

    A description has no sums and an audit no sector, so that a trader without audits has a row too.
    """
    described = descriptions.select(*BASE_COLUMNS, *CELL, **{name: ibis.literal(0.0) for name in SUMS})
    audited = closed.select(*BASE_COLUMNS, *SUMS).mutate(**{name: ibis.null("string") for name in CELL})
    return described.union(audited.select(*described.columns))


def beside_others(rows: ir.Table, *, closed: ir.Table, quarters: ir.Table) -> ir.Table:
    """Bring the rows of a trader and cutoff to one: its sums, and others' means as `other_<sum>`.

    Sector and size are those of its own `number`, not of one under which it was known before.
    """
    own = rows.group_by("trader_id", "cutoff", "cutoff_quarter").aggregate(
        **{name: rows[name].max(where=rows.number == rows.trader_id).fill_null("") for name in CELL},
        **{name: exact.total(rows[name]) for name in SUMS},
    )
    known = in_force_at_quarters(closed, quarters)
    table = own
    for name, key in {
        "cell": CELL,
        "own_cell": (*CELL, "trader_id"),
        "all": (),
        "own": ("trader_id",),
    }.items():
        table = _with_sums(table, known, key=("cutoff_quarter", *key), name=name)
    return table.select(*own.columns, **{f"other_{name}": _mean_of_others(table, name) for name in SUMS})


def _with_sums(table: ir.Table, known: ir.Table, *, key: Sequence[str], name: str) -> ir.Table:
    """Left-join the sums of closed audits by a key as `<name>_<sum>`, 0 where there are none."""
    sums = known.group_by(*key).aggregate(**{f"{name}_{each}": exact.total(known[each]) for each in SUMS})
    renamed = sums.rename({f"{name}_key_{column}": column for column in key})
    joined = table.left_join(renamed, [table[column] == renamed[f"{name}_key_{column}"] for column in key])
    filled = {f"{name}_{each}": joined[f"{name}_{each}"].fill_null(0.0) for each in SUMS}
    return joined.select(*table.columns, **filled)


def _mean_of_others(table: ir.Table, name: str) -> ir.FloatingValue:
    everywhere = exact.share(table[f"all_{name}"] - table[f"own_{name}"], table.all_audits - table.own_audits)
    like = table[f"cell_{name}"] - table[f"own_cell_{name}"]
    return (like + PRIOR_AUDITS * everywhere) / (table.cell_audits - table.own_cell_audits + PRIOR_AUDITS)


def shrunk(rows: ir.Table, name: str, *, per: str) -> ir.FloatingScalar:
    """Return the trader's sum per other sum, shrunk towards that of others by `PRIOR_AUDITS` audits."""
    over = rows[name] + PRIOR_AUDITS * rows[f"other_{name}"]
    under = rows[per] + PRIOR_AUDITS * rows[f"other_{per}"]
    return exact.share(over.sum(), under.sum())
