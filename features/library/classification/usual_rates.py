"""Usual rates: the duty rate of goods beside that of others, and of the trader's own past, in a heading.

They need no tariff. Lines under a preference are left out, where the data knows of preferences, so that a
claim does not look like a classification. A rate of others is the mean over the other traders in the four
quarters before a line's own, a rate of one's own past the mean over one's own lines in the three years before
it.
"""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.at_stake import TAXES, on_missing_rate
from features.library.literature import FISMAN_WEI, TYPOLOGIES
from features.unit import Unit

RATED = "declarations.hs_code declarations.customs_value declarations.duty_rate"
PEERS = "peer_traders_full_rate peer_group_full_rate"


@feature(
    source="lines",
    months=(24,),
    unit=Unit.RATE,
    indicator="usual_rate_gap",
    reference=FISMAN_WEI,
    inputs=RATED,
    label="Duty rate against other traders in the heading",
    phrase="On average over the value of {window}, the duty rate was {value} [above|below] what other "
    "traders paid in the same headings.",
    why="The less a trader pays beside others for goods of the same heading, the more points to a code that "
    "is too cheap.",
    finding_type="classification",
    monotone=-1,
    example=Example(
        f"full_rate peer_mean_full_rate customs_value {PEERS}",
        [(0.02, 0.1, 300.0, 9, "hs4"), (0.12, 0.08, 100.0, 9, "hs4"), (None, 0.1, 50.0, 9, "hs4")],
        (-0.08 * 300 + 0.04 * 100) / 400,
    ),
)
def peer_rate_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Mean of (duty rate - mean rate of other traders in the heading), weighted by value."""
    return exact.weighted_mean(lines.full_rate - lines.peer_mean_full_rate, lines.customs_value)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="usual_rate_gap",
    reference=FISMAN_WEI,
    inputs=f"{RATED} {TAXES}",
    label="Taxes below other traders' rates in the heading",
    phrase="At the duty rates that other traders paid in the same headings, {value} more duty and VAT would "
    "have been due on the lines of {window} below them.",
    why="It is the revenue at stake if others use the right codes, and the trader does not.",
    finding_type="classification",
    monotone=1,
    prior_yield=0.02,
    example=Example(
        f"full_rate peer_mean_full_rate customs_value duty_assessed vat_assessed {PEERS}",
        [
            (0.02, 0.1, 300.0, 6.0, 30.6, 9, "hs4"),
            (0.12, 0.08, 100.0, 12.0, 11.2, 9, "hs4"),
            (None, 0.1, 50.0, 0.0, 5.0, 9, "hs4"),
        ],
        26.4,
    ),
)
def peer_rate_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (mean rate of other traders in the heading - duty rate), where above 0, and the VAT on it."""
    return on_missing_rate(lines, lines.peer_mean_full_rate - lines.full_rate).sum()


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.RATE,
    indicator="own_past_rate",
    reference=TYPOLOGIES,
    inputs=RATED,
    label="Duty rate against its own past in the heading",
    phrase="On average over the value of {window}, the duty rate was {value} [above|below] what the trader "
    "itself had paid in the same headings in the three years before.",
    why="The goods may be the same, and only the code cheaper: the further the rate falls under its own "
    "past, the more points to that. Where the trader has no past, the rates of other traders say it.",
    finding_type="classification",
    monotone=-1,
    example=Example(
        "full_rate own_full_rate customs_value",
        [(0.02, 0.1, 300.0), (0.12, 0.08, 100.0), (0.1, None, 50.0)],
        (-0.08 * 300 + 0.04 * 100) / 400,
    ),
)
def own_rate_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Mean of (duty rate - own earlier mean rate in the heading), weighted by value."""
    return exact.weighted_mean(lines.full_rate - lines.own_full_rate, lines.customs_value)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="own_past_rate",
    reference=TYPOLOGIES,
    inputs=f"{RATED} {TAXES}",
    label="Taxes below its own past rates in the heading",
    phrase="At the duty rates that the trader itself had paid in the same headings in the three years "
    "before, {value} more duty and VAT would have been due on the lines of {window} below them.",
    why="It is the revenue at stake if goods moved to a cheaper code without having changed. Where the "
    "trader has no past, the rates of other traders say it.",
    finding_type="classification",
    monotone=1,
    prior_yield=0.2,
    example=Example(
        "full_rate own_full_rate customs_value duty_assessed vat_assessed",
        [(0.02, 0.1, 300.0, 6.0, 30.6), (0.12, 0.08, 100.0, 12.0, 11.2), (0.1, None, 50.0, 5.0, 5.5)],
        26.4,
    ),
)
def own_rate_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (own earlier mean rate in the heading - duty rate), where above 0, and the VAT on it."""
    return on_missing_rate(lines, lines.own_full_rate - lines.full_rate).sum()
