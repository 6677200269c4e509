"""Physical traces: weights, quantities, offices and routes that do not fit the goods or the habit."""

from datetime import date
from math import log

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.at_stake import TAXES, missing_share, on_missing_value
from features.library.literature import DATE, THIS, WCO_AUDIT
from features.prepare.lines import SLIP
from features.unit import Unit

HS6 = "hs6, quantity_unit"
SHIPLOAD_KG = 5e8


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.SHARE,
    indicator="value_per_kg_tail",
    reference=DATE,
    inputs="declarations.customs_value declarations.gross_mass_kg declarations.hs_code "
    "declarations.origin_country",
    label="Value very low for the weight",
    phrase="{value} of the customs value in {window} was less a kilogram than with 19 in 20 other traders "
    "for like goods.",
    why="The more goods are heavy for their value, the more points to undervaluation or to a quantity "
    "declared too low.",
    finding_type="quantity",
    monotone=1,
    example=Example(
        "log_value_per_kg peer_p05_log_value_per_kg customs_value "
        "peer_traders_log_value_per_kg peer_group_log_value_per_kg",
        [(1.0, 1.2, 300.0, 9, HS6), (2.0, 1.2, 100.0, 9, HS6), (1.0, None, 900.0, None, None)],
        0.75,
    ),
)
def low_value_per_kg_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of value, of that with peers, under the value per kg of gross mass of 19 in 20 others."""
    return exact.share_where(lines.customs_value, lines.log_value_per_kg < lines.peer_p05_log_value_per_kg)


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.SHARE,
    indicator="value_per_kg_tail",
    reference=DATE,
    inputs="declarations.customs_value declarations.gross_mass_kg declarations.hs_code "
    "declarations.origin_country",
    label="Value very high for the weight",
    phrase="{value} of the customs value of {window} was more a kilogram than with 19 in 20 other traders "
    "for like goods.",
    why="The more goods are light for their value, the more points to other goods than declared, or to a "
    "weight declared too low.",
    tends=1,
    finding_type="classification",
    example=Example(
        "log_value_per_kg peer_p95_log_value_per_kg customs_value "
        "peer_traders_log_value_per_kg peer_group_log_value_per_kg",
        [(1.0, 1.2, 300.0, 9, HS6), (2.0, 1.2, 100.0, 9, HS6), (1.0, None, 900.0, None, None)],
        0.25,
    ),
)
def high_value_per_kg_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of value, of that with peers, above the value per kg of gross mass of 19 in 20 others."""
    return exact.share_where(lines.customs_value, lines.log_value_per_kg > lines.peer_p95_log_value_per_kg)


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.LOG_RATIO,
    indicator="mass_ratio_anomaly",
    reference=DATE,
    inputs="declarations.customs_value declarations.net_mass_kg declarations.gross_mass_kg "
    "declarations.hs_code",
    label="Net for gross mass against other traders",
    phrase="On average by value, net mass for the gross mass was in {window} {value} what is usual for the "
    "goods.",
    why="The heavier packing seems, the more points to a quantity declared too low: the carrier states "
    "gross mass too.",
    finding_type="quantity",
    monotone=-1,
    example=Example(
        "log_net_share peer_middle_log_net_share customs_value "
        "peer_traders_log_net_share peer_group_log_net_share",
        [(-0.3, -0.1, 300.0, 9, HS6), (-0.1, -0.1, 100.0, 9, HS6), (None, -0.1, 900.0, 9, HS6)],
        -0.15,
    ),
)
def net_mass_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean of ln(net mass / gross mass) less its middle among others.

    Each gap is limited to ten times off.
    """
    gap = (lines.log_net_share - lines.peer_middle_log_net_share).clip(-SLIP, SLIP)
    return exact.weighted_mean(gap, lines.customs_value)


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.LOG_RATIO,
    indicator="mass_ratio_anomaly",
    reference=DATE,
    inputs="declarations.customs_value declarations.net_mass_kg declarations.supplementary_quantity "
    "declarations.supplementary_unit declarations.hs_code",
    label="Pieces for the mass against other traders",
    phrase="On average by value, the quantity for the mass was in {window} {value} off what is usual for the "
    "goods, up or down.",
    why="The less quantity and mass fit each other, the more points to one of them being wrong, or to other "
    "goods.",
    finding_type="quantity",
    monotone=1,
    example=Example(
        "log_quantity_per_kg peer_middle_log_quantity_per_kg customs_value "
        "peer_traders_log_quantity_per_kg peer_group_log_quantity_per_kg",
        [(0.5, 0.1, 300.0, 9, HS6), (0.1, 0.5, 100.0, 9, HS6), (None, 0.1, 900.0, 9, HS6)],
        0.4,
    ),
)
def quantity_mass_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean of |ln(supplementary quantity / net mass) less its middle among others|.

    Each gap is limited to ten times off.
    """
    gap = (lines.log_quantity_per_kg - lines.peer_middle_log_quantity_per_kg).abs().clip(0.0, SLIP)
    return exact.weighted_mean(gap, lines.customs_value)


