"""Procedures: the share of value under suspension or relief."""

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.literature import CBP, WCO_AUDIT
from features.unit import Unit


@feature(
    source="lines",
    months=(3, 12),
    unit=Unit.SHARE,
    indicator="special_regime_share",
    reference=f"{WCO_AUDIT}; {CBP}: special trade programs",
    inputs="declarations.customs_value declarations.procedure_code",
    label="Under a special procedure",
    phrase="{value} of the customs value came in under another procedure than plain import, in {window}.",
    why="Suspension and relief have conditions that are checked only afterwards.",
    finding_type="procedure",
    monotone=1,
    example=Example(
        "procedure_code customs_value",
        [("4000", 300.0), ("5100", 60.0), ("4051", 40.0), ("KR2111", 9.0)],
        0.25,
    ),
)
def special_procedure_share(lines: ir.Table) -> ir.FloatingScalar:
    """Value share of lines other than 40 00, home use after no earlier procedure (box 37 of the SAD).

    Codes that do not begin with a digit are national, and count neither way.
    """
    code = lines.procedure_code
    of_sad = code.substr(0, 1).isin(tuple("0123456789"))
    return exact.share_where(
        lines.customs_value,
        of_sad.ifelse((code != "40") & (code.substr(0, 4) != "4000"), ibis.null("boolean")),
    )
