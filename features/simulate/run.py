"""Simulate one quarter: audits, declarations, controls, amendments, tax records and learning."""

from dataclasses import replace

import numpy as np

from features.simulate.arrays import Flags, Floats, stack, take
from features.simulate.audits import cases
from features.simulate.audits.audit import LETTER, Exposure, exposure, work
from features.simulate.audits.controls import controls
from features.simulate.audits.second import made_twice, second_audits
from features.simulate.audits.select import Policy, Sight, select
from features.simulate.audits.truth import truth
from features.simulate.clock import SCOPE_QUARTERS
from features.simulate.evasion import evade
from features.simulate.evasion.evade import Faults
from features.simulate.evasion.intent import Lessons, next_intent, switch_brokers
from features.simulate.records import amend, ledger, tax_records
from features.simulate.state import SimulationState
from features.simulate.trade.declare import honest_lines
from features.simulate.trade.lines import BY_CUSTOMS, Lines, taxes


def simulate_quarter(state: SimulationState, quarter: int, *, policy: Policy = select) -> tuple[Lines, Lines]:
    """Simulate a quarter, changing `state`; return the lines accepted in it and those amended in it.

    `policy` chooses the quarter's audits, from what is known on its first day.
    """
    if quarter >= SCOPE_QUARTERS:
        _audit(state, quarter, policy=policy)
    declared = _declare(state, quarter)
    _control(state, declared, quarter=quarter)
    amendments = _amend(state, quarter)
    _record_taxes(state, quarter)
    _learn(state, quarter)
    return declared, amendments


def current_exposure(state: SimulationState) -> tuple[Faults, Exposure]:
    """Return the faults within an audit's scope, and each trader's exposure to a finding."""
    faults = stack(*state.faults[-SCOPE_QUARTERS:])
    paid = np.sum([trade.taxes for trade in state.trade[-SCOPE_QUARTERS:]], axis=0)
    audits = state.world.parameters.audits
    return faults, exposure(faults, taxes_paid=paid, band=state.traders.band, audits=audits)


def _audit(state: SimulationState, quarter: int, *, policy: Policy) -> None:
    """Record the truth at the quarter's first day, open the quarter's audits, and draw their findings."""
    chance, traders, calendar = state.chance, state.traders, state.world.calendar
    faults, exposed = current_exposure(state)
    sight = _sight(state, quarter)
    alive = traders.alive(quarter)
    cutoff = int(calendar.starts[quarter])
    eligible = alive & (sight.declared > 0)
    state.truths.append(
        truth(
            chance.stream("reference audits", quarter),
            exposed,
            faults=faults,
            cutoff=cutoff,
            alive=alive,
            eligible=eligible,
        )
    )
    selection = policy(chance, state.world, traders=traders, sight=sight, quarter=quarter)
    if selection.assignments is not None:
        state.assigned[quarter] = selection.assignments
    booked = work(chance.stream("audits", quarter), selection.cases, faults=faults, exposed=exposed)
    abandoned = cases.abandoned(chance, count=selection.channel.size, quarter=quarter)
    rows = np.flatnonzero(~abandoned[booked.case])
    booked = replace(booked, case=booked.case[rows], faults=take(booked.faults, rows))
    docket = cases.docket(
        chance,
        traders,
        selection=selection,
        booked=booked,
        abandoned=abandoned,
        calendar=calendar,
        quarter=quarter,
    )
    first = sum(done.trader.size for done in state.dockets)
    twice = made_twice(chance, state.world, docket=docket, quarter=quarter)
    state.second_audits.append(
        second_audits(
            chance,
            state.world,
            docket=docket,
            twice=twice,
            faults=faults,
            exposed=exposed,
            first=first,
            quarter=quarter,
        )
    )
    state.dockets.append(docket)
    state.ledgers.append(
        ledger.ledger(
            chance,
            booked=booked,
            docket=docket,
            in_full=twice,
            band=traders.band,
            first=first,
            quarter=quarter,
        )
    )
    state.pending.append(amend.after_audit(chance, booked=booked, docket=docket, quarter=quarter))
    state.last_audit[docket.trader] = quarter
    state.busy_until[docket.trader] = calendar.quarter_of(docket.closed_on + 60)


