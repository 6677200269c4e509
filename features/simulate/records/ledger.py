"""The findings ledger: money assessed, reduced on appeal, collected, refunded, written off; append only."""

from dataclasses import dataclass, replace

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole, group_positions, stack, take
from features.simulate.audits.audit import Booked
from features.simulate.audits.cases import Docket
from features.simulate.chance import Chance
from features.simulate.evasion.intent import KINDS

TAXES = ("duty", "vat", "excise", "penalty", "interest")
PENALTY, INTEREST = 3, 4
EVENTS = ("assessed", "reduced", "cancelled", "upheld", "collected", "refunded", "written_off")
ASSESSED, REDUCED, CANCELLED, UPHELD, COLLECTED, REFUNDED, WRITTEN_OFF = range(7)
CULPABILITY = ("error", "negligence", "fraud")
NAMED_LINES = 5  # lines of a finding with a row each; the others share one row without a line
LONGEST_REPORT = 60


@dataclass(frozen=True)
class Ledger:
    """Money events; `audit` counts audits, `declaration` is -1 where no line is named.

    Later events are derived from assessed ones by `upward` and `cut` (not a number: no appeal).
    """

    audit: Whole
    kind: Whole
    tax: Whole
    event: Whole
    amount: Floats
    event_on: Whole
    known_on: Whole
    declaration: Whole
    item: Whole
    culpability: Whole
    upward: Flags
    cut: Floats


def ledger(
    chance: Chance,
    *,
    booked: Booked,
    docket: Docket,
    in_full: Flags,
    band: Whole,
    first: int,
    quarter: int,
) -> Ledger:
    """Return all later events of what the audits of a quarter booked; audits are numbered from `first`.

    Audits `in_full` name every line.
    """
    stream = chance.stream("ledger", quarter)
    assessed = _assessed(stream, booked=booked, docket=docket, in_full=in_full)
    decided = _appealed(stream, assessed)
    settled = _settled(stream, assessed, decided=decided, band=band[docket.trader])
    events = stack(assessed, decided, settled, _surcharges(assessed))
    # All rows of one decision reach the warehouse on one day.
    delay = np.minimum(stream.exponential(14.0, size=(docket.trader.size, len(EVENTS))), LONGEST_REPORT)
    known = events.event_on + delay[events.audit, events.event].astype(np.int64)
    return replace(events, audit=events.audit + first, known_on=known)


def _assessed(stream: np.random.Generator, *, booked: Booked, docket: Docket, in_full: Flags) -> Ledger:
    """Return the assessment of each tax: the largest lines of a finding by name, the others together.

    Audits `in_full` name all of them.
    """
    faults = booked.faults
    order = np.lexsort((-np.abs(faults.money), faults.kind, booked.case))
    case, faults = booked.case[order], take(faults, order)
    rank = group_positions(case * len(KINDS) + faults.kind)
    rank = np.where(in_full[case], rank, np.minimum(rank, NAMED_LINES))
    upward = faults.money > 0
    key = ((case * len(KINDS) + faults.kind) * (int(rank.max(initial=0)) + 1) + rank) * 2 + upward
    _, head, group = np.unique(key, return_index=True, return_inverse=True)
    gap: Floats = np.zeros((head.size, 3))
    np.add.at(gap, group, faults.gap)
    gap = np.round(gap, 2)
    rows, tax = np.nonzero(gap)
    head_of, named = head[rows], (in_full[case] | (rank < NAMED_LINES))[head[rows]]
    return Ledger(
        audit=case[head_of],
        kind=faults.kind[head_of],
        tax=tax,
        event=np.full(rows.size, ASSESSED),
        amount=gap[rows, tax],
        event_on=docket.assessed_on[case[head_of]],
        known_on=docket.assessed_on[case[head_of]],
        declaration=np.where(named, faults.lines.declaration[head_of], -1),
        item=np.where(named, faults.lines.item[head_of], -1),
        culpability=_culpability(stream, deliberate=faults.deliberate[head])[rows],
        upward=upward[head_of],
        cut=booked.cut[case[head_of], faults.kind[head_of]],
    )


def _culpability(stream: np.random.Generator, *, deliberate: Flags) -> Whole:
    """Draw the degree of fault as auditors judge it: they prove intent in less than half of its cases."""
    draw = stream.random(deliberate.size)
    return np.where(deliberate, np.searchsorted([0.25, 0.60], draw), np.searchsorted([0.80, 0.985], draw))


def _appealed(stream: np.random.Generator, assessed: Ledger) -> Ledger:
    """Return the decisions on appeals, two to thirteen months after the assessment."""
    rows = np.flatnonzero(assessed.upward & np.isfinite(assessed.cut))
    appealed = take(assessed, rows)
    event = np.where(appealed.cut == 1.0, CANCELLED, np.where(appealed.cut > 0, REDUCED, UPHELD))
    wait = stream.integers(60, 400, size=int(assessed.audit.max(initial=0)) + 1)
    return replace(
        appealed,
        event=event,
        amount=-np.round(np.maximum(appealed.amount, 0) * appealed.cut, 2) + 0.0,
        event_on=appealed.event_on + wait[appealed.audit],
    )


def _settled(stream: np.random.Generator, assessed: Ledger, *, decided: Ledger, band: Whole) -> Ledger:
    """Collect, refund or write off the balance after an appeal; small traders default more often."""
    balance, decided_on = assessed.amount.copy(), assessed.event_on.copy()
    rows = np.flatnonzero(assessed.upward & np.isfinite(assessed.cut))
    balance[rows], decided_on[rows] = np.round(balance[rows] + decided.amount, 2), decided.event_on
    defaults = stream.random(band.size) < np.array([0.22, 0.12, 0.06, 0.02])[band]
    wait = stream.integers(15, 240, size=band.size)
    event = np.where(balance < 0, REFUNDED, np.where(defaults[assessed.audit], WRITTEN_OFF, COLLECTED))
    settled = replace(assessed, event=event, amount=balance, event_on=decided_on + wait[assessed.audit])
    return take(settled, balance != 0)


def _surcharges(assessed: Ledger) -> Ledger:
    """Return penalties on negligence and fraud, and interest on the tax lost."""
    rows = np.flatnonzero(assessed.upward & (assessed.amount > 0) & (assessed.culpability > 0))
    culpable = take(assessed, rows)
    rate: Floats = np.array([0.0, 0.2, 0.5])[culpable.culpability]
    penalty = replace(culpable, tax=np.full(rows.size, PENALTY), amount=np.round(rate * culpable.amount, 2))
    interest = replace(culpable, tax=np.full(rows.size, INTEREST), amount=np.round(0.04 * culpable.amount, 2))
    surcharges = stack(penalty, interest)
    return take(surcharges, surcharges.amount > 0)


def numbered(events: Ledger) -> tuple[Ledger, Whole]:
    """Return the events in order of day and audit, with their number within the audit."""
    by_audit = take(
        events, np.lexsort((events.event, events.tax, events.kind, events.event_on, events.audit))
    )
    number = group_positions(by_audit.audit) + 1
    order = np.lexsort((number, by_audit.audit, by_audit.event_on))
    return take(by_audit, order), number[order]
