"""Classification: goods placed under the code that costs least, and goods not placed before."""

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.unit import Unit

FISMAN_WEI = "Fisman and Wei, Tax Rates and Tax Evasion: Evidence from 'Missing Imports' in China (JPE, 2004)"
TYPOLOGIES = "WCO Commercial Fraud Typologies Summary (2010), misclassification"
DATE = "DATE (Kim et al., KDD 2020); WCO Guidelines for Post-Clearance Audit, vol. 2"
THIS = "This project"


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.RATE,
    indicator="sibling_rate_gap",
    reference=FISMAN_WEI,
    inputs="declarations.hs_code declarations.customs_value tariff.rate",
    label="Rate below the dearest sibling code",
    phrase="On average over the value of {window}, the dearest code of the heading has a duty rate {value} "
    "above that of the code declared.",
    why="Goods may belong under a code of the heading that pays more.",
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
    months=(12,),
    unit=Unit.MONEY,
    empty=0.0,
    indicator="sibling_rate_gap",
    reference=FISMAN_WEI,
    inputs="declarations.hs_code declarations.customs_value tariff.rate",
    label="Duty between code and dearest sibling",
    phrase="Under the dearest code of each heading, the goods of {window} would have paid {value} more duty.",
    why="The most duty that wrong codes within their headings can have cost.",
    finding_type="classification",
    monotone=1,
    example=Example(
        "customs_value general_rate highest_sibling_rate",
        [(300.0, 0.02, 0.12), (100.0, 0.12, 0.12), (50.0, None, None)],
        30.0,
    ),
)
def sibling_rate_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (highest general rate of the heading - general rate of the code), summed."""
    return (lines.customs_value * (lines.highest_sibling_rate - lines.general_rate)).sum()


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.SHARE,
    indicator="lowest_rate_share",
    reference=FISMAN_WEI,
    inputs="declarations.hs_code declarations.customs_value tariff.rate",
    label="Value under the cheapest sibling code",
    phrase="Where the codes of a heading have different duty rates, {value} of the value of {window} stands "
    "under the cheapest.",
    why="A habit of the cheapest code points to codes chosen by their rate.",
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
    inputs="declarations.hs_code declarations.customs_value tariff.valid_from tariff.rate",
    label="Moved to a cheaper code after a rate rise",
    phrase="After the duty rate of a code in use rose, goods worth {value} were declared in {window} under a "
    "cheaper code of the heading not used before.",
    why="The goods may be the same, and only the code new.",
    finding_type="classification",
    monotone=1,
    example=Example("customs_value", [(300.0,), (100.0,)], 400.0),
)
def switch_after_rise(lines: ir.Table) -> ir.FloatingScalar:
    """Value moved within 180 days after the general rate of a code rose, to a cheaper code of its heading.

    The trader had used the dearer code in the 12 months before, and the cheaper one not.
    """
    return lines.customs_value.sum()


@feature(
    source="switches_after_findings",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="switch_to_lower",
    reference=TYPOLOGIES,
    inputs="declarations.hs_code declarations.customs_value tariff.rate controls.finding_type "
    "controls.known_on findings.known_on",
    label="Moved to a cheaper code after a finding",
    phrase="After a control or audit found fault with a code, goods worth {value} were declared in {window} "
    "under a cheaper code of the heading not used before.",
    why="A trader who is caught with one code may try the next.",
    finding_type="classification",
    monotone=1,
    example=Example("customs_value", [(300.0,), (100.0,)], 400.0),
)
def switch_after_finding(lines: ir.Table) -> ir.FloatingScalar:
    """Value moved to a cheaper code of its heading within 180 days after a control or audit found fault.

    The trader had not used the cheaper code in the 12 months before. A control that found nothing is no
    reason to move; of audits, findings that name a line count.
    """
    return lines.customs_value.sum()


@feature(
    source="subheadings",
    months=(24,),
    unit=Unit.SHARE,
    indicator="hs_novelty",
    reference=THIS,
    inputs="declarations.hs_code declarations.customs_value declarations.accepted_on",
    label="Recent value in new subheadings",
    phrase="{value} of the value of the last 3 months stands under subheadings not used before in {window}.",
    why="Goods new to a trader are classified without experience, or under a new code for a reason.",
    finding_type="classification",
    example=Example(
        "recent_value is_new customs_value",
        [(30.0, True, 30.0), (90.0, False, 400.0), (0.0, False, 70.0)],
        0.25,
    ),
)
def hs_novelty(subheadings: ir.Table) -> ir.FloatingScalar:
    """Value of the last three months in subheadings first used in them / value of the last three months.

    Empty for a trader all of whose subheadings are new: there is no habit to depart from.
    """
    old = subheadings.customs_value.sum(where=~subheadings.is_new)
    new = exact.share_where(subheadings.recent_value, subheadings.is_new)
    return (old > 0).ifelse(new, ibis.null("float64"))


@feature(
    source="subheadings",
    months=(12, 24),
    unit=Unit.NAT,
    indicator="hs_entropy",
    reference=THIS,
    inputs="declarations.hs_code declarations.customs_value",
    label="Spread over subheadings",
    phrase="The value of {window} is spread over subheadings with an entropy of {value} "
    "(0 where there is one, 0.7 for two of equal value, 2.3 for ten).",
    why="A wide range of goods gives more room for wrong codes.",
    finding_type="classification",
    example=Example("value_share", [(0.5,), (0.5,), (0.0,)], 0.6931471805599453),
)
def hs_entropy(subheadings: ir.Table) -> ir.FloatingScalar:
    """Entropy, -sum of s ln s over the shares s of subheadings in the value."""
    return _entropy(subheadings.value_share)


@feature(
    source="subheadings",
    months=(12,),
    unit=Unit.SHARE,
    indicator="hs_entropy",
    reference=THIS,
    inputs="declarations.hs_code declarations.customs_value",
    label="Concentration on subheadings",
    phrase="The value of {window} is concentrated on subheadings with an index of {value} (1 where there is "
    "one).",
    why="One code that carries all the value makes one wrong code costly.",
    finding_type="classification",
    example=Example("value_share", [(0.5,), (0.25,), (0.25,)], 0.375),
)
def hs_concentration(subheadings: ir.Table) -> ir.FloatingScalar:
    """Herfindahl-Hirschman index, the sum of the squared shares of subheadings in the value."""
    return (subheadings.value_share * subheadings.value_share).sum()


@feature(
    source="sector_concentrations",
    unit=Unit.SHARE,
    indicator="hs_entropy",
    reference=THIS,
    inputs="declarations.hs_code declarations.customs_value traders.sector",
    label="Concentration on subheadings in its sector",
    phrase="For the middle trader of the same sector and size, the concentration on subheadings is {value}.",
    why="Says what the trader's own concentration is to be compared with.",
    finding_type="classification",
    example=Example("middle", [(0.4,)], 0.4),
)
def sector_concentration(sector_concentrations: ir.Table) -> ir.FloatingScalar:
    """The median index over traders of the sector and size, in the four quarters before this one."""
    return sector_concentrations.middle.max()


@combined(
    unit=Unit.SHARE,
    indicator="hs_entropy",
    reference=THIS,
    label="Concentration on subheadings, beside its sector",
    phrase="The concentration on subheadings differs by {value} from what is usual in the sector.",
    why="Who imports other goods than its trade does may import for others.",
    finding_type="classification",
    example=Example("hs_concentration_12m sector_concentration", [(0.3, 0.4)], -0.1),
)
def hs_concentration_gap(
    hs_concentration_12m: ir.FloatingValue, sector_concentration: ir.FloatingValue
) -> ir.Value:
    """The trader's index less the middle of its sector: below zero where it imports a wider range."""
    return hs_concentration_12m - sector_concentration