def _sight(state: SimulationState, quarter: int) -> Sight:
    """Return what the administration knows at the start of a quarter."""
    calendar, traders = state.world.calendar, state.traders
    recent = state.trade[-SCOPE_QUARTERS:]
    stream = state.chance.stream("complaints", quarter)
    evading: Flags = np.any(state.intent.active, axis=1, keepdims=True)[:, 0]
    taxed = np.zeros(traders.count, dtype=np.bool_)
    for audits in state.tax_audits:
        open_now = (audits.opened_on < calendar.starts[quarter]) & (
            audits.closed_on >= calendar.starts[quarter]
        )
        taxed[audits.trader[open_now]] = True
    return Sight(
        declared=np.sum([trade.declared for trade in recent], axis=0),
        past_finding=state.past_finding,
        broker_findings=state.broker_findings[state.brokers],
        border_hits=state.border_hits,
        tax_audit=taxed,
        since_audit=quarter - state.last_audit,
        busy=state.busy_until >= quarter,
        tip=(stream.random(traders.count) < 0.2) * (0.3 + evading),
        suspected=_suspected(state, evading=evading, quarter=quarter),
    )


def _suspected(state: SimulationState, *, evading: Flags, quarter: int) -> Flags:
    """Draw whom officers have heard of: four evaders in ten, and one in ten of the others."""
    draw = state.chance.stream("suspicions", quarter).random(evading.size)
    return draw < np.where(evading, 0.4, 0.1)


def _declare(state: SimulationState, quarter: int) -> Lines:
    """Draw a quarter's declarations, record faults and totals, and return the declared lines."""
    chance, world = state.chance, state.world
    honest = honest_lines(
        chance,
        world,
        traders=state.traders,
        slots=state.slots,
        brokers=state.brokers,
        quarter=quarter,
        first=state.declarations,
    )
    provisional = amend.provisional(chance, lines=honest.count, quarter=quarter)
    declared, faults = evade.declare(
        chance,
        world,
        traders=state.traders,
        slots=state.slots,
        intent=state.intent,
        honest=honest,
        spared=provisional,
        quarter=quarter,
        first=state.fault_number,
    )
    state.declarations = int(honest.declaration.max(initial=state.declarations - 1)) + 1
    state.fault_number += faults.number.size
    state.faults.append(faults)
    state.trade.append(_trade(state, honest, declared=declared))
    state.pending.append(amend.final_invoices(chance, declared=declared, chosen=provisional, quarter=quarter))
    return declared


def _trade(state: SimulationState, honest: Lines, *, declared: Lines) -> tax_records.Trade:
    """Return a quarter's totals by trader."""
    assessed = taxes(declared, state.world.goods)
    # What was supplied free of charge is in no one's books of purchases.
    assists = np.round(honest.goods * state.slots.assist[honest.slot], 2)

    def total(values: Floats) -> Floats:
        summed = np.bincount(declared.trader, weights=values, minlength=state.traders.count)
        return summed.astype(np.float64)

    return tax_records.Trade(
        declared=total(declared.value),
        true=total(honest.value - assists),
        royalties=total(honest.adjustment - assists),
        taxes=total(assessed.sum(axis=1)),
        vat=total(assessed[:, 1]),
        lines=total(np.ones(declared.count)),
    )


def _control(state: SimulationState, declared: Lines, *, quarter: int) -> None:
    """Control lines at the border and correct at once the faults that are detected."""
    faults = state.faults[-1]
    done = controls(state.chance, declared=declared, faults=faults, quarter=quarter)
    state.controls.append(done)
    hit = done.fault >= 0
    detected = take(faults, done.fault[hit])
    known = np.maximum(done.known_on[hit], detected.lines.known) + 1
    state.pending.append(amend.corrections(detected, known=known, amended_by=BY_CUSTOMS))
    state.faults[-1] = evade.without(faults, detected.number)
    state.border_hits = 0.8 * state.border_hits
    np.add.at(state.border_hits, done.trader[hit], 1.0)


