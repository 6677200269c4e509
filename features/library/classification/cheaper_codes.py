"""Cheaper codes: goods under a code of their heading that pays less, and goods moved to one."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.at_stake import TAXES, on_missing_rate
from features.library.literature import FISMAN_WEI, TYPOLOGIES
from features.unit import Unit


@feature(
    source="lines",
    months=(24,),
    unit=Unit.RATE,
    indicator="sibling_rate_gap",
    reference=FISMAN_WEI,
    inputs="declarations.hs_code declarations.customs_value tariff.rate",
    label="Rate below the dearest code of the heading",
    phrase="On average over the value of {window}, the dearest code of the heading has a duty rate {value} "
    "above that of the code declared.",
    why="The goods may belong under another code of the heading: the more that code pays, the more a wrong "
    "one saves.",
    finding_type="classification",
    monotone=1,
    example=Example(
        "customs_value general_rate highest_sibling_rate",
        [(300.0, 0.02, 0.12), (100.0, 0.12, 0.12), (50.0, None, None)],
        0.075,
    ),
)
def sibling_rate_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Mean of (highest general rate of the heading - general rate of the code), weighted by value.

    General rates, not the rates paid, so that a preference claim does not look like a classification.
    """
    return exact.weighted_mean(lines.highest_sibling_rate - lines.general_rate, lines.customs_value)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    empty=0.0,
    indicator="sibling_rate_gap",
    reference=FISMAN_WEI,
    inputs=f"declarations.hs_code declarations.customs_value tariff.rate {TAXES}",
    label="Taxes below those of the dearest code of the heading",
    phrase="Under the dearest code of each heading, the goods of {window} would have paid {value} more duty "
    "and VAT.",
    why="The most revenue that wrong codes within their headings can have cost. Without a tariff, the rates "
    "that others and the trader itself paid in the heading say it.",
    finding_type="classification",
    monotone=1,
    example=Example(
        "customs_value general_rate highest_sibling_rate duty_assessed vat_assessed",
        [(300.0, 0.02, 0.12, 6.0, 30.6), (100.0, 0.12, 0.12, 12.0, 11.2), (50.0, None, None, 0.0, 5.0)],
        33.0,
    ),
)
def sibling_rate_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (highest general rate of the heading - general rate of the code) and the VAT on it, summed."""
    return on_missing_rate(lines, lines.highest_sibling_rate - lines.general_rate).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="lowest_rate_share",
    reference=FISMAN_WEI,
    inputs="declarations.hs_code declarations.customs_value tariff.rate",
    label="Value under the cheapest code of the heading",
    phrase="Where the codes of a heading have different duty rates, {value} of the value of {window} stands "
    "under the cheapest.",
    why="The more stands under the cheapest code of its heading, the more points to codes chosen by their "
    "rate.",
    finding_type="classification",
    monotone=1,
    example=Example(
        "customs_value general_rate lowest_sibling_rate highest_sibling_rate",
        [(300.0, 0.02, 0.02, 0.12), (100.0, 0.12, 0.02, 0.12), (500.0, 0.05, 0.05, 0.05)],
        0.75,
    ),
)
def lowest_rate_share(lines: ir.Table) -> ir.FloatingScalar:
    """Value at the lowest general rate of its heading / value in headings whose rates differ."""
    choice = lines.highest_sibling_rate > lines.lowest_sibling_rate
    cheapest = lines.general_rate <= lines.lowest_sibling_rate
    return exact.share(
        lines.customs_value.sum(where=choice & cheapest),
        lines.customs_value.sum(where=choice & cheapest.notnull()),
    )


@feature(
    source="switches_after_rises",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="switch_to_lower",
    reference=f"{FISMAN_WEI}; {TYPOLOGIES}",
    inputs=f"declarations.hs_code declarations.customs_value tariff.valid_from tariff.rate {TAXES}",
    label="Taxes saved by a cheaper code after a rate rise",
    phrase="Duty and VAT saved in {window} by goods that moved to a cheaper code of the heading, not used "
    "before, after the duty rate of a code in use rose: {value}.",
    why="It is the revenue at stake if only the code is new.",
    finding_type="classification",
    monotone=1,
    prior_yield=0.2,
    example=Example(
        "customs_value missing_rate duty_assessed vat_assessed",
        [(300.0, 0.1, 6.0, 30.6), (100.0, 0.05, 12.0, 0.0)],
        38.0,
    ),
)
def switch_after_rise_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (rate of the dearer code - rate of the cheaper) of the lines moved, and the VAT on it."""
    return on_missing_rate(lines, lines.missing_rate).sum()


@feature(
    source="switches_after_findings",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="switch_to_lower",
    reference=TYPOLOGIES,
    inputs="declarations.hs_code declarations.customs_value tariff.rate controls.finding_type "
    f"controls.known_on findings.known_on {TAXES}",
    label="Taxes saved by a cheaper code after a finding",
    phrase="Duty and VAT saved in {window} by goods that moved to a cheaper code of the heading, not used "
    "before, after a control or audit found fault with a code: {value}.",
    why="It is the revenue at stake if the trader who was caught with one code tries the next.",
    finding_type="classification",
    monotone=1,
    prior_yield=0.2,
    example=Example(
        "customs_value missing_rate duty_assessed vat_assessed",
        [(300.0, 0.1, 6.0, 30.6), (100.0, 0.05, 12.0, 0.0)],
        38.0,
    ),
)
def switch_after_finding_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (rate of the dearer code - rate of the cheaper) of the lines moved, and the VAT on it."""
    return on_missing_rate(lines, lines.missing_rate).sum()