MASSES = "declarations.net_mass_kg declarations.gross_mass_kg declarations.hs_code"
PIECES = (
    "declarations.net_mass_kg declarations.supplementary_quantity declarations.supplementary_unit "
    "declarations.hs_code"
)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="mass_ratio_anomaly",
    reference=DATE,
    inputs=f"{MASSES} {TAXES}",
    label="Taxes on net mass missing for the gross mass",
    phrase="At the net mass for the gross mass that nine in ten other traders reach, {value} more taxes "
    "would have been due on the lines of {window} declared below it.",
    why="It is the revenue at stake if less was declared than came: the carrier states gross mass too. "
    "Without gross mass, value a kilogram and the trader's own past say it.",
    finding_type="quantity",
    monotone=1,
    prior_yield=0.3,
    example=Example(
        "log_net_share peer_low_log_net_share taxes peer_traders_log_net_share peer_group_log_net_share",
        [
            (log(0.6), log(0.9), 100.0, 9, HS6),
            (log(0.95), log(0.9), 100.0, 9, HS6),
            (log(0.5), None, 100.0, None, None),
        ],
        50.0,
    ),
)
def net_mass_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (net / gross mass that a tenth of peers stay under, over the line's, - 1) x taxes, above 0.

    Each counts up to ten times the mass; where no line has peers, it is unknown.
    """
    return (missing_share(lines.peer_low_log_net_share - lines.log_net_share) * lines.taxes).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="mass_ratio_anomaly",
    reference=DATE,
    inputs=f"{PIECES} {TAXES}",
    label="Taxes on pieces missing for the mass",
    phrase="At the quantity for the mass that nine in ten other traders reach, {value} more taxes would have "
    "been due on the lines of {window} declared below it.",
    why="It is the revenue at stake if fewer pieces were declared than came. Goods taxed by the kilogram "
    "have no pieces: value a kilogram says it.",
    finding_type="quantity",
    monotone=1,
    example=Example(
        "log_quantity_per_kg peer_low_log_quantity_per_kg taxes "
        "peer_traders_log_quantity_per_kg peer_group_log_quantity_per_kg",
        [
            (log(2.0), log(4.0), 100.0, 9, HS6),
            (log(5.0), log(4.0), 100.0, 9, HS6),
            (None, log(4.0), 100.0, 9, HS6),
        ],
        100.0,
    ),
)
def missing_pieces_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (quantity / net mass that a tenth of peers stay under, over the line's, - 1) x taxes, above 0.

    Each counts up to ten times the quantity; where no line has peers, it is unknown.
    """
    return (missing_share(lines.peer_low_log_quantity_per_kg - lines.log_quantity_per_kg) * lines.taxes).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="value_per_kg_tail",
    reference=DATE,
    inputs="declarations.customs_value declarations.gross_mass_kg declarations.hs_code "
    f"declarations.origin_country {TAXES}",
    label="Taxes on value missing for the weight",
    phrase="At the value a kilogram that 19 in 20 other traders reach, {value} more duty and VAT would have "
    "been due on the lines of {window} declared below it.",
    why="It is the revenue at stake if goods heavy for their value were undervalued: the carrier states the "
    "weight. Without gross mass, the lowest usual prices say it.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "log_value_per_kg peer_p05_log_value_per_kg duty_assessed vat_assessed "
        "peer_traders_log_value_per_kg peer_group_log_value_per_kg",
        [
            (log(2.0), log(3.0), 30.0, 70.0, 9, HS6),
            (log(4.0), log(3.0), 30.0, 70.0, 9, HS6),
            (log(1.0), None, 30.0, 70.0, None, None),
        ],
        50.0,
    ),
)
def low_value_per_kg_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (value per kg of gross mass that a 20th of peers stay under, over the line's, - 1) x duty, VAT.

    Where above 0, and up to ten times the value; where no line has peers, it is unknown.
    """
    return on_missing_value(lines, lines.peer_p05_log_value_per_kg - lines.log_value_per_kg).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="value_per_kg",
    reference=THIS,
    inputs="declarations.customs_value declarations.net_mass_kg",
    label="Value a kilogram",
    phrase="The goods of {window} were worth {value} a kilogram.",
    why="The dearer goods are a kilogram, the more room there is in their value, and the more a missing "
    "kilogram costs.",
    tends=1,
    example=Example("customs_value net_mass_kg", [(300.0, 20.0), (100.0, 60.0), (50.0, 0.0)], 5.0),
)
def value_per_kg(lines: ir.Table) -> ir.FloatingScalar:
    """Value / net mass, of the lines with a net mass, each of no more than a ship carries."""
    mass = lines.net_mass_kg.clip(upper=SHIPLOAD_KG)
    return exact.share(lines.customs_value.sum(where=mass > 0), mass.sum())


@feature(
    source="offices",
    months=(12, 24),
    unit=Unit.NAT,
    indicator="office_shopping",
    reference=DATE,
    inputs="declarations.office_code declarations.customs_value",
    label="Spread over customs offices",
    phrase="The customs value of {window} is spread as if evenly over {value} offices.",
    why="Declaring now here, now there can be a search for the office that looks least closely: the wider "
    "it is spread, the more there is to explain.",
    tends=1,
    example=Example("customs_value", [(100.0,), (100.0,), (0.0,)], 0.6931471805599453),
)
def office_entropy(offices: ir.Table) -> ir.FloatingScalar:
    """Entropy of value over offices, in nats: 0 with a single office, ln(n) with n used alike."""
    value, whole = offices.customs_value, offices.customs_value.sum().nullif(0.0)
    surprise = (value * (value > 0).ifelse(value, 1.0).ln()).sum()
    return (whole.ln() - surprise / whole).clip(lower=0.0)


@feature(
    source="offices",
    months=(24,),
    unit=Unit.SHARE,
    indicator="office_shopping",
    reference=DATE,
    inputs="declarations.office_code declarations.customs_value",
    label="Value away from the usual office",
    phrase="{value} of the customs value of the last 3 months was declared away from the office that took "
    "most of it in the last 24 months.",
    why="Leaving the usual office can be a search for one that looks less closely: the more goes elsewhere, "
    "the more there is to explain.",
    tends=1,
    example=Example("place late_value", [(1, 100.0), (2, 300.0), (3, 0.0)], 0.75),
)
def away_from_office_share(offices: ir.Table) -> ir.FloatingScalar:
    """Share of the last 3 months' value at other offices than the one with most value in 24 months.

    The contract knows no region of an office, so home is where the trader declares most, not where it sits.
    """
    return exact.share(offices.late_value.sum(where=offices.place > 1), offices.late_value.sum())


def _new_share(routes: ir.Table) -> ir.FloatingValue:
    """Share of the last 3 months' value on routes first used in them; empty without earlier lines."""
    is_new = routes.first_on >= routes.from_3m
    earlier = (~is_new).any()
    share = exact.share(routes.late_value.sum(where=is_new), routes.late_value.sum())
    return earlier.ifelse(share, None)


ROUTES = [
    (100.0, date(2023, 11, 1), date(2023, 10, 1)),
    (300.0, date(2022, 5, 1), date(2023, 10, 1)),
]


@feature(
    source="ports",
    months=(24,),
    unit=Unit.SHARE,
    indicator="route_change",
    reference=WCO_AUDIT,
    inputs="declarations.loading_port declarations.customs_value",
    label="Value by new ports of loading",
    phrase="{value} of the customs value of the last 3 months was loaded at ports not used in the 21 months "
    "before.",
    why="A new route can mean another supplier or origin, or an origin that is disguised: the more goes by "
    "it, the more there is to check.",
    tends=1,
    finding_type="origin",
    example=Example("late_value first_on from_3m", ROUTES, 0.25),
)
def new_port_share(ports: ir.Table) -> ir.FloatingScalar:
    """Share of the last 3 months' value by ports first used in them; empty for a new trader."""
    return _new_share(ports)


@feature(
    source="transport_modes",
    months=(24,),
    unit=Unit.SHARE,
    indicator="route_change",
    reference=WCO_AUDIT,
    inputs="declarations.transport_mode declarations.customs_value",
    label="Value by new modes of transport",
    phrase="{value} of the customs value of the last 3 months came by a mode of transport not used in the "
    "21 months before.",
    why="A new mode of transport can mean other goods, another supplier or another origin: the more goes by "
    "it, the more there is to check.",
    tends=1,
    example=Example("late_value first_on from_3m", ROUTES, 0.25),
)
def new_mode_share(modes: ir.Table) -> ir.FloatingScalar:
    """Share of the last 3 months' value by modes first used in them; empty for a new trader."""
    return _new_share(modes)
