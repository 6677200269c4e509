"""Simulation state: what one quarter passes to the next, and what the tables are written from."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.audits.cases import Docket
from features.simulate.audits.controls import Controls
from features.simulate.audits.second import SecondAudits
from features.simulate.audits.select import Assignments
from features.simulate.audits.truth import Truth
from features.simulate.chance import Chance
from features.simulate.evasion.evade import Faults
from features.simulate.evasion.intent import Intent, first_intent, opportunities
from features.simulate.records.amend import Amendments
from features.simulate.records.ledger import Ledger
from features.simulate.records.tax_records import Payments, Returns, TaxAudits, Trade
from features.simulate.trade.portfolio import Slots
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import World

LONG_AGO = 99  # quarters since the last audit of a trader who never had one


@dataclass
class SimulationState:
    """The state of a simulation between two quarters.

    `faults` and `trade` cover the quarters in an audit's scope, oldest first; `pending` are amendments
    that are not known yet; the tables are written from the lists at the end, and from what was `assigned`, by
    quarter.
    """

    chance: Chance
    world: World
    traders: Traders
    slots: Slots
    possible: Flags
    intent: Intent
    brokers: Whole
    faults: list[Faults]
    trade: list[Trade]
    pending: list[Amendments]
    last_audit: Whole
    busy_until: Whole
    border_hits: Floats
    past_finding: Floats
    broker_findings: Floats
    declarations: int
    fault_number: int
    dockets: list[Docket]
    ledgers: list[Ledger]
    controls: list[Controls]
    returns: list[Returns]
    tax_audits: list[TaxAudits]
    payments: list[Payments]
    truths: list[Truth]
    assigned: dict[int, Assignments]
    second_audits: list[SecondAudits]


def initial_state(chance: Chance, world: World, *, traders: Traders, slots: Slots) -> SimulationState:
    """Return the state before the first quarter."""
    possible = opportunities(world, traders, slots=slots)
    zeros = np.zeros(traders.count)
    return SimulationState(
        chance=chance,
        world=world,
        traders=traders,
        slots=slots,
        possible=possible,
        intent=first_intent(chance, world, traders=traders, possible=possible),
        brokers=traders.broker,
        faults=[],
        trade=[],
        pending=[],
        last_audit=np.full(traders.count, -LONG_AGO),
        busy_until=np.full(traders.count, -1),
        border_hits=zeros,
        past_finding=zeros.copy(),
        broker_findings=np.zeros(world.crooked.size),
        declarations=0,
        fault_number=0,
        dockets=[],
        ledgers=[],
        controls=[],
        returns=[],
        tax_audits=[],
        payments=[],
        truths=[],
        assigned={},
        second_audits=[],
    )
