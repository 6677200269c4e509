"""Doubtful codes: residual codes of a heading, and codes with findings at other traders."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.literature import DATE, HARMONIZED_SYSTEM
from features.unit import Unit


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="residual_code_share",
    reference=f"{HARMONIZED_SYSTEM}: 9 numbers what a heading does not name",
    inputs="declarations.hs_code declarations.customs_value",
    label="Value under 'other' subheadings",
    phrase="{value} of the value of {window} stands under subheadings for 'other' goods.",
    why="Goods whose own code costs more can hide among what a heading does not name: the more stands "
    "there, the more can hide.",
    tends=1,
    finding_type="classification",
    example=Example(
        "customs_value hs_code", [(30.0, "61099000"), (20.0, "39232910"), (50.0, "61091090")], 0.5
    ),
)
def residual_code_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of the value under subheadings that end in 9 or 90: by convention the residual ones."""
    subheading = lines.hs_code.substr(0, 6)
    residual = subheading.endswith("9") | subheading.endswith("90")
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
    why="The more often others were wrong about the same goods, the likelier this trader is.",
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
