"""A plan in words: who is treated how, what the caps cost, and whom the plan burdens."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from models.plan.caps import HOURS, SHARE
from models.plan.draw import CERTAIN, CONTROL, HELD_OUT, LOTTERY, TOP_UP
from models.plan.store import StoredPlan
from models.plan.treatments import TREATMENTS

ROLES = {
    CERTAIN: "chosen",
    LOTTERY: "by lot",
    TOP_UP: "filling hours",
    HELD_OUT: "held out of a letter by lot, to measure what letters bring",
    CONTROL: "might have been drawn",
    "": "not to be treated now: under audit, or audited lately",
}
"""What each role means to a person."""
WORTH_SHOWN = 1e-6


def plan_to_text(stored: StoredPlan, *, top: int) -> Iterator[str]:
    """Yield a plan as lines for a terminal: treatments, caps with their prices, burden, the first traders."""
    record, table = stored.record, stored.table
    capacity = stored.capacity
    treated = treated_rows(table)
    version = record["model"]["version"]
    yield (f"Plan {stored.name}, {capacity.first_day} to {capacity.last_day}, by model version {version}.")
    if record["reason"]:
        yield f"It is not the first of its period: {record['reason']}"
    if record["drift"]:
        yield record["drift"]
    yield (
        f"{treated.num_rows:,} of {table.num_rows:,} traders are treated, which is expected to be worth "
        f"{record['value']:,.0f} net of auditors' hours. The best plan within hours and caps would be worth "
        f"{record['bound']:,.0f}, on average over all draws."
    )
    yield ""
    yield from _by_treatment(treated)
    yield ""
    yield from _caps(record)
    yield ""
    yield from _burden(record)
    yield ""
    yield f"{'trader':16} {'treatment':9} {'why':13} {'chance':>7} {'hours':>6} {'expected':>12} {'net':>12}"
    for row in treated.slice(0, top).to_pylist():
        chance = row[f"probability_{row['treatment']}"]
        yield (
            f"{row['trader_id']:16} {row['treatment']:9} {ROLES[row['role']]:13} "
            f"{'-' if chance is None else f'{chance:.1%}':>7} {row['hours']:>6,.0f} "
            f"{row['expected_yield']:>12,.0f} {row['net_effect']:>12,.0f}"
        )


def treated_rows(table: pa.Table) -> pa.Table:
    """Return the traders treated, those worth most first."""
    treated = table.filter(pc.not_equal(table["treatment"], "none"))
    return treated.sort_by([("net_effect", "descending"), ("trader_id", "ascending")])


def by_treatment(treated: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield what goes into each `treatment`: the traders treated so, their roles, hours and net effect."""
    for name in TREATMENTS:
        own = treated.filter(pc.equal(treated["treatment"], name))
        hours, worth = (sum(own[column].to_pylist()) for column in ("hours", "net_effect"))
        yield {
            "treatment": name,
            "traders": own.num_rows,
            "roles": own["role"].to_pylist(),
            "hours": hours,
            "net_effect": worth,
        }


def _by_treatment(treated: pa.Table) -> Iterator[str]:
    yield f"{'':9} {'traders':>8} {'chosen':>8} {'by lot':>8} {'filling':>8} {'hours':>8} {'net effect':>14}"
    for each in by_treatment(treated):
        counts = " ".join(f"{each['roles'].count(role):>8,}" for role in (CERTAIN, LOTTERY, TOP_UP))
        spent = f"{each['hours']:>8,.0f} {each['net_effect']:>14,.0f}"
        yield f"{each['treatment']:9} {each['traders']:>8,} {counts} {spent}"


def _caps(record: Mapping[str, Any]) -> Iterator[str]:
    yield "Hours and caps, and what one more would bring:"
    for cap in record["caps"]:
        one = "hour" if cap["kind"] == HOURS else "visit"
        costs = cap["price"] > WORTH_SHOWN
        price = f"one {one} more is worth {cap['price']:,.0f}" if costs else "not what limits the plan"
        used = "" if cap["kind"] == SHARE else f"{cap['used']:,.0f} of {cap['bound']:,.0f} "
        yield f"  {used}{cap['name']}: {price}"
    if any(cap["kind"] != HOURS for cap in record["caps"]):
        lost = max(record["value_without_caps_on_groups"] - record["bound"], 0.0)
        yield f"  without the caps on visits the best plan would be worth {lost:,.0f} more"
    if record["aeo_price"] > WORTH_SHOWN:
        yield f"  desk work before visits of the authorised (AEO) costs {record['aeo_price']:,.0f}"


def _burden(record: Mapping[str, Any]) -> Iterator[str]:
    capped = any(cap["kind"] != HOURS for cap in record["caps"])
    beside = "; in brackets the best plan without the caps on visits" if capped else ""
    yield f"Whom it burdens, and how many visits are expected to find nothing{beside}:"
    for each in record["burdens"]:
        visits = f"{each['visits']:,}" + (f" ({each['visits_without_caps']:,.0f})" if capped else "")
        hours = f"{each['hours']:,.0f}" + (f" ({each['hours_without_caps']:,.0f})" if capped else "")
        yield (
            f"  {each['by'].replace('_', ' ')} {each['group']}: {visits} visits to {each['traders']:,} "
            f"traders ({each['selection_rate']:.1%}), {each['in_vain']:,.1f} of them for nothing; "
            f"{hours} hours"
        )
