"""Amendments: later versions of lines after final invoices, voluntary disclosures and findings."""

from dataclasses import dataclass, replace

import numpy as np

from features.simulate.arrays import Flags, Whole, take
from features.simulate.audits.audit import LETTER, Booked
from features.simulate.audits.cases import Docket
from features.simulate.chance import Chance
from features.simulate.clock import Calendar
from features.simulate.evasion.evade import Faults
from features.simulate.trade.lines import BY_CUSTOMS, BY_TRADER, Lines, amended, rounded
from features.simulate.trade.world import World

PROVISIONAL = 0.004


@dataclass(frozen=True)
class Amendments:
    """Next versions of lines, and the number of the fault that each corrects (-1: none)."""

    lines: Lines
    fault: Whole


def provisional(chance: Chance, *, lines: int, quarter: int) -> Flags:
    """Draw which lines are declared at a provisional price."""
    return chance.stream("provisional", quarter).random(lines) < PROVISIONAL


def final_invoices(chance: Chance, *, declared: Lines, chosen: Flags, quarter: int) -> Amendments:
    """Amend provisional prices a little, up or down, when the final invoice comes; that corrects no fault."""
    stream = chance.stream("final invoices", quarter)
    lines = take(declared, np.flatnonzero(chosen))
    known = lines.known + stream.integers(5, 90, size=lines.count)
    final = replace(lines, goods=lines.goods * np.exp(0.05 * stream.standard_normal(lines.count)))
    return Amendments(
        lines=amended(rounded(final), known=known, amended_by=BY_TRADER), fault=np.full(lines.count, -1)
    )


def disclosures(chance: Chance, world: World, *, faults: Faults, busy: Flags, quarter: int) -> Amendments:
    """Draw voluntary disclosures by traders who are not under audit: of mistakes, and fewer of schemes.

    Only faults of earlier quarters are disclosed, so that the amendment follows the declaration.
    """
    stream = chance.stream("disclosures", quarter)
    evasion = world.parameters.evasion
    hazard = np.where(faults.deliberate, evasion.confessed, evasion.disclosed) * ~busy[faults.lines.trader]
    disclosed = take(faults, np.flatnonzero(stream.random(hazard.size) < hazard))
    start, end = world.calendar.starts[quarter : quarter + 2]
    known = stream.integers(start, end, size=disclosed.number.size)
    return corrections(disclosed, known=np.maximum(known, disclosed.lines.known + 1), amended_by=BY_TRADER)


def after_audit(chance: Chance, *, booked: Booked, docket: Docket, quarter: int) -> Amendments:
    """Correct the booked faults some weeks after the decision; after a letter the trader does it."""
    stream = chance.stream("corrections", quarter)
    case = booked.case
    known = docket.assessed_on[case] + stream.integers(5, 60, size=case.size)
    corrected = corrections(booked.faults, known=known, amended_by=BY_CUSTOMS)
    letter = docket.treatment[case] == LETTER
    by = np.where(letter, BY_TRADER, BY_CUSTOMS)
    return replace(corrected, lines=replace(corrected.lines, amended_by=by))


def corrections(faults: Faults, *, known: Whole, amended_by: int) -> Amendments:
    """Return the next version of faulty lines: as they should have been declared."""
    return Amendments(lines=amended(faults.lines, known=known, amended_by=amended_by), fault=faults.number)


def due(pending: Amendments, *, calendar: Calendar, quarter: int) -> tuple[Amendments, Amendments]:
    """Split the amendments into those that become known in a quarter, in order, and the others."""
    now = calendar.quarter_of(pending.lines.known) == quarter
    ready = take(pending, np.flatnonzero(now))
    order = np.lexsort((ready.lines.item, ready.lines.declaration, ready.lines.known))
    return take(ready, order), take(pending, np.flatnonzero(~now))
