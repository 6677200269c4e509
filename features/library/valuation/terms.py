"""Terms: freight, relation to the seller, valuation method and additions beside the price."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.literature import DATE, TRANSFER_PRICING, WCO_AUDIT
from features.prepare.lines import SLIP
from features.unit import Unit


@feature(
    source="lines",
    months=(3, 12),
    unit=Unit.LOG_RATIO,
    indicator="freight_ratio_gap",
    reference=DATE,
    inputs="declarations.freight_amount declarations.customs_value declarations.dispatch_country "
    "declarations.transport_mode",
    label="Freight for the value against the route",
    phrase="On average by value, freight weighed in {window} {value} as much on the value as is usual on "
    "the route.",
    why="Freight that is dear for the value points to a value declared too low; cheap, to freight left out.",
    finding_type="valuation",
    example=Example(
        "log_freight_share peer_middle_log_freight_share customs_value "
        "peer_traders_log_freight_share peer_group_log_freight_share",
        [
            (-2.0, -2.5, 300.0, 9, "dispatch_country, transport_mode"),
            (-3.0, -2.5, 100.0, 9, "dispatch_country, transport_mode"),
            (None, -2.5, 900.0, 9, "dispatch_country, transport_mode"),
        ],
        0.25,
    ),
)
def freight_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean of ln(freight / value) less its middle among others on the route.

    Each gap is limited to ten times off.
    """
    gap = (lines.log_freight_share - lines.peer_middle_log_freight_share).clip(-SLIP, SLIP)
    return exact.weighted_mean(gap, lines.customs_value)


@feature(
    source="lines",
    months=(12,),
    unit=Unit.SHARE,
    indicator="related_party_share",
    reference=TRANSFER_PRICING,
    inputs="declarations.related_party declarations.customs_value",
    label="Value from related sellers",
    phrase="{value} of the customs value of the last 12 months was bought from sellers declared as related.",
    why="Prices between related parties are set, not bargained for, and may need adjustment.",
    finding_type="valuation",
    example=Example("related_party customs_value", [(True, 100.0), (False, 300.0), (None, 900.0)], 0.25),
)
def related_party_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of value bought from sellers declared as related, of that for which it is declared."""
    return exact.share_where(lines.customs_value, lines.related_party)


@feature(
    source="tied_sellers",
    months=(12,),
    unit=Unit.SHARE,
    indicator="related_party_share",
    reference=TRANSFER_PRICING,
    inputs="declarations.related_party declarations.seller_id declarations.customs_value links.link_type",
    label="Related by registers, not declared so",
    phrase="{value} of the customs value of the last 12 months was bought from sellers of the same group "
    "without declaring them as related.",
    why="A relation kept back hides a price that may not be acceptable as customs value.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "customs_value related_value is_tied",
        [(300.0, 100.0, True), (200.0, 0.0, False), (300.0, 300.0, True)],
        0.25,
    ),
)
def undeclared_tie_share(sellers: ir.Table) -> ir.FloatingScalar:
    """Share of value from sellers tied to the trader by group, on lines that do not declare it."""
    hidden = (sellers.customs_value - sellers.related_value).sum(where=sellers.is_tied)
    return exact.share(hidden, sellers.customs_value.sum())


@feature(
    source="lines",
    months=(3, 12),
    unit=Unit.SHARE,
    indicator="method_not_1_share",
    reference=WCO_AUDIT,
    inputs="declarations.valuation_method declarations.customs_value",
    label="Value not based on the price paid",
    phrase="{value} of the customs value in {window} was declared by another method than the price paid.",
    why="The fall-back methods rest on estimates and deductions that an audit can check.",
    finding_type="valuation",
    example=Example("valuation_method customs_value", [(1, 300.0), (4, 100.0), (None, 900.0)], 0.25),
)
def other_method_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of value by valuation method 2 to 6, of that with a method."""
    return exact.share_where(lines.customs_value, lines.valuation_method != 1)


@feature(
    source="lines",
    months=(12,),
    unit=Unit.SHARE,
    indicator="adjustments_absent",
    reference=TRANSFER_PRICING,
    inputs="declarations.valuation_adjustment declarations.hs_code declarations.customs_value",
    label="Additions that others declare",
    phrase="On {value} of the customs value of the last 12 months, others would have declared additions to "
    "the price, such as royalties, and none were.",
    why="Royalties, licence fees and assists that others declare for such goods may have been left out.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "is_adjusted peer_mean_is_adjusted customs_value peer_traders_is_adjusted peer_group_is_adjusted",
        [
            (0.0, 0.5, 300.0, 9, "hs6"),
            (1.0, 0.5, 100.0, 9, "hs6"),
            (0.0, 0.0, 200.0, 9, "hs6"),
            (0.0, None, 900.0, None, None),
        ],
        0.25,
    ),
)
def additions_absent(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean of the share of lines on which others declare additions, 0 where the line does."""
    return exact.weighted_mean((1.0 - lines.is_adjusted) * lines.peer_mean_is_adjusted, lines.customs_value)