@feature(
    source="chapters",
    months=(12,),
    unit=Unit.NAT,
    indicator="hs_entropy",
    reference=THIS,
    inputs="declarations.hs_code declarations.customs_value",
    label="Spread over chapters",
    phrase="The value of {window} is spread over chapters with an entropy of {value} (0 where there is one, "
    "0.7 for two of equal value, 2.3 for ten).",
    why="Goods of many trades in one hand are hard to classify well, and may be brought in for others.",
    finding_type="classification",
    example=Example("value_share", [(0.5,), (0.5,), (0.0,)], 0.6931471805599453),
)
def chapter_entropy(chapters: ir.Table) -> ir.FloatingScalar:
    """Entropy, -sum of s ln s over the shares s of chapters in the value."""
    return _entropy(chapters.value_share)


@feature(
    source="chapters",
    months=(12,),
    unit=Unit.SHARE,
    indicator="hs_entropy",
    reference=THIS,
    inputs="declarations.hs_code declarations.customs_value",
    label="Concentration on chapters",
    phrase="The value of {window} is concentrated on chapters with an index of {value} (1 where there is "
    "one).",
    why="Says whether a trader deals in one kind of goods or in many.",
    finding_type="classification",
    example=Example("value_share", [(0.5,), (0.25,), (0.25,)], 0.375),
)
def chapter_concentration(chapters: ir.Table) -> ir.FloatingScalar:
    """Herfindahl-Hirschman index, the sum of the squared shares of chapters in the value."""
    return (chapters.value_share * chapters.value_share).sum()


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.SHARE,
    indicator="residual_code_share",
    reference="WCO Harmonized System: 9 numbers what a heading does not name",
    inputs="declarations.hs_code declarations.customs_value",
    label="Value under 'other' subheadings",
    phrase="{value} of the value of {window} stands under subheadings for 'other' goods.",
    why="Goods whose own code costs more can hide among what a heading does not name.",
    finding_type="classification",
    example=Example("customs_value hs6", [(30.0, "610990"), (20.0, "392329"), (50.0, "610910")], 0.5),
)
def residual_code_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of the value under subheadings that end in 9 or 90: by convention the residual ones."""
    residual = lines.hs6.endswith("9") | lines.hs6.endswith("90")
    return exact.share_where(lines.customs_value, residual)


@feature(
    source="rated_subheadings",
    months=(12,),
    unit=Unit.PROBABILITY,
    indicator="hs_finding_exposure",
    reference=DATE,
    inputs="declarations.hs_code declarations.customs_value "
    "audits.closed_on findings.amount findings.known_on",
    label="Findings with the same subheadings",
    phrase="Audits of other traders of the same subheadings found something in {value} of cases, weighted by "
    "the trader's value of {window}.",
    why="Where others were wrong about the same goods, this trader may be.",
    finding_type="classification",
    monotone=1,
    example=Example("finding_rate customs_value", [(0.5, 300.0), (0.1, 100.0), (None, 50.0)], 0.4),
)
def hs_finding_exposure(subheadings: ir.Table) -> ir.FloatingScalar:
    """Mean finding rate of the subheadings used, weighted by value; own audits left out.

    A rate is (k + 10 p) / (n + 10) for n audits of other traders with such lines in their scope, k of which
    found something, and p over all audits of other traders; as known when the quarter began.
    """
    return exact.weighted_mean(subheadings.finding_rate, subheadings.customs_value)


def _entropy(shares: ir.FloatingColumn) -> ir.FloatingScalar:
    """-sum of s ln s; a share of nothing adds nothing. Never below zero, also where one share is all."""
    return (-(shares * shares.nullif(0.0).ln())).sum()
