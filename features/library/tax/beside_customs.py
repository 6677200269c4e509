"""Beside customs: what tax returns state, beside what was declared to customs in their periods."""

import math

from ibis.expr import types as ir

from features.feature import Example, feature
from features.library.literature import COOPERATION, TRAILS, TRANSFER_PRICING
from features.prepare.lines import log_ratio
from features.unit import Unit


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="import_purchases_gap",
    reference=f"{COOPERATION}; {TRAILS}; {TRANSFER_PRICING}",
    inputs="tax_returns.purchases_imported declarations.customs_value",
    label="Purchases in the books against customs value",
    phrase="Imported purchases in tax returns were {value} the customs value of their periods, in {window}.",
    why="The more a trader books beyond what it declared to customs, the more points to a second invoice.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "purchases_imported customs_value",
        [(300.0, 200.0), (None, 900.0), (300.0, 100.0)],
        math.log(2),
    ),
)
def import_purchases_gap(returns: ir.Table) -> ir.FloatingValue:
    """ln(imported purchases stated / customs value declared in the same periods)."""
    stated = returns.purchases_imported
    return log_ratio(stated.sum(), returns.customs_value.sum(where=stated.notnull()))


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.MONEY,
    indicator="import_vat_gap",
    reference=COOPERATION,
    inputs="tax_returns.import_vat_claimed declarations.vat_assessed",
    label="Import VAT claimed but not paid",
    phrase="The tax returns of {window} claim {value} [more|less] import value added tax than was assessed.",
    why="Tax claimed back that was never paid at the border is lost twice: the more is claimed beyond it, "
    "the more is owed.",
    tends=1,
    example=Example("import_vat_claimed vat_assessed", [(50.0, 40.0), (None, 90.0), (30.0, 35.0)], 5.0),
)
def import_vat_gap(returns: ir.Table) -> ir.FloatingScalar:
    """Import VAT claimed less that assessed in the same periods; below zero where less is claimed."""
    claimed = returns.import_vat_claimed
    return claimed.sum() - returns.vat_assessed.sum(where=claimed.notnull())


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.RATIO,
    indicator="implied_margin",
    reference=COOPERATION,
    inputs="tax_returns.turnover declarations.customs_value",
    label="Turnover per unit of customs value",
    phrase="Turnover was {value} times the customs value of the same periods, in {window}.",
    why="The more sales bring beside the declared value, the more asks where the difference came from.",
    tends=1,
    finding_type="valuation",
    example=Example("turnover customs_value", [(300.0, 200.0), (None, 900.0), (450.0, 100.0)], 2.5),
)
def turnover_multiple(returns: ir.Table) -> ir.FloatingScalar:
    """Turnover / customs value declared in the same periods."""
    declared = returns.customs_value.sum(where=returns.turnover.notnull())
    return returns.turnover.sum() / declared.nullif(0.0)


@feature(
    source="sector_multiples",
    unit=Unit.RATIO,
    indicator="implied_margin",
    reference=COOPERATION,
    inputs="tax_returns.turnover declarations.customs_value traders.sector",
    label="Turnover per unit of customs value in its sector",
    phrase="Traders of the same sector and size turned over {value} times their customs value.",
    why="Says what the trader's own turnover is to be compared with.",
    example=Example("middle", [(1.6,)], 1.6),
)
def sector_multiple(sector_multiples: ir.Table) -> ir.FloatingScalar:
    """The median over traders of the sector and size, from the returns of two years."""
    return sector_multiples.middle.max()


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="payments_gap",
    reference=TRAILS,
    inputs="tax_returns.payments_abroad declarations.customs_value",
    label="Payments abroad against customs value",
    phrase="Payments abroad were {value} the customs value of the same periods, in {window}.",
    why="The more a trader pays suppliers beyond what was declared, the more points to values declared too "
    "low.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "payments_abroad customs_value", [(300.0, 200.0), (None, 900.0), (300.0, 100.0)], math.log(2)
    ),
)
def payments_gap(returns: ir.Table) -> ir.FloatingValue:
    """ln(payments abroad stated / customs value declared in the same periods)."""
    stated = returns.payments_abroad
    return log_ratio(stated.sum(), returns.customs_value.sum(where=stated.notnull()))


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="implied_margin",
    reference=COOPERATION,
    inputs="tax_returns.turnover declarations.customs_value",
    label="Turnover per unit of customs value, beside its own past",
    phrase="Turnover per unit of customs value of the last 12 months was {value} that of the returns before.",
    why="The more sales rise beside what is declared, the more asks where the difference came from.",
    tends=1,
    finding_type="valuation",
    example=Example(
        "turnover customs_value is_late",
        [(300.0, 100.0, True), (300.0, 200.0, False), (None, 90.0, True)],
        math.log(2),
    ),
)
def turnover_multiple_change(returns: ir.Table) -> ir.FloatingValue:
    """ln(turnover / customs value of returns of the last 12 months / the same of those before)."""
    stating = returns.turnover.notnull()
    late, early = returns.is_late & stating, ~returns.is_late & stating
    now = returns.turnover.sum(where=late) / returns.customs_value.sum(where=late).nullif(0.0)
    before = returns.turnover.sum(where=early) / returns.customs_value.sum(where=early).nullif(0.0)
    return log_ratio(now, before)


@feature(
    source="compared_returns",
    months=(24,),
    unit=Unit.MONEY,
    indicator="implied_margin",
    reference=COOPERATION,
    inputs="tax_returns.turnover",
    label="Turnover",
    phrase="Tax returns of {window} state a turnover of {value}.",
    why="Says how large the trader is beside its imports.",
    example=Example("turnover", [(300.0,), (None,), (450.0,)], 750.0),
)
def turnover(returns: ir.Table) -> ir.FloatingScalar:
    """Turnover stated."""
    return returns.turnover.sum()
