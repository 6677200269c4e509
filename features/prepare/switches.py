"""Goods that moved soon after a measure to a cheaper code of their heading.

A measure counts for a trader where it met something that the trader did in the `MONTHS_BEFORE`; goods
have moved where, in the `DAYS_AFTER`, they stand under a code that the trader did not use in the months
before. Earlier use is read from first versions, as known when the line itself became known. Codes are those
of the tariff whose rates hold: two levels of one code are the same.
"""

import ibis
from ibis.expr import types as ir

from features.as_known import known_before
from features.days import named_day
from features.prepare import lines as line_facts
from features.prepare import tariff
from features.prepare.prepared import Prepared

DAYS_AFTER = 180
MONTHS_BEFORE = 12
REACH = 18
"""Months before a line from which its past is read: those before a measure, and the days after it."""

VERSION = ("declaration_id", "item_number", "version")
LINE = ("trader_id", *VERSION)
DAYS = ("happened_on", "known_on")
MONEY = ("customs_value", "duty_assessed", "vat_assessed")
COLUMNS = (*LINE, "accepted_on", "known_on", "cancelled_on", "rated_code", *MONEY)


def after_rises(prepared: Prepared) -> ir.Table:
    """Return the lines moved to a cheaper code of the heading after the general rate of a code rose."""
    lines, general = _recent(prepared), _general(prepared)
    rises = general.filter(general.rate > general.rate_before)
    rises = rises.select("hs4", "from_on", rated_code="hs_code", dear_rate="rate")
    measures = _met(rises, _first_versions(lines))
    return _moved_to_cheaper(lines, measures, prepared)


def after_findings(prepared: Prepared) -> ir.Table:
    """Return the lines moved to a cheaper code of the heading after a control or audit found a fault in it.

    A finding speaks of the code of its line, at the rate of the day it was accepted, however long ago; it
    counts from the day after, also where it was corrected later: the trader had been told of it.
    """
    general = _general(prepared)
    faulty = _at_fault(
        _first_versions(_own(prepared)),
        controls=prepared.table("controls"),
        findings=prepared.table("findings"),
    )
    rated = tariff.with_general_rate(faulty, general)
    measures = rated.select(
        "trader_id", "rated_code", "hs4", "from_on", "met_known_on", dear_rate="general_rate"
    ).distinct()  # of faults found on one day each keeps its own rate and day known
    return _moved_to_cheaper(_recent(prepared), measures, prepared)


def _own(prepared: Prepared) -> ir.Table:
    """Return all lines of the traders of the spine, in every version, known before the last cutoff."""
    declared = prepared.table("declarations")
    known = declared.filter(known_before(declared, named_day("last_cutoff")))
    own = known.semi_join(prepared.traders, "trader_id")
    rated = tariff.with_rated_code(own, prepared.rated_codes)
    return rated.select(*COLUMNS, happened_on=rated.accepted_on, hs4=rated.hs_code.substr(0, 4))


def _recent(prepared: Prepared) -> ir.Table:
    """Return those of them that windows and the months before can reach."""
    own = _own(prepared)
    return own.filter(own.accepted_on >= named_day("first_day", REACH))


def _general(prepared: Prepared) -> ir.Table:
    return tariff.general_steps(tariff.rate_steps(prepared.table("tariff")))


def _first_versions(lines: ir.Table) -> ir.Table:
    return lines.filter(lines.version == 0)


def _met(measures: ir.Table, lines: ir.Table) -> ir.Table:
    """Return the measures that met a trader: on what it declared in the months before.

    `met_known_on` is the day on which the first such line was known.
    """
    used = lines.join(measures, ["rated_code", "hs4"])
    before = used.filter(_just_before(used.accepted_on, used.from_on))
    return before.group_by("trader_id", *measures.columns).aggregate(met_known_on=before.known_on.min())


