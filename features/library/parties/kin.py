"""Kin: traders tied to this one, what audits found with them, and which of them have ended."""

import ibis
from ibis.expr import types as ir

from features.feature import Example, combined, feature
from features.library.history.identity import YOUNG_YEARS
from features.library.history.inputs import FINDINGS, RECORD
from features.library.literature import ARMENIA, NETWORK
from features.prepare.entities import PRIOR_AUDITS
from features.unit import Unit

LINKS = "links.from_id links.to_id links.link_type links.known_on"


@feature(
    source="kin",
    unit=Unit.PROBABILITY,
    indicator="graph_risk",
    reference=NETWORK,
    inputs=f"{LINKS} {FINDINGS}",
    label="Findings with its kin",
    phrase="Of audits of traders tied by a group, a director or an address, {value} found something.",
    why="Families of firms share owners, books and habits: the more was found with the others, the more may "
    "be found here.",
    monotone=1,
    example=Example(
        "by_firm audits adjusted other_adjusted",
        [(True, 2, 2, 0.3), (True, 0, 0, 0.3), (False, 5, 5, 0.3)],
        5.0 / 12.0,
    ),
)
def kin_finding_rate(linked: ir.Table) -> ir.FloatingScalar:
    """(findings of linked traders + 10 x the rate of all others) / (their audits + 10), own ones left out."""
    firm = linked.by_firm
    hits = linked.adjusted.sum(where=firm) + PRIOR_AUDITS * linked.other_adjusted.max(where=firm)
    return hits / (linked.audits.sum(where=firm) + PRIOR_AUDITS)


@feature(
    source="kin",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="shared_identity",
    reference=ARMENIA,
    inputs=LINKS,
    label="Traders sharing its identity",
    phrase="Other traders that share its address, director, telephone or bank account: {value}.",
    why="Firms that share such details are often one business under several names: the more share them, the "
    "likelier that is.",
    monotone=1,
    example=Example("by_identity", [(True,), (True,), (False,)], 2.0),
)
def identity_shared_with(linked: ir.Table) -> ir.IntegerScalar:
    """Number of traders linked by address, director, telephone or bank, directly or through a third."""
    return linked.count(where=linked.by_identity)


@feature(
    source="kin",
    unit=Unit.SHARE,
    indicator="graph_risk",
    reference=NETWORK,
    inputs=f"{LINKS} {RECORD}",
    label="Audit yield with its kin",
    phrase="Audits of tied traders assess {value} of the customs value they cover.",
    why="Families of firms share owners, books and habits: the more audits brought with the others, the "
    "more they may bring here.",
    monotone=1,
    example=Example(
        "assessed audited_value other_assessed other_audited_value",
        [(500.0, 9_000.0, 100.0, 9_000.0), (0.0, 1_000.0, 100.0, 9_000.0)],
        1_500.0 / 100_000.0,
    ),
)
def kin_yield(linked: ir.Table) -> ir.FloatingScalar:
    """(assessed with them + 10 x others' mean) / (their audited value + 10 x others' mean), an audit each."""
    over = linked.assessed.sum() + PRIOR_AUDITS * linked.other_assessed.max()
    return over / (linked.audited_value.sum() + PRIOR_AUDITS * linked.other_audited_value.max()).nullif(0.0)


@feature(
    source="kin",
    empty=0.0,
    unit=Unit.MONEY,
    indicator="shared_identity",
    reference=ARMENIA,
    inputs=f"{LINKS} declarations.customs_value",
    label="Trade of kin that fell silent",
    phrase="Tied traders that stopped importing had imported goods worth {value} in two years.",
    why="Firms given up before their debts are due often go on under a new name: the more they imported, "
    "the more may be owed.",
    monotone=1,
    example=Example("is_silent value", [(True, 500.0), (False, 900.0)], 500.0),
)
def silent_kin_value(linked: ir.Table) -> ir.FloatingScalar:
    """Customs value of two years of tied traders whose last line is six months to two years old."""
    return linked.value.sum(where=linked.is_silent)


@combined(
    months=24,
    unit=Unit.MONEY,
    indicator="shared_identity",
    reference=ARMENIA,
    label="Taxes on trade that kin gave up",
    phrase="Taxes of {value} stand on trade of {window} that silent tied traders had before.",
    why="A trade handed on to a new name leaves its debts with the old one: the larger it is, the more is "
    "at stake.",
    finding_type="other",
    monotone=1,
    prior_yield=0.1,
    example=Example("silent_kin_value customs_value_24m effective_rate_24m", [(500.0, 2000.0, 0.2)], 100.0),
)
def inherited_at_stake(
    silent_kin_value: ir.FloatingValue,
    customs_value_24m: ir.FloatingValue,
    effective_rate_24m: ir.FloatingValue,
) -> ir.Value:
    """Taxes paid per value x the lesser of the value of silent kin and its own; most is honest: a tenth."""
    return ibis.least(silent_kin_value, customs_value_24m) * effective_rate_24m


@combined(
    months=24,
    unit=Unit.MONEY,
    indicator="shared_identity",
    reference=ARMENIA,
    label="Taxes of a young trader that shares its identity",
    phrase="Taxes of {window} that count because the trader was registered less than three years ago and "
    "shares its identity with others: {value}.",
    why="Firms that share such details and do not live long are set up to be given up with their debts: the "
    "more they were to pay, the more is at stake.",
    finding_type="other",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        "identity_shared_with trader_age customs_value_24m effective_rate_24m",
        [(1.0, 1.5, 2000.0, 0.2)],
        400.0,
    ),
)
def short_lived_at_stake(
    identity_shared_with: ir.FloatingValue,
    trader_age: ir.FloatingValue,
    customs_value_24m: ir.FloatingValue,
    effective_rate_24m: ir.FloatingValue,
) -> ir.Value:
    """Taxes of 24 months where the trader is young and shares its identity, else 0; a tenth is expected."""
    short_lived = (identity_shared_with > 0) & (trader_age < YOUNG_YEARS)
    return short_lived.ifelse(customs_value_24m * effective_rate_24m, 0.0)
