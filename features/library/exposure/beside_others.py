"""Beside others: in money, how much less than its sector a trader pays, and how much more than is due."""

from ibis.expr import types as ir

from features.feature import Example, combined, feature
from features.library.at_stake import on_missing_rate
from features.library.literature import DATE, THIS, WCO_AUDIT
from features.library.shortfall import RATED, SHORTFALL, due_rate
from features.unit import Unit


@combined(
    months=24,
    unit=Unit.MONEY,
    indicator="effective_rate",
    reference=f"{WCO_AUDIT}; {DATE}",
    label="Taxes below those of its sector",
    phrase="At the rate of its sector the trader would have paid {value} more taxes in {window}.",
    why="The less a trader pays beside others in the same trade, the more points to low codes, low values "
    "or wrong claims.",
    finding_type="classification",
    monotone=1,
    prior_yield=0.02,
    example=Example("sector_rate effective_rate_24m customs_value_24m", [(0.25, 0.2, 1000.0)], 50.0),
)
def sector_rate_shortfall(
    sector_rate: ir.FloatingValue, effective_rate_24m: ir.FloatingValue, customs_value_24m: ir.FloatingValue
) -> ir.Value:
    """Customs value x (the sector's rate - the trader's), not below 0; half lie below: little is expected."""
    return customs_value_24m * (sector_rate - effective_rate_24m).clip(lower=0.0)


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="effective_rate",
    reference=THIS,
    inputs=RATED,
    label="Duty and VAT above the rate due",
    phrase="In {window} {value} more duty and VAT was paid than at the general rates of the codes declared.",
    why="The more was paid above the rates due, the more may be owed back: an audit may then find less than "
    "nothing.",
    tends=-1,
    example=Example(
        SHORTFALL,
        [
            (300.0, 0.2, 0.1, 0.3, 60.0, 72.0),
            (100.0, 0.1, None, 0.05, 10.0, 0.0),
            (100.0, 0.0, 0.1, 0.1, 0.0, 20.0),
        ],
        41.0,
    ),
)
def overpaid(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (rate paid - general rate), where above zero, and VAT on it.

    Where the tariff lacks the code, the rate that others pay stands for the general one.
    """
    return on_missing_rate(lines, lines.duty_rate - due_rate(lines)).fill_null(0.0).sum()