def _at_fault(lines: ir.Table, *, controls: ir.Table, findings: ir.Table) -> ir.Table:
    """Return the lines on which a control or audit found something, from the day after it did."""
    border = controls.filter(controls.finding_type.notnull())
    audit = findings.filter(findings.event == "assessed", findings.amount > 0)
    faults = border.select("declaration_id", "item_number", "known_on", found_on="controlled_on").union(
        audit.select("declaration_id", "item_number", "known_on", found_on="event_on")
    )
    renamed = faults.rename(fault_item="item_number", fault_known_on="known_on")
    joined = lines.join(renamed, "declaration_id")
    hit = joined.filter(joined.fault_item.isnull() | (joined.fault_item == joined.item_number))
    return hit.select(
        "trader_id",
        "rated_code",
        "hs4",
        "accepted_on",
        from_on=(hit.found_on + ibis.interval(days=1)).cast("date"),
        met_known_on=ibis.greatest(hit.known_on, hit.fault_known_on),
    )


def _moved_to_cheaper(lines: ir.Table, measures: ir.Table, prepared: Prepared) -> ir.Table:
    """Return the lines under a cheaper code of the heading that was not used before the measure.

    `missing_rate` is how much cheaper it is; of several measures the dearest counts.
    """
    soon = _soon_after(lines, measures.rename(dear_code="rated_code"))
    other = tariff.with_general_rate(soon.filter(soon.rated_code != soon.dear_code), _general(prepared))
    cheaper = prepared.materialise(other.filter(other.general_rate < other.dear_rate))
    fresh = _without_earlier(cheaper, _first_versions(lines))
    rows = prepared.materialise(
        fresh.group_by(*LINE, *DAYS, "cancelled_on", "rated_code", *MONEY).aggregate(
            missing_rate=(fresh.dear_rate - fresh.general_rate).max()
        )
    )
    return _until_superseded(rows, prepared.table("declarations"))


def _until_superseded(rows: ir.Table, declarations: ir.Table) -> ir.Table:
    """Add `superseded_on` to a few lines: the day a later version became known, or they were cancelled.

    A later version may name another trader or day, so it is looked for among all declarations.
    """
    amended = declarations.filter(declarations.version > 0)
    later = amended.select(*line_facts.ITEM, later_version="version", later_known_on="known_on")
    pairs = rows.join(later, line_facts.ITEM)
    ends = pairs.filter(pairs.later_version > pairs.version).group_by(*VERSION)
    joined = rows.left_join(ends.aggregate(amended_on=lambda pair: pair.later_known_on.min()), VERSION)
    return joined.select(*rows.columns, superseded_on=ibis.least(joined.amended_on, joined.cancelled_on))


def _soon_after(lines: ir.Table, measures: ir.Table) -> ir.Table:
    """Join the lines of the days after a measure that met their trader, as known when they were."""
    joined = lines.join(measures, ["trader_id", "hs4"])
    last_on = (joined.from_on + ibis.interval(days=DAYS_AFTER)).cast("date")
    return joined.filter(
        joined.accepted_on >= joined.from_on,
        joined.accepted_on < last_on,
        joined.met_known_on <= joined.known_on,
    )


def _without_earlier(soon: ir.Table, lines: ir.Table) -> ir.Table:
    """Leave the lines out whose code the trader declared in the months before the measure.

    The past is read once for all lines of a trader, a code and a measure, of which there are many.
    """
    key = ["trader_id", "rated_code", "from_on"]
    earlier = lines.select("trader_id", "rated_code", used_on="accepted_on", use_known_on="known_on")
    pairs = soon.select(*key).distinct().join(earlier, key[:-1])
    used = pairs.filter(_just_before(pairs.used_on, pairs.from_on)).group_by(*key)
    joined = soon.left_join(used.aggregate(used_known_on=lambda pair: pair.use_known_on.min()), key)
    fresh = joined.filter(joined.used_known_on.isnull() | (joined.used_known_on > joined.known_on))
    return fresh.select(*soon.columns)


def _just_before(day: ir.DateValue, measure: ir.DateValue) -> ir.BooleanValue:
    return (day < measure) & (day >= (measure - ibis.interval(months=MONTHS_BEFORE)).cast("date"))
