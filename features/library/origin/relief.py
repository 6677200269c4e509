"""Relief: goods entered for processing or temporary use, and the duty they were relieved of."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.at_stake import on_missing_rate
from features.library.exposure.procedures import is_special
from features.library.literature import RELIEF
from features.library.shortfall import RATED, SHORTFALL, due_rate
from features.unit import Unit

PROCESSING = ("51", "53")
"""Inward processing and temporary admission, the first two digits of a procedure (SAD box 37)."""


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="relief_open",
    reference=RELIEF,
    inputs=f"declarations.procedure_code {RATED}",
    label="Duty and VAT suspended, not discharged",
    phrase="Goods entered for processing or temporary use in {window} and still open owe {value} of duty and "
    "the VAT on it if they were not sent back.",
    why="Goods let in without duty to be worked on or sent back may have been sold at home: the more is "
    "still open, the more is at stake.",
    finding_type="procedure",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        f"procedure_code {SHORTFALL} plain_duty",
        [
            ("5100", 300.0, 0.1, 0.1, 0.07, 0.0, 0.0, 0.0),
            ("5300", 100.0, 0.0, None, 0.15, 5.0, 0.0, 5.0),
            ("4051", 100.0, 0.1, 0.1, 0.07, 10.0, 22.0, 10.0),
        ],
        30.0,
    ),
)
def relief_at_stake(lines: ir.Table) -> ir.FloatingScalar:
    """Duty not assessed on goods entered, by the share of their value that is not discharged, and VAT on it.

    The rate due is the general one; where the tariff lacks the code, what others pay. Where exports are not
    in the data, goods sent back are not known of, so a tenth is expected.
    """
    requested, previous = lines.procedure_code.substr(0, 2), lines.procedure_code.substr(2, 2)
    entered = lines.customs_value.sum(where=requested.isin(PROCESSING))
    discharged = lines.customs_value.sum(where=previous.isin(PROCESSING)).fill_null(0.0)
    still_open = (1.0 - discharged / entered.nullif(0.0)).clip(lower=0.0).fill_null(0.0)
    return requested.isin(PROCESSING).ifelse(_unassessed(lines), 0.0).sum() * still_open


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="special_regime_share",
    reference=RELIEF,
    inputs=f"declarations.procedure_code {RATED}",
    label="Duty and VAT not paid under special procedures",
    phrase="Goods under another procedure than plain import paid {value} less duty and VAT on it in {window} "
    "than plain import would have.",
    why="Suspension and relief have conditions that are checked only afterwards: the more was saved so, the "
    "more is at stake.",
    finding_type="procedure",
    monotone=1,
    prior_yield=0.05,
    example=Example(
        f"procedure_code {SHORTFALL} plain_duty",
        [
            ("7100", 300.0, 0.1, 0.1, 0.07, 0.0, 60.0, 0.0),
            ("4000", 300.0, 0.1, 0.1, 0.07, 0.0, 60.0, 0.0),
            ("KR21", 300.0, 0.1, 0.1, 0.07, 0.0, 60.0, 0.0),
        ],
        36.0,
    ),
)
def special_procedure_at_stake(lines: ir.Table) -> ir.FloatingScalar:
    """Duty not assessed on lines under a special procedure, and VAT on it; most are sound, so a twentieth."""
    return is_special(lines.procedure_code).fill_null(False).ifelse(_unassessed(lines), 0.0).sum()


def _unassessed(lines: ir.Table) -> ir.FloatingColumn:
    """Return the duty due less the duty assessed, whatever rate was declared, with VAT on it."""
    paid = exact.share(lines.plain_duty, lines.customs_value)
    return on_missing_rate(lines, due_rate(lines) - paid).fill_null(0.0)
