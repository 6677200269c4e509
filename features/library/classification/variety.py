"""Variety: the spread of a trader's goods over codes, and its new codes."""

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.library.literature import THIS
from features.unit import Unit


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
    phrase="The concentration on subheadings is {value} [above|below] what is usual in the sector.",
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


def _entropy(shares: ir.FloatingColumn) -> ir.FloatingScalar:
    """Return the entropy, -sum of s ln s; a share of zero adds nothing. It is never below zero."""
    return (-(shares * shares.nullif(0.0).ln())).sum()