def _amend(state: SimulationState, quarter: int) -> Lines:
    """Return the amendments that become known in a quarter, and drop the faults that they correct."""
    calendar, busy = state.world.calendar, state.busy_until >= quarter
    earlier = state.faults[:-1]
    if earlier:
        faults = stack(*earlier)
        state.pending.append(
            amend.disclosures(state.chance, state.world, faults=faults, busy=busy, quarter=quarter)
        )
    ready, later = amend.due(stack(*state.pending), calendar=calendar, quarter=quarter)
    state.pending = [later]
    state.faults = [evade.without(faults, ready.fault) for faults in state.faults[1 - SCOPE_QUARTERS - 1 :]]
    return ready.lines


def _record_taxes(state: SimulationState, quarter: int) -> None:
    """File tax returns, open tax audits and collect the quarter's taxes."""
    chance, traders, calendar, trade = state.chance, state.traders, state.world.calendar, state.trade[-1]
    alive = traders.alive(quarter)
    state.returns.append(
        tax_records.tax_returns(chance, traders, trade=trade, calendar=calendar, quarter=quarter)
    )
    state.tax_audits.append(
        tax_records.tax_audits(chance, traders, alive=alive, trade=trade, calendar=calendar, quarter=quarter)
    )
    state.payments.append(
        tax_records.payments(chance, traders, trade=trade, calendar=calendar, quarter=quarter)
    )
    state.trade = state.trade[-SCOPE_QUARTERS:]


def _learn(state: SimulationState, quarter: int) -> None:
    """Count the administration's findings, and update the intent of traders from their lessons."""
    chance, world, traders = state.chance, state.world, state.traders
    lessons = _lessons(state, quarter)
    risen = world.goods.rises[world.goods.heading[state.slots.sub]]
    tempted = np.zeros(traders.count, dtype=np.bool_)
    tempted[state.slots.trader[(risen == quarter) | (risen == quarter + 1)]] = True
    state.brokers = switch_brokers(chance, world, intent=state.intent, brokers=state.brokers, quarter=quarter)
    state.intent = next_intent(
        chance,
        world,
        traders=traders,
        intent=state.intent,
        possible=state.possible,
        brokers=state.brokers,
        lessons=lessons,
        tempted=tempted,
        visited=_visited(state, quarter),
        quarter=quarter,
    )


def _visited(state: SimulationState, quarter: int) -> Floats:
    """Return how often traders of the same sector and size were visited in the last year, beside all.

    It counts half as the mean of all, so that where nobody was visited it is a half.
    """
    traders = state.traders
    visits = np.zeros(traders.count)
    for docket in state.dockets[-SCOPE_QUARTERS:]:
        seen = (docket.treatment != LETTER) & (docket.quarter > quarter - SCOPE_QUARTERS)
        np.add.at(visits, docket.trader[seen], 1.0)
    if not visits.any():
        return np.ones(traders.count)
    cell = traders.sector * (traders.band.max() + 1) + traders.band
    alike = np.bincount(cell, weights=visits) / np.maximum(np.bincount(cell), 1)
    return np.asarray((alike[cell] / visits.mean() + 1) / 2, np.float64)


def _lessons(state: SimulationState, quarter: int) -> Lessons:
    """Return the quarter's lessons, and count its findings by trader and broker."""
    nobody = np.zeros(state.traders.count, dtype=np.bool_)
    if not state.dockets:
        return Lessons(notified=nobody, caught=nobody, cleared=nobody, letter=nobody)
    done, calendar = stack(*state.dockets), state.world.calendar
    adjusted = (calendar.quarter_of(done.assessed_on) == quarter) & (done.findings > 0)
    np.add.at(state.past_finding, done.trader[adjusted], 1.0)
    np.add.at(state.broker_findings, state.brokers[done.trader[adjusted]], 1.0)
    return cases.lessons(done, calendar=calendar, traders=state.traders.count, quarter=quarter)
