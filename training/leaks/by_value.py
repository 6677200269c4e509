"""Alarms on declared values that already hold what audits corrected.

The best-known leak of published customs models: what an audit found is written over what the trader declared.
"""

from collections.abc import Iterator

import ibis
import numpy as np
from ibis.expr import types as ir

from training.leaks.alarm import SURE, Alarm, too_often, unjudged
from training.leaks.evidence import LeakEvidence, numbers
from training.leaks.labelled import first_versions, named_lines

KEY = ("declaration_id", "item_number")
DECLARED = (
    "hs_code",
    "origin_country",
    "preference_code",
    "procedure_code",
    "customs_value",
    "net_mass_kg",
    "gross_mass_kg",
    "supplementary_quantity",
    "duty_rate",
    "duty_assessed",
    "vat_assessed",
    "excise_assessed",
    "valuation_adjustment",
    "invoice_amount",
    "description",
    "seller_id",
)
CONTRADICTED = 0.05
FEWEST_LINES = 20
FEWEST_PEERS = 20


def of_contradicted_findings(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Raise where first versions contradict what was found on them.

    A line found wrong whose later version changes nothing, or one that lost a preference it never claimed,
    was not declared as it now stands.
    """
    named = _named_with_first(evidence)
    checked = named.left_join(_second_versions(evidence), KEY)
    unchanged = checked.declared == checked.declared_next
    by_origin = (checked.finding_type == "origin") & (checked.taxes > 0)
    unclaimed = by_origin & checked.preference_code.isnull()
    can_tell = checked.declared_next.notnull() | by_origin
    counted = checked.aggregate(
        met=checked.count(where=unchanged | unclaimed), of=checked.count(where=can_tell)
    )
    [row] = counted.to_pyarrow().to_pylist()
    yield too_often(
        "findings_contradict_declared",
        row["met"],
        of=row["of"],
        limit=CONTRADICTED,
        what="lines named in findings were declared, as version 0 now says, as the audit put them right",
        advice="Version 0 seems overwritten by corrections: restore what was first accepted.",
        fewest=FEWEST_LINES,
    )


def of_prices_after_findings(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Raise where lines found undervalued stand at the prices that the audit gave them.

    An undervalued line is below the middle price of its goods and origin, by about what was assessed on it;
    one already put right is at that price, and what was assessed would lift it above. Weighted by what was
    assessed, the mean distance from halfway says which: honest is below zero.
    """
    name, limit = "undervalued_lines_at_full_price", 0.0
    rows = _undervalued(evidence).to_pyarrow()
    if rows.num_rows < FEWEST_LINES:
        yield unjudged(name, limit=limit, reason=f"{rows.num_rows} undervalued lines are named, with duty.")
        return
    gap, lift = numbers(rows, "gap"), numbers(rows, "lift")
    halfway = gap + lift / 2
    value = float((lift * halfway).sum() / lift.sum())
    error = float(np.sqrt((lift**2 * (halfway - value) ** 2).sum()) / lift.sum())
    raised = value - SURE * error > limit
    seen = (
        f"{len(gap):,} lines found undervalued were declared at {np.exp(_mean(gap, lift)):.0%} of the middle "
        f"price, where findings speak of {np.exp(-_mean(lift, lift)):.0%}"
    )
    advice = ". Version 0 seems to hold the value after the audit: restore what was first accepted."
    yield Alarm(name, raised, value, limit, seen + (advice if raised else "."))


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float((values * weight).sum() / weight.sum())


def _named_with_first(evidence: LeakEvidence) -> ir.Table:
    joined = named_lines(evidence).join(first_versions(evidence), KEY)
    return joined.mutate(declared=_declared(joined))


def _second_versions(evidence: LeakEvidence) -> ir.Table:
    """Return the declared text of the version after the first, of each line that has one."""
    lines = evidence.warehouse.table("declarations")
    later = lines.filter(lines.version > 0)
    number = ibis.row_number().over(group_by=list(KEY), order_by="version")
    numbered = later.mutate(declared_next=_declared(later), number=number)
    return numbered.filter(numbered.number == 0).select(*KEY, "declared_next")


def _declared(lines: ir.Table) -> ir.StringValue:
    """Return all that a trader declares of a line, in one text."""
    parts = [lines[name].cast("string").fill_null("") for name in DECLARED]
    return ibis.literal("|").join(parts)


def _undervalued(evidence: LeakEvidence) -> ir.Table:
    """Return each such line's log `gap` to the middle price, and the log `lift` that the finding gives it."""
    named = _named_with_first(evidence)
    undervalued = named.filter(
        named.finding_type == "valuation",
        named.duty > 0,
        named.duty_assessed > 0,
        named.customs_value > 0,
        named.net_mass_kg > 0,
    )
    priced = undervalued.mutate(
        price=_log_price(undervalued), lift=(1 + undervalued.duty / undervalued.duty_assessed).ln()
    )
    joined = priced.join(_middle_prices(evidence), ["hs_code", "origin_country"])
    return joined.select(gap=joined.price - joined.middle, lift=joined.lift).order_by("gap", "lift")


def _middle_prices(evidence: LeakEvidence) -> ir.Table:
    lines = first_versions(evidence)
    weighed = lines.filter(lines.customs_value > 0, lines.net_mass_kg > 0)
    goods = weighed.group_by("hs_code", "origin_country").aggregate(
        middle=_log_price(weighed).median(), lines=weighed.count()
    )
    return goods.filter(goods.lines >= FEWEST_PEERS)


def _log_price(lines: ir.Table) -> ir.FloatingValue:
    return (lines.customs_value / lines.net_mass_kg).ln()
