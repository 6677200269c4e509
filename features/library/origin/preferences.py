"""Preferences: how much is claimed, saved, and unproven."""

from datetime import date

from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.library.literature import CBP, IMF, PREFERENCES, VERIFICATION
from features.library.shortfall import RATED, SHORTFALL, forgone
from features.unit import Unit


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.SHARE,
    indicator="preference_share",
    reference=f"{CBP}; {IMF}",
    inputs="declarations.preference_code declarations.customs_value",
    label="Value under preference",
    phrase="A preference is claimed for {value} of the value of {window}.",
    why="Each claim rests on an origin that an audit can check: the more is claimed, the more may not stand.",
    tends=1,
    finding_type="origin",
    example=Example("customs_value preference_code", [(300.0, "FTA1"), (100.0, None)], 0.75),
)
def preference_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of the value for which a preference is claimed."""
    return exact.share_where(lines.customs_value, lines.preference_code.notnull())


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="preference_no_doc",
    reference=f"{PREFERENCES}; {IMF}",
    inputs="declarations.preference_code declarations.origin_proof_id declarations.customs_value",
    label="Preference without proof",
    phrase="Of the value for which a preference was claimed in {window}, {value} names no proof of origin.",
    why="A claim without its document does not stand: the more is claimed so, the more is owed.",
    finding_type="origin",
    monotone=1,
    example=Example(
        "customs_value preference_code origin_proof_id",
        [(300.0, "FTA1", "P1"), (100.0, "FTA1", None), (900.0, None, None)],
        0.25,
    ),
)
def preference_no_doc(lines: ir.Table) -> ir.FloatingScalar:
    """Value claimed for without a proof of origin / value claimed for; empty where there is no claim."""
    claimed = lines.preference_code.notnull()
    return exact.share(
        lines.customs_value.sum(where=claimed & lines.origin_proof_id.isnull()),
        lines.customs_value.sum(where=claimed),
    )


@combined(
    unit=Unit.SHARE,
    indicator="preference_share",
    reference=f"{CBP}; {IMF}",
    label="Value under preference, beside its own past",
    phrase="The share of the value under preference in the last 12 months is {value} [above|below] that of "
    "the last 24 months.",
    why="Claims for trade that went without are new, and untested: the more are new, the more may not stand.",
    tends=1,
    finding_type="origin",
    example=Example("preference_share_12m preference_share_24m", [(0.75, 0.5)], 0.25),
)
def preference_share_change(
    preference_share_12m: ir.FloatingValue, preference_share_24m: ir.FloatingValue
) -> ir.Value:
    """Share of 12 months less that of 24, of which they are a part: what lies before weighs by its value."""
    return preference_share_12m - preference_share_24m


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="preference_money",
    reference=IMF,
    inputs=f"declarations.preference_code {RATED}",
    label="Duty and VAT saved by preferences",
    phrase="Preferences claimed in {window} saved {value} of duty and the VAT on it.",
    why="What is to be paid if none of the origins stands.",
    finding_type="origin",
    monotone=1,
    prior_yield=0.05,
    example=Example(
        f"preference_code {SHORTFALL}",
        [
            ("FTA1", 300.0, 0.02, 0.12, 0.07, 6.0, 61.2),
            ("FTA1", 100.0, 0.0, None, 0.1, 0.0, 0.0),
            ("GSP", 100.0, 0.05, 0.04, 0.07, 5.0, 21.0),
            (None, 900.0, 0.0, 0.12, 0.07, 0.0, 180.0),
        ],
        46.0,
    ),
)
def preference_at_stake(lines: ir.Table) -> ir.FloatingScalar:
    """Duty forgone on lines with a claim, and the VAT on it.

    Where the tariff lacks the code, the rate that others pay stands for the general one. Most claims are
    sound, so an audit is expected to book a twentieth.
    """
    return lines.preference_code.notnull().ifelse(forgone(lines), 0.0).sum()


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="preference_no_doc",
    reference=f"{PREFERENCES}; {IMF}",
    inputs=f"declarations.preference_code declarations.origin_proof_id {RATED}",
    label="Duty and VAT saved without proof",
    phrase="Preferences claimed in {window} without naming a proof of origin saved {value} of duty and the "
    "VAT on it.",
    why="What is to be paid if the documents cannot be shown.",
    finding_type="origin",
    monotone=1,
    prior_yield=0.2,
    example=Example(
        f"preference_code origin_proof_id {SHORTFALL}",
        [
            ("FTA1", "P1", 300.0, 0.0, 0.12, 0.07, 0.0, 60.0),
            ("FTA1", None, 100.0, 0.02, 0.12, 0.07, 2.0, 20.4),
            (None, None, 900.0, 0.0, 0.12, 0.07, 0.0, 180.0),
        ],
        12.0,
    ),
)
def unproven_preference_at_stake(lines: ir.Table) -> ir.FloatingScalar:
    """As `preference_at_stake`, of claims without a proof of origin.

    A missing proof is often only missing from the data, so an audit is expected to book a fifth.
    """
    unproven = lines.preference_code.notnull() & lines.origin_proof_id.isnull()
    return unproven.ifelse(forgone(lines), 0.0).sum()


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="origin_not_dispatch",
    reference=VERIFICATION,
    inputs=f"declarations.preference_code declarations.origin_country declarations.dispatch_country {RATED}",
    label="Duty and VAT saved by preferences on goods sent from elsewhere",
    phrase="Preferences claimed in {window} on goods sent from another country than their origin saved "
    "{value} of duty and the VAT on it.",
    why="Goods that pass through a third country may have lost the claimed origin, or never had it: the "
    "more was saved so, the more is at stake.",
    finding_type="origin",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        f"preference_code is_elsewhere {SHORTFALL}",
        [
            ("FTA1", 1.0, 100.0, 0.02, 0.12, 0.07, 2.0, 20.4),
            ("FTA1", None, 100.0, 0.02, 0.12, 0.07, 2.0, 20.4),
            (None, 1.0, 900.0, 0.0, 0.12, 0.07, 0.0, 180.0),
        ],
        12.0,
    ),
)
def detour_preference_at_stake(lines: ir.Table) -> ir.FloatingScalar:
    """As `preference_at_stake`, of goods sent from another country than that of origin.

    Trade through a third country is common and mostly sound, so an audit is expected to book a tenth.
    """
    detour = lines.preference_code.notnull() & (lines.is_elsewhere > 0)
    return detour.ifelse(forgone(lines), 0.0).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="preference_money",
    reference=IMF,
    inputs=f"declarations.preference_code {RATED}",
    label="Duty and VAT saved by preferences beyond its own past",
    phrase="Preferences of the last 12 months saved {value} more duty and VAT than the trader's share of the "
    "12 months before would have.",
    why="What is to be paid if the claims that are new do not stand.",
    finding_type="origin",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        f"happened_on from_12m preference_code {SHORTFALL}",
        [
            (date(2023, 9, 1), date(2023, 7, 1), "FTA1", 200.0, 0.0, 0.1, 0.07, 0.0, 0.0),
            (date(2022, 9, 1), date(2023, 7, 1), "FTA1", 100.0, 0.0, 0.1, 0.07, 0.0, 0.0),
            (date(2022, 9, 1), date(2023, 7, 1), None, 100.0, 0.1, 0.1, 0.07, 10.0, 0.0),
        ],
        10.0,
    ),
)
def risen_preference_at_stake(lines: ir.Table) -> ir.FloatingScalar:
    """Saved in the last 12 months - saved per value in the 12 before x value of the last 12, not below 0.

    Empty without a value in the 12 months before. Trade changes for sound reasons too: a tenth is expected.
    """
    late = lines.happened_on >= lines.from_12m
    saved = lines.preference_code.notnull().ifelse(forgone(lines), 0.0)
    before = exact.share(saved.sum(where=~late), lines.customs_value.sum(where=~late))
    usual = before * lines.customs_value.sum(where=late).fill_null(0.0)
    return (saved.sum(where=late).fill_null(0.0) - usual).clip(lower=0.0)
