"""Variety: the spread of a trader's goods over codes, and its new codes."""

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
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
    why="Goods new to a trader are classified without experience, or under a new code for a reason: the "
    "more are new, the more can be wrong.",
    tends=1,
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
    months=(24,),
    unit=Unit.NAT,
    indicator="hs_entropy",
    reference=THIS,
    inputs="declarations.hs_code declarations.customs_value",
    label="Spread over subheadings",
    phrase="The value of {window} is spread as if evenly over {value} subheadings.",
    why="The wider the range of goods, the more room there is for wrong codes.",
    tends=1,
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
    phrase="Of two parts of the value of {window}, drawn at random, {value} are of the same subheading.",
    why="The more value one code carries, the more a wrong code costs.",
    tends=1,
    finding_type="classification",
    example=Example("value_share", [(0.5,), (0.25,), (0.25,)], 0.375),
)
def hs_concentration(subheadings: ir.Table) -> ir.FloatingScalar:
    """Herfindahl-Hirschman index, the sum of the squared shares of subheadings in the value."""
    return (subheadings.value_share * subheadings.value_share).sum()


def _entropy(shares: ir.FloatingColumn) -> ir.FloatingScalar:
    """Return the entropy, -sum of s ln s; a share of zero adds nothing. It is never below zero."""
    return (-(shares * shares.nullif(0.0).ln())).sum()
