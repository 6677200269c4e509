"""Tax at stake: what tax returns show beyond the declarations to customs, at the taxes paid on the value."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.library.literature import COOPERATION, TRAILS, TRANSFER_PRICING, VALUATION_AGREEMENT
from features.unit import Unit

TAXED = "declarations.customs_value declarations.duty_assessed declarations.vat_assessed"
MOST_HIDDEN = 1.0
"""Turnover beyond the sector's stands for as much again as was declared at most; the rest is home trade."""


def _taxes_beyond_value(returns: ir.Table, stated: ir.NumericColumn) -> ir.FloatingScalar:
    """Return the taxes on what is stated beyond the customs value of the periods that state it."""
    excess = stated.sum() - returns.customs_value.sum(where=stated.notnull())
    return _taxes_on(excess, returns, stated)


def _taxes_on(excess: ir.FloatingScalar, returns: ir.Table, stated: ir.NumericColumn) -> ir.FloatingScalar:
    """Return the taxes on an amount above zero, at those paid per value in the periods that state it."""
    periods = stated.notnull()
    rate = exact.share(returns.taxes.sum(where=periods), returns.customs_value.sum(where=periods))
    return excess.clip(lower=0.0) * rate


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.MONEY,
    indicator="import_purchases_gap",
    reference=f"{COOPERATION}; {TRAILS}",
    inputs=f"tax_returns.purchases_imported {TAXED}",
    label="Taxes on purchases beyond the customs value",
    phrase="On imported purchases beyond the customs value, taxes of {value} would be due in {window}.",
    why="Whoever books more than it declared to customs may have paid a second invoice: the more it is, the "
    "more is at stake.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.3,
    example=Example(
        "purchases_imported customs_value taxes",
        [(300.0, 200.0, 50.0), (None, 900.0, 0.0), (300.0, 200.0, 50.0)],
        50.0,
    ),
)
def purchases_at_stake(returns: ir.Table) -> ir.FloatingScalar:
    """(imported purchases - customs value of their periods, not below 0) x taxes / customs value.

    Books hold costs that are no part of the value: not quite a third is expected.
    """
    return _taxes_beyond_value(returns, returns.purchases_imported)


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.MONEY,
    indicator="payments_gap",
    reference=TRAILS,
    inputs=f"tax_returns.payments_abroad {TAXED}",
    label="Taxes on payments beyond the customs value",
    phrase="On payments abroad beyond the customs value declared, taxes of {value} would be due in {window}.",
    why="Paying suppliers more than was declared points to values declared too low: the more it is, the "
    "more is at stake.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.2,
    example=Example(
        "payments_abroad customs_value taxes",
        [(300.0, 200.0, 50.0), (None, 900.0, 0.0), (300.0, 200.0, 50.0)],
        50.0,
    ),
)
def payments_at_stake(returns: ir.Table) -> ir.FloatingScalar:
    """(payments abroad - customs value of their periods, not below 0) x taxes / customs value.

    Services are paid abroad too: a fifth is expected.
    """
    return _taxes_beyond_value(returns, returns.payments_abroad)


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.MONEY,
    indicator="royalty_gap",
    reference=f"{TRANSFER_PRICING}; {VALUATION_AGREEMENT}, article 8.1(c)",
    inputs=f"tax_returns.royalties_abroad declarations.valuation_adjustment {TAXED}",
    label="Taxes on royalties not added to the value",
    phrase="On royalties paid abroad and not added to the customs value, taxes of {value} would be due in "
    "{window}.",
    why="Royalties for the goods that the buyer must pay belong to their customs value: the more is left "
    "out, the more is at stake.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.3,
    example=Example(
        "royalties_abroad valuation_adjustment customs_value taxes",
        [(100.0, 0.0, 200.0, 40.0), (50.0, 20.0, 200.0, 40.0), (None, 70.0, 900.0, 0.0)],
        26.0,
    ),
)
def royalties_at_stake(returns: ir.Table) -> ir.FloatingScalar:
    """(royalties paid abroad - additions of their periods, not below 0) x taxes / customs value.

    Many royalties are not for imported goods: not quite a third is expected.
    """
    paid = returns.royalties_abroad
    excess = paid.sum() - returns.valuation_adjustment.sum(where=paid.notnull()).fill_null(0.0)
    return _taxes_on(excess, returns, paid)


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.MONEY,
    indicator="import_vat_gap",
    reference=COOPERATION,
    inputs="tax_returns.import_vat_claimed declarations.vat_assessed",
    label="Import VAT claimed beyond that paid",
    phrase="The tax returns of {window} claim {value} of import value added tax that was not assessed.",
    why="Tax claimed back that was never paid at the border is lost twice: the more is claimed beyond it, "
    "the more is owed.",
    finding_type="other",
    monotone=1,
    prior_yield=0.2,
    example=Example("import_vat_claimed vat_assessed", [(50.0, 40.0), (None, 90.0), (30.0, 35.0)], 5.0),
)
def import_vat_at_stake(returns: ir.Table) -> ir.FloatingScalar:
    """Import VAT claimed less that assessed in the same periods, not below 0.

    Periods of goods and of claims differ by weeks, and customs books a part only: a fifth is expected.
    """
    claimed = returns.import_vat_claimed
    return (claimed.sum() - returns.vat_assessed.sum(where=claimed.notnull())).clip(lower=0.0)


@combined(
    months=24,
    unit=Unit.MONEY,
    indicator="implied_margin",
    reference=COOPERATION,
    label="Taxes on turnover beyond that of its sector",
    phrase="At the turnover per customs value of its sector, imports that would owe {value} more taxes in "
    "{window} stand behind the turnover.",
    why="A margin no one else in the trade earns points to values declared too low: the larger it is, the "
    "more is at stake.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.05,
    example=Example(
        "turnover_multiple_24m sector_multiple customs_value_24m effective_rate_24m",
        [(2.4, 1.6, 1000.0, 0.2)],
        100.0,
    ),
)
def turnover_at_stake(
    turnover_multiple_24m: ir.FloatingValue,
    sector_multiple: ir.FloatingValue,
    customs_value_24m: ir.FloatingValue,
    effective_rate_24m: ir.FloatingValue,
) -> ir.Value:
    """Taxes x (turnover per customs value / that of the sector - 1), between 0 and as much again.

    Margins differ and half of all lie above the middle: a twentieth is expected.
    """
    hidden = (turnover_multiple_24m / sector_multiple.nullif(0.0) - 1.0).clip(lower=0.0, upper=MOST_HIDDEN)
    return customs_value_24m * effective_rate_24m * hidden
