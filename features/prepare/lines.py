"""Declaration lines: when each version holds, and the facts that follow from a line by itself."""

import math

import ibis
from ibis.expr import types as ir

from features import exact

RATIOS = {
    "log_price": ("customs_value", "quantity"),
    "log_value_per_kg": ("customs_value", "gross_mass_kg"),
    "log_net_share": ("net_mass_kg", "gross_mass_kg"),
    "log_quantity_per_kg": ("supplementary_quantity", "net_mass_kg"),
    "log_freight_share": ("freight_amount", "customs_value"),
}
SLIP = math.log(10.0)
"""A ratio ten times off is a slip of the pen, not a habit: gaps count up to it."""
ITEM = ["declaration_id", "item_number"]


def ends(declarations: ir.Table) -> ir.Table:
    """Return `superseded_on` of each version of an item that no longer holds, or has a later one.

    It is the day on which the first later version became known, or on which the version was cancelled. The
    last version, where it stands, has none. A later version may name another trader or day of acceptance.
    Amended and cancelled items are few, so only their versions are sorted.
    """
    amended = declarations.filter(declarations.version > 0).select(*ITEM).distinct()
    versions = declarations.semi_join(amended, ITEM).select(*ITEM, "version", "known_on")
    later = ibis.window(group_by=ITEM, order_by="version", rows=(1, None))
    replaced = versions.select(*ITEM, "version", superseded_on=versions.known_on.min().over(later))
    cancelled = declarations.filter(declarations.cancelled_on.notnull())
    both = replaced.union(cancelled.select(*ITEM, "version", superseded_on="cancelled_on"))
    return both.group_by(*ITEM, "version").aggregate(superseded_on=both.superseded_on.min())


def with_validity(lines: ir.Table, ends: ir.Table) -> ir.Table:
    """Add `superseded_on`, empty while a version holds: no later one is known, and it is not cancelled."""
    joined = lines.left_join(ends, [*ITEM, "version"])
    return joined.select(*lines.columns, "superseded_on")


def with_line_facts(declarations: ir.Table) -> ir.Table:
    """Add what follows from the line alone.

    - `happened_on`: the day of acceptance; `quarter`: the first day of its quarter;
      `known_quarter`: that of the day it became known; `cancelled_quarter`: that of its cancellation.
    - `month`: the first day of its month; `hs4`: the heading; `hs6`: the subheading under which the line is
      compared (`editions`).
    - `taxes`: duty, VAT and excise assessed; `duty_assessed` holds the levies beside duty too.
    - `quantity`, `quantity_unit`: the supplementary quantity where there is one, else net mass in kg.
    - `log_price`: natural logarithm of the customs value per unit of quantity; the other `log_…` are such
      logarithms of ratios too, rounded so that lines at one price can be told from lines below it.
    - `full_rate`: the duty rate where no preference is claimed, else empty.
    - `addition_share`: the additions to the price that are declared, as a share of the customs value, from
      0 to 1; empty where there is no value.
    - `is_adjusted`, `is_elsewhere`: 1 where an addition to the price is declared, where the goods come
      from another country than they originate in; else 0.
    """
    has_unit = declarations.supplementary_unit.notnull() & (declarations.supplementary_quantity > 0)
    facts = declarations.mutate(
        happened_on=declarations.accepted_on,
        quarter=first_of_quarter(declarations.accepted_on),
        known_quarter=first_of_quarter(declarations.known_on),
        cancelled_quarter=first_of_quarter(declarations.cancelled_on),
        month=declarations.accepted_on.truncate("M").cast("date"),
        hs6=declarations.subheading,
        hs4=declarations.hs_code.substr(0, 4),
        taxes=declarations.duty_assessed
        + declarations.vat_assessed
        + declarations.excise_assessed.fill_null(0.0),
        quantity=has_unit.ifelse(declarations.supplementary_quantity, declarations.net_mass_kg),
        quantity_unit=has_unit.ifelse(declarations.supplementary_unit, "kg"),
        full_rate=declarations.preference_code.isnull().ifelse(declarations.duty_rate, None),
        addition_share=exact.stepped(
            (declarations.valuation_adjustment.fill_null(0.0) / declarations.customs_value.nullif(0.0)).clip(
                0.0, 1.0
            )
        ),
        is_adjusted=(declarations.valuation_adjustment.fill_null(0.0) != 0).ifelse(1.0, 0.0),
        is_elsewhere=number(declarations.origin_country != declarations.dispatch_country),
    )
    return facts.mutate(
        **{
            name: exact.stepped(log_ratio(facts[over], facts[under]))
            for name, (over, under) in RATIOS.items()
        },
    )


def number(truth: ir.BooleanValue) -> ir.FloatingValue:
    """Return 1 or 0, empty where it is unknown; PostgreSQL casts truth to whole numbers alone."""
    return truth.cast("int32").cast("float64")


def first_of_quarter(day: ir.DateValue) -> ir.DateValue:
    """Return the first day of a day's quarter."""
    return day.truncate("Q").cast("date")


def log_ratio(over: ir.NumericValue, under: ir.NumericValue) -> ir.FloatingValue:
    """Return ln(over / under), empty unless both are above zero."""
    both = (over > 0) & (under > 0)
    # a difference: the ratio of the largest amount to the smallest would be infinite
    return both.ifelse(over, ibis.null("float64")).ln() - both.ifelse(under, ibis.null("float64")).ln()
