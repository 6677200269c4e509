"""At stake: in money, how much less a trader pays than others do, and how much more."""

from ibis.expr import types as ir

from features.feature import Example, combined, feature
from features.library.literature import DATE, FISMAN_WEI, THIS, WCO_AUDIT
from features.library.shortfall import SHORTFALL, due_rate, with_vat
from features.unit import Unit

PAID = "declarations.hs_code declarations.duty_rate declarations.customs_value"


@combined(
    unit=Unit.MONEY,
    indicator="effective_rate",
    reference=f"{WCO_AUDIT}; {DATE}",
    label="Taxes below those of its sector",
    phrase="At the rate of its sector the trader would have paid {value} more taxes in the last 24 months.",
    why="Paying less than others in the same trade points to low codes, low values or wrong claims.",
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
    reference=f"{FISMAN_WEI}; {DATE}",
    inputs=PAID,
    label="Duty and VAT below what others pay for its goods",
    phrase="At the duty rates that others pay for such goods, {value} more duty and VAT would have been due "
    "in {window}.",
    why="A cheaper code, a preference or a relief that others do not have wants a reason.",
    finding_type="classification",
    monotone=1,
    prior_yield=0.05,
    example=Example(
        "customs_value duty_rate peer_mean_duty_rate vat_rate",
        [(300.0, 0.0, 0.1, 0.2), (100.0, 0.1, 0.05, 0.2), (90.0, 0.0, None, 0.2)],
        36.0,
    ),
)
def peer_rate_shortfall(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (mean rate of others - rate paid), where above zero, and VAT on it.

    Others are importers of the subheading, else of the heading; they differ for sound reasons mostly, so a
    twentieth is expected.
    """
    return with_vat(lines, lines.peer_mean_duty_rate - lines.duty_rate).sum()


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="revenue_at_stake",
    reference=THIS,
    inputs=PAID,
    label="Duty and VAT above the rate due",
    phrase="In {window} {value} more duty and VAT was paid than at the general rates of the codes declared.",
    why="A refund may be owed: an audit that looks may find less than nothing.",
    example=Example(
        SHORTFALL,
        [(300.0, 0.2, 0.1, 0.3, 0.2), (100.0, 0.1, None, 0.05, 0.0), (100.0, 0.0, 0.1, None, 0.2)],
        41.0,
    ),
)
def overpaid(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (rate paid - general rate), where above zero, and VAT on it.

    Where the tariff lacks the code, the rate that others pay stands for the general one.
    """
    return with_vat(lines, lines.duty_rate - due_rate(lines)).sum()
