"""Countries: goods sent from elsewhere than their origin, and moved to new origins."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.library.literature import DATE, VERIFICATION, WCO_AUDIT
from features.unit import Unit


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.SHARE,
    indicator="origin_not_dispatch",
    reference=VERIFICATION,
    inputs="declarations.origin_country declarations.dispatch_country declarations.customs_value",
    label="Value sent from elsewhere than its origin",
    phrase="{value} of the value of {window} was sent from another country than that of its origin.",
    why="Goods that pass through a third country may have lost the claimed origin, or never had it: the "
    "more go so, the more there is to check.",
    tends=1,
    finding_type="origin",
    example=Example("customs_value is_elsewhere", [(300.0, 0.0), (100.0, 1.0), (70.0, None)], 0.25),
)
def origin_not_dispatch(lines: ir.Table) -> ir.FloatingScalar:
    """Share of the value of which the country of dispatch is not that of origin, where both are known."""
    return exact.share_where(lines.customs_value, lines.is_elsewhere > 0)


@feature(
    source="lines",
    months=(12,),
    unit=Unit.SHARE,
    indicator="origin_not_dispatch",
    reference=VERIFICATION,
    inputs="declarations.origin_country declarations.dispatch_country declarations.customs_value",
    label="Sent from elsewhere, beyond peers",
    phrase="The share of the value of {window} sent from elsewhere than its origin is {value} [above|below] "
    "that of other traders of the same goods.",
    why="A detour that others do not make wants a reason: the more go so, the more there is to explain.",
    tends=1,
    finding_type="origin",
    example=Example(
        "customs_value is_elsewhere peer_mean_is_elsewhere",
        [(300.0, 1.0, 0.2), (100.0, 0.0, 0.4), (70.0, 1.0, None)],
        0.5,
    ),
)
def origin_not_dispatch_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Mean of (sent from elsewhere, 1 or 0 - share of peers' lines that are), weighted by value."""
    return exact.weighted_mean(lines.is_elsewhere - lines.peer_mean_is_elsewhere, lines.customs_value)


@feature(
    source="rated_origins",
    months=(12,),
    unit=Unit.PROBABILITY,
    indicator="origin_finding_exposure",
    reference=f"{DATE}; {WCO_AUDIT}",
    inputs="declarations.hs_code declarations.origin_country declarations.customs_value "
    "audits.closed_on findings.amount findings.known_on",
    label="Findings with the same goods and origins",
    phrase="Audits of other traders of the same headings and origins found something in {value} of cases, "
    "weighted by the trader's value of {window}.",
    why="The more often others were wrong about the same goods from the same country, the likelier this "
    "trader is.",
    finding_type="origin",
    monotone=1,
    example=Example("finding_rate customs_value", [(0.5, 300.0), (0.1, 100.0), (None, 50.0)], 0.4),
)
def origin_finding_exposure(origins: ir.Table) -> ir.FloatingScalar:
    """Mean finding rate of the headings and origins used, weighted by value; own audits left out.

    A rate is (k + 10 p) / (n + 10) for n audits of other traders with such lines in their scope, k of which
    found something, and p over all audits of other traders; as known when the quarter began.
    """
    return exact.weighted_mean(origins.finding_rate, origins.customs_value)


@combined(
    unit=Unit.SHARE,
    indicator="origin_not_dispatch",
    reference=VERIFICATION,
    label="Sent from elsewhere, beside its own past",
    phrase="The share of the value sent from elsewhere than its origin in the last 12 months is {value} "
    "[above|below] that of the last 24 months.",
    why="A detour that is new wants a reason: the more go so of late, the more there is to explain.",
    tends=1,
    finding_type="origin",
    example=Example("origin_not_dispatch_12m origin_not_dispatch_24m", [(0.5, 0.25)], 0.25),
)
def origin_not_dispatch_change(
    origin_not_dispatch_12m: ir.FloatingValue, origin_not_dispatch_24m: ir.FloatingValue
) -> ir.Value:
    """Share of 12 months less that of 24, of which they are a part: what lies before weighs by its value."""
    return origin_not_dispatch_12m - origin_not_dispatch_24m


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.COUNT,
    indicator="origin_shift",
    reference=VERIFICATION,
    inputs="declarations.origin_country",
    label="Origins used",
    phrase="Countries of origin in {window}: {value}.",
    why="Each origin has rules, preferences and measures of its own: more origins, more that can be wrong.",
    tends=1,
    example=Example("origin_country", [("CN",), ("CN",), ("VN",)], 2.0),
)
def origins_used(lines: ir.Table) -> ir.IntegerScalar:
    """Number of countries of origin declared."""
    return lines.origin_country.nunique()


@feature(
    source="headings_then_and_now",
    months=(24,),
    unit=Unit.SHARE,
    indicator="origin_shift",
    reference=VERIFICATION,
    inputs="declarations.hs_code declarations.origin_country declarations.customs_value",
    label="Value from new origins",
    phrase="Of the last 12 months' value of goods of headings imported before, {value} came from origins not "
    "used for them in the 12 months before.",
    why="The goods may come from where they came before, and only the origin be new: the more are new, the "
    "more there is to check.",
    tends=1,
    finding_type="origin",
    example=Example(
        "late_value early_value early_heading_value",
        [(300.0, 50.0, 50.0), (100.0, 0.0, 50.0), (90.0, 0.0, 0.0)],
        0.25,
    ),
)
def new_origin_share(headings: ir.Table) -> ir.FloatingScalar:
    """Share from an origin not used before, of the headings that were imported before."""
    known = headings.early_heading_value > 0
    return exact.share_where(known.ifelse(headings.late_value, 0.0), headings.early_value <= 0)
