"""Origin: preferences claimed, dispatch from other countries than the origin, and duty relief."""

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.literature import CBP, DATE, IMF, PREFERENCES, RELIEF, VERIFICATION, WCO_AUDIT
from features.unit import Unit

PROCESSING = ("51", "53")
"""Inward processing and temporary admission, the first two digits of a procedure (SAD box 37)."""


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.SHARE,
    indicator="preference_share",
    reference=f"{CBP}; {IMF}",
    inputs="declarations.preference_code declarations.customs_value",
    label="Value under preference",
    phrase="A preference is claimed for {value} of the value of {window}.",
    why="Each claim rests on an origin that an audit can check.",
    finding_type="origin",
    example=Example("customs_value preference_code", [(300.0, "FTA1"), (100.0, None)], 0.75),
)
def preference_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of the value for which a preference is claimed."""
    return exact.share_where(lines.customs_value, lines.preference_code.notnull())


@feature(
    source="lines",
    months=(3, 12, 24),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="preference_money",
    reference=IMF,
    inputs="declarations.preference_code declarations.hs_code declarations.duty_rate "
    "declarations.customs_value tariff.rate",
    label="Duty saved by preferences",
    phrase="Preferences claimed in {window} saved {value} of duty.",
    why="The duty to be paid if the origin does not stand.",
    finding_type="origin",
    monotone=1,
    example=Example(
        "customs_value preference_code general_rate duty_rate",
        [(300.0, "FTA1", 0.12, 0.02), (100.0, "GSP", 0.04, 0.05), (900.0, None, 0.12, 0.0)],
        30.0,
    ),
)
def preference_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (general rate - rate paid) of the lines with a claim, where that is above zero."""
    return _foregone(lines, lines.preference_code.notnull())


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.SHARE,
    indicator="origin_not_dispatch",
    reference=VERIFICATION,
    inputs="declarations.origin_country declarations.dispatch_country declarations.customs_value",
    label="Value sent from elsewhere than its origin",
    phrase="{value} of the value of {window} was sent from another country than that of its origin.",
    why="Goods that pass through a third country may have lost the claimed origin, or never had it.",
    finding_type="origin",
    example=Example("customs_value is_elsewhere", [(300.0, 0.0), (100.0, 1.0), (70.0, None)], 0.25),
)
def origin_not_dispatch(lines: ir.Table) -> ir.FloatingScalar:
    """Share of the value of which the country of dispatch is not that of origin, where both are known."""
    return exact.share_where(lines.customs_value, lines.is_elsewhere > 0)


