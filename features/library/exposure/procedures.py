"""Procedures: the share of value under suspension or relief."""

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.library.literature import CBP, WCO_AUDIT
from features.unit import Unit


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.SHARE,
    indicator="special_regime_share",
    reference=f"{WCO_AUDIT}; {CBP}: special trade programs",
    inputs="declarations.customs_value declarations.procedure_code",
    label="Under a special procedure",
    phrase="{value} of the customs value came in under another procedure than plain import, in {window}.",
    why="Suspension and relief have conditions that are checked only afterwards: the more enters so, the "
    "more is unchecked.",
    finding_type="procedure",
    monotone=1,
    example=Example(
        "procedure_code customs_value",
        [("4000", 300.0), ("5100", 60.0), ("4051", 40.0), ("KR2111", 9.0)],
        0.25,
    ),
)
def special_procedure_share(lines: ir.Table) -> ir.FloatingScalar:
    """Value share of lines under another procedure than plain import."""
    return exact.share_where(lines.customs_value, is_special(lines.procedure_code))


@combined(
    unit=Unit.SHARE,
    indicator="special_regime_share",
    reference=f"{WCO_AUDIT}; {CBP}: special trade programs",
    label="Special procedures, beside its own past",
    phrase="The share of the customs value under another procedure than plain import in the last 12 months "
    "is {value} [above|below] that of the last 24 months.",
    why="Relief asked for of late is relief whose conditions nobody has checked: the more is new, the more "
    "there is to check.",
    tends=1,
    finding_type="procedure",
    example=Example("special_procedure_share_12m special_procedure_share_24m", [(0.5, 0.25)], 0.25),
)
def special_procedure_change(
    special_procedure_share_12m: ir.FloatingValue, special_procedure_share_24m: ir.FloatingValue
) -> ir.Value:
    """Share of 12 months less that of 24, of which they are a part: what lies before weighs by its value."""
    return special_procedure_share_12m - special_procedure_share_24m


def is_special(code: ir.StringColumn) -> ir.BooleanColumn:
    """Return whether a procedure is another than 40 00, home use after no earlier one (box 37 of the SAD).

    Codes that do not begin with a digit are national: it is not known.
    """
    of_sad = code.substr(0, 1).isin(tuple("0123456789"))
    return of_sad.ifelse((code != "40") & (code.substr(0, 4) != "4000"), ibis.null("boolean"))
