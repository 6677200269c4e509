"""Terms: freight, relation to the seller, valuation method and additions beside the price."""

from math import exp, log

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.at_stake import TAXES, on_missing_value
from features.library.literature import DATE, TRANSFER_PRICING, VALUATION_AGREEMENT, WCO_AUDIT
from features.prepare.lines import SLIP
from features.unit import Unit


@feature(
    source="lines",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="freight_ratio_gap",
    reference=DATE,
    inputs="declarations.freight_amount declarations.customs_value declarations.dispatch_country "
    "declarations.transport_mode",
    label="Freight for the value against the route",
    phrase="On average by value, freight weighed in {window} {value} as much on the value as is usual on "
    "the route.",
    why="The dearer freight is for the value, the more points to a value declared too low.",
    tends=1,
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


FREIGHT = (
    "declarations.freight_amount declarations.customs_value declarations.dispatch_country "
    f"declarations.transport_mode {TAXES}"
)
ROUTE = "dispatch_country, transport_mode"


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="freight_ratio_gap",
    reference=DATE,
    inputs=FREIGHT,
    label="Taxes on value missing for the freight",
    phrase="If freight weighed as much on the value as is usual on the route, {value} more duty and VAT "
    "would have been due on the lines of {window} whose freight is dear for their value.",
    why="The carrier's bill stays true where the seller's is false: it is the revenue at stake if the value "
    "was declared too low. Without freight, prices against other traders say it.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "log_freight_share peer_middle_log_freight_share duty_assessed vat_assessed "
        "peer_traders_log_freight_share peer_group_log_freight_share",
        [
            (log(0.2), log(0.1), 30.0, 60.0, 9, ROUTE),
            (log(0.05), log(0.1), 30.0, 60.0, 9, ROUTE),
            (None, log(0.1), 30.0, 60.0, 9, ROUTE),
        ],
        90.0,
    ),
)
def freight_value_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (freight / value, over its middle on the route, - 1) x duty and VAT, where above 0.

    Each counts up to ten times the value. Lines without freight add nothing; where no line has any, it is
    unknown.
    """
    return on_missing_value(lines, lines.log_freight_share - lines.peer_middle_log_freight_share).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="freight_ratio_gap",
    reference=VALUATION_AGREEMENT,
    inputs=FREIGHT,
    label="Taxes on freight left out",
    phrase="With the freight that is usual on the route, {value} more duty and VAT would have been due on "
    "the lines of {window} that state less.",
    why="Freight up to the border belongs to the customs value: it is the revenue at stake if it was left "
    "out.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.05,
    example=Example(
        "freight_amount customs_value peer_middle_log_freight_share duty_assessed vat_assessed "
        "peer_traders_log_freight_share peer_group_log_freight_share",
        [
            (0.0, 100.0, log(0.1), 30.0, 60.0, 9, ROUTE),
            (6.0, 100.0, log(0.1), 30.0, 20.0, 9, ROUTE),
            (20.0, 100.0, log(0.1), 30.0, 60.0, 9, ROUTE),
            (None, 100.0, log(0.1), 30.0, 60.0, 9, ROUTE),
        ],
        0.1 * 90 + 0.04 * 50,
    ),
)
def freight_missing_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (middle of freight / value on the route - freight / value) x duty and VAT, where above 0.

    Each counts up to ten times the value. Lines that do not state their freight add nothing; where none does,
    it is unknown.
    """
    stated = lines.freight_amount / lines.customs_value.nullif(0.0)
    missing = (lines.peer_middle_log_freight_share.exp() - stated).clip(0.0, exp(SLIP))
    return (missing * (lines.duty_assessed + lines.vat_assessed)).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="related_party_share",
    reference=TRANSFER_PRICING,
    inputs="declarations.related_party declarations.customs_value",
    label="Value from related sellers",
    phrase="{value} of the customs value of {window} was bought from sellers declared as related.",
    why="Prices between related parties are set, not bargained for: the more is bought so, the more may "
    "need adjustment.",
    tends=1,
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
    why="A relation kept back hides a price that may not be acceptable as customs value: the more is bought "
    "so, the more is hidden.",
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
    months=(24,),
    unit=Unit.SHARE,
    indicator="method_not_1_share",
    reference=WCO_AUDIT,
    inputs="declarations.valuation_method declarations.customs_value",
    label="Value not based on the price paid",
    phrase="{value} of the customs value in {window} was declared by another method than the price paid.",
    why="The fall-back methods rest on estimates and deductions that an audit can check: the more is "
    "declared so, the more there is to check.",
    tends=1,
    finding_type="valuation",
    example=Example("valuation_method customs_value", [(1, 300.0), (4, 100.0), (None, 900.0)], 0.25),
)
def other_method_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of value by valuation method 2 to 6, of that with a method."""
    return exact.share_where(lines.customs_value, lines.valuation_method != 1)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="adjustments_absent",
    reference=TRANSFER_PRICING,
    inputs="declarations.valuation_adjustment declarations.hs_code declarations.customs_value",
    label="Additions that others declare",
    phrase="On {value} of the customs value of {window}, others would have declared additions to the price, "
    "such as royalties, and none were.",
    why="The more goods come in without the additions that others declare for them, the more royalties, "
    "licence fees and assists may have been left out.",
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


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="adjustments_absent",
    reference=f"{VALUATION_AGREEMENT}, art. 8; {TRANSFER_PRICING}",
    inputs=f"declarations.valuation_adjustment declarations.hs_code declarations.customs_value {TAXES}",
    label="Taxes on additions that others declare",
    phrase="With the additions to the price that others declare for like goods, such as royalties, {value} "
    "more duty and VAT would have been due on the lines of {window}.",
    why="It is the revenue at stake if royalties, licence fees or assists were left out of the value.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        "addition_share peer_mean_addition_share duty_assessed vat_assessed "
        "peer_traders_addition_share peer_group_addition_share",
        [
            (0.0, 0.04, 30.0, 20.0, 9, "hs6"),
            (0.01, 0.03, 100.0, 0.0, 9, "hs6"),
            (0.1, 0.04, 30.0, 20.0, 9, "hs6"),
            (0.0, None, 30.0, 20.0, None, None),
        ],
        0.04 * 50 + 0.02 * 100,
    ),
)
def additions_missing_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (peers' mean of additions / value - additions / value) x duty and VAT, where above 0."""
    missing = (lines.peer_mean_addition_share - lines.addition_share).clip(lower=0.0)
    return (missing * (lines.duty_assessed + lines.vat_assessed)).sum()