@feature(
    source="lines",
    months=(12,),
    unit=Unit.SHARE,
    indicator="origin_not_dispatch",
    reference=VERIFICATION,
    inputs="declarations.origin_country declarations.dispatch_country declarations.customs_value",
    label="Sent from elsewhere, beyond peers",
    phrase="The share of the value of {window} sent from elsewhere than its origin is {value} [above|below] "
    "that of other traders of the same goods.",
    why="A detour that others do not make wants a reason.",
    finding_type="origin",
    example=Example(
        "customs_value is_elsewhere peer_mean_is_elsewhere",
        [(300.0, 1.0, 0.2), (100.0, 0.0, 0.4), (70.0, 1.0, None)],
        0.5,
    ),
)
def origin_not_dispatch_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Mean of (sent from elsewhere, 1 or 0 - share of peers' lines that are), weighted by value."""
    return exact.weighted_mean(lines.is_elsewhere - lines.peer_mean_is_elsewhere, lines.customs_value)


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.SHARE,
    indicator="preference_no_doc",
    reference=f"{PREFERENCES}; {IMF}",
    inputs="declarations.preference_code declarations.origin_proof_id declarations.customs_value",
    label="Preference without proof",
    phrase="Of the value for which a preference was claimed in {window}, {value} names no proof of origin.",
    why="A claim without its document does not stand.",
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


@feature(
    source="lines",
    months=(12,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="preference_no_doc",
    reference=f"{PREFERENCES}; {IMF}",
    inputs="declarations.preference_code declarations.origin_proof_id declarations.hs_code "
    "declarations.duty_rate declarations.customs_value tariff.rate",
    label="Duty saved without proof",
    phrase="Preferences claimed in {window} without naming a proof of origin saved {value} of duty.",
    why="The duty to be paid if the documents cannot be shown.",
    finding_type="origin",
    monotone=1,
    example=Example(
        "customs_value preference_code origin_proof_id general_rate duty_rate",
        [(300.0, "FTA1", "P1", 0.12, 0.0), (100.0, "FTA1", None, 0.12, 0.02), (9.0, None, None, 0.1, 0.0)],
        10.0,
    ),
)
def preference_no_doc_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (general rate - rate paid) of the lines with a claim and no proof of origin."""
    return _foregone(lines, lines.preference_code.notnull() & lines.origin_proof_id.isnull())


@feature(
    source="rated_origins",
    months=(12,),
    unit=Unit.PROBABILITY,
    indicator="origin_finding_exposure",
    reference=f"{DATE}; {WCO_AUDIT}",
    inputs="declarations.hs_code declarations.origin_country declarations.customs_value "
    "audits.closed_on findings.amount findings.known_on",
    label="Findings with the same goods and origins",
    phrase="Audits of other traders of the same headings and origins found something in {value} of cases, "
    "weighted by the trader's value of {window}.",
    why="Where others were wrong about the same goods from the same country, this trader may be.",
    finding_type="origin",
    monotone=1,
    example=Example("finding_rate customs_value", [(0.5, 300.0), (0.1, 100.0), (None, 50.0)], 0.4),
)
def origin_finding_exposure(origins: ir.Table) -> ir.FloatingScalar:
    """Mean finding rate of the headings and origins used, weighted by value; own audits left out.

    A rate is (k + 10 p) / (n + 10) for n audits of other traders with such lines in their scope, k of which
    found something, and p over all audits of other traders; as known when the quarter began.
    """
    return exact.weighted_mean(origins.finding_rate, origins.customs_value)


@feature(
    source="dearer_origins",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="origin_shift",
    reference=VERIFICATION,
    inputs="declarations.origin_country declarations.hs_code declarations.customs_value tariff.valid_from "
    "tariff.rate declarations.preference_code",
    label="Value moved to a new origin",
    phrase="After goods had become dearer from their origin, such goods worth {value} came in {window} from "
    "an origin not used before.",
    why="The goods may come from where they came before, and only the origin be new.",
    finding_type="origin",
    monotone=1,
    example=Example("customs_value moved", [(300.0, 0.0), (100.0, 1.0)], 100.0),
)
def origin_shift_value(lines: ir.Table) -> ir.FloatingScalar:
    """Value moved to an origin not used in the 12 months before, within 180 days after a measure.

    A measure is a rise of the general rate, or of a preference's, or the end of a preference, for a code
    that the trader had used so in the 12 months before.
    """
    return lines.customs_value.sum(where=lines.moved > 0)


@feature(
    source="dearer_origins",
    months=(24,),
    unit=Unit.SHARE,
    indicator="origin_shift",
    reference=VERIFICATION,
    inputs="declarations.origin_country declarations.hs_code declarations.customs_value tariff.valid_from "
    "tariff.rate declarations.preference_code",
    label="Share moved to a new origin",
    phrase="Of the goods of {window} that had become dearer from their origin, {value} by value came from an "
    "origin not used before.",
    why="Trade that follows each measure to a new origin points to origins made up.",
    finding_type="origin",
    example=Example("customs_value moved", [(300.0, 0.0), (100.0, 1.0)], 0.25),
)
def origin_shift_share(lines: ir.Table) -> ir.FloatingScalar:
    """Value moved to a new origin / value of the same codes, in the 180 days after a measure."""
    return exact.share_where(lines.customs_value, lines.moved > 0)


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="relief_open",
    reference=RELIEF,
    inputs="declarations.procedure_code declarations.customs_value",
    label="Value under relief, not discharged",
    phrase="Goods worth {value} entered for processing or temporary use in {window} are still open.",
    why="Goods let in without duty to be worked on or sent back may have been sold at home.",
    finding_type="procedure",
    monotone=1,
    example=Example(
        "procedure_code customs_value",
        [("5100", 300.0), ("5300", 50.0), ("4051", 100.0), ("4000", 900.0)],
        250.0,
    ),
)
def relief_open(lines: ir.Table) -> ir.FloatingScalar:
    """Value entered for inward processing or temporary admission less value discharged from it, not below 0.

    The first two digits of a procedure are the one asked for, the next two the one before: 5100 enters,
    4051 and 3151 discharge. Where exports are not in the data, goods sent back are not known of.
    """
    requested, previous = lines.procedure_code.substr(0, 2), lines.procedure_code.substr(2, 2)
    entered = lines.customs_value.sum(where=requested.isin(PROCESSING)).fill_null(0.0)
    discharged = lines.customs_value.sum(where=previous.isin(PROCESSING)).fill_null(0.0)
    return ibis.greatest(entered - discharged, 0.0)


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="relief_open",
    reference=RELIEF,
    inputs="declarations.procedure_code declarations.hs_code declarations.duty_rate "
    "declarations.customs_value tariff.rate",
    label="Duty relieved by processing or temporary use",
    phrase="Goods entered for processing or temporary use in {window} were relieved of {value} of duty.",
    why="The duty to be paid if the goods were not sent back.",
    finding_type="procedure",
    monotone=1,
    example=Example(
        "procedure_code customs_value general_rate duty_rate",
        [("5100", 300.0, 0.1, 0.0), ("5300", 50.0, 0.2, 0.1), ("4000", 900.0, 0.1, 0.0)],
        35.0,
    ),
)
def relief_money(lines: ir.Table) -> ir.FloatingScalar:
    """Value x (general rate - rate paid) of lines entered for inward processing or temporary admission."""
    return _foregone(lines, lines.procedure_code.substr(0, 2).isin(PROCESSING))


def _foregone(lines: ir.Table, relieved: ir.BooleanColumn) -> ir.FloatingScalar:
    """Value x (general rate - rate paid) of the relieved lines; a code the tariff lacks adds nothing."""
    saved = lines.general_rate - lines.duty_rate
    return (relieved & (saved > 0)).ifelse(lines.customs_value * saved, 0.0).sum()
