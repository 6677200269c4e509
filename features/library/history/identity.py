"""Identity: age, legal form and capital of the trader."""

from datetime import date

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.library.literature import ARMENIA, WCO_AUDIT
from features.prepare.spans import years_between
from features.unit import Unit

LIMITED_FORMS = ("limited", "stock", "company", "corporation", "cooperative")
YOUNG_YEARS = 3.0
"""Missing traders are gone within a few quarters; three years leave room for late registrations."""
PERSONAL_FORMS = ("sole", "sole trader", "sole proprietor", "individual", "natural person", "partnership")


@feature(
    source="descriptions",
    unit=Unit.YEAR,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs="traders.registered_on",
    label="Age of the trader",
    phrase="The trader has been registered for {value}.",
    why="The younger a trader, the less it knows the rules; and some are set up to be given up.",
    tends=-1,
    example=Example("cutoff registered_on", [(date(2024, 7, 1), date(2023, 7, 2))], 365 / 365.25),
)
def trader_age(described: ir.Table) -> ir.FloatingScalar:
    """Years since registration."""
    return years_between(described.registered_on, described.cutoff).max()


@feature(
    source="descriptions",
    unit=Unit.FLAG,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs="traders.legal_form",
    label="Not a company",
    phrase="The trader is a person or partnership, not a company with capital: {value}.",
    why="Persons and partnerships keep simpler books, and their debts are harder to collect.",
    example=Example("legal_form", [("Sole",)], 1.0),
)
def not_a_company(described: ir.Table) -> ir.FloatingScalar:
    """1 for sole traders and partnerships, 0 for companies; empty for forms under other names."""
    form = described.legal_form.lower()
    personal = ibis.cases((form.isin(PERSONAL_FORMS), 1.0), (form.isin(LIMITED_FORMS), 0.0))
    return personal.max()


@feature(
    source="descriptions",
    unit=Unit.MONEY,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs="traders.paid_in_capital",
    label="Paid-in capital",
    phrase="The trader's paid-in capital is {value}.",
    why="The less capital, the less there is to lose, and the less from which to collect.",
    tends=-1,
    example=Example("paid_in_capital", [(25_000.0,)], 25_000.0),
)
def paid_in_capital(described: ir.Table) -> ir.FloatingScalar:
    """Paid-in capital as last described."""
    return described.paid_in_capital.max()


@combined(
    unit=Unit.RATIO,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    label="Imports to capital",
    phrase="The customs value of the last 12 months is {value} times the paid-in capital.",
    why="Large imports on little capital are typical of firms set up to trade for others and vanish: the "
    "larger beside it, the more so.",
    monotone=1,
    example=Example("customs_value_12m paid_in_capital", [(500_000.0, 25_000.0)], 20.0),
)
def imports_to_capital(customs_value_12m: ir.FloatingColumn, paid_in_capital: ir.FloatingColumn) -> ir.Value:
    """Customs value of 12 months / paid-in capital; empty without capital."""
    return exact.share(customs_value_12m, paid_in_capital)


@combined(
    months=24,
    unit=Unit.MONEY,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    label="Taxes of a young trader",
    phrase="Taxes of {window} that count as those of a trader registered less than three years ago: {value}.",
    why="Some firms are set up to be given up with their debts: the more a young one was to pay, the more "
    "is at stake. Where ties are not in the data, youth alone says it.",
    finding_type="other",
    monotone=1,
    prior_yield=0.02,
    example=Example("trader_age customs_value_24m effective_rate_24m", [(1.5, 2000.0, 0.2)], 400.0),
)
def young_at_stake(
    trader_age: ir.FloatingValue, customs_value_24m: ir.FloatingValue, effective_rate_24m: ir.FloatingValue
) -> ir.Value:
    """Taxes of 24 months where the trader is younger than three years, else 0; a fiftieth is expected."""
    return (trader_age < YOUNG_YEARS).ifelse(customs_value_24m * effective_rate_24m, 0.0)
