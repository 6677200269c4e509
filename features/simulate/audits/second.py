"""Second audits: another team does the work of some visits by lot once more, and is told nothing."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Whole, group_positions
from features.simulate.audits.audit import Cases, Exposure, work
from features.simulate.audits.cases import Docket
from features.simulate.audits.select import RANDOM
from features.simulate.chance import Chance
from features.simulate.evasion.evade import Faults
from features.simulate.trade.world import TEAMS, World

TABLE = "second_audits"
MADE_TWICE = 0.2
"""The share of visits by lot."""
DAYS_LATER = 30
"""Days after the first audit's end in which the second one reports, at most."""


@dataclass(frozen=True)
class SecondAudits:
    """What second audits found, a row a fault, or one without a fault (`number` 0, other columns -1).

    `audit` counts the first audits; a fault has its `kind` and stands on an `item` of a `declaration`.
    """

    audit: Whole
    number: Whole
    kind: Whole
    declaration: Whole
    item: Whole
    known_on: Whole


def made_twice(chance: Chance, world: World, *, docket: Docket, quarter: int) -> Flags:
    """Draw which of a quarter's visits by lot are made twice; none where there is no table to hold them."""
    draws = chance.stream("visits made twice", quarter).random(docket.trader.size)
    share = MADE_TWICE if TABLE in world.parameters.tables else 0.0
    twice: Flags = (draws < share) & (docket.channel == RANDOM) & ~docket.abandoned
    return twice


def second_audits(
    chance: Chance,
    world: World,
    *,
    docket: Docket,
    twice: Flags,
    faults: Faults,
    exposed: Exposure,
    first: int,
    quarter: int,
) -> SecondAudits:
    """Draw what second audits find of the visits that are made `twice`, each by a team other than the first.

    `faults` are those in scope when the first audits open; these are numbered from `first`.
    """
    stream, rows = chance.stream("second audits", quarter), np.flatnonzero(twice)
    team = (docket.team[rows] + stream.integers(1, TEAMS, size=rows.size)) % TEAMS
    cases = Cases(trader=docket.trader[rows], treatment=docket.treatment[rows], skill=world.skill[team])
    known_on = docket.closed_on[rows] + stream.integers(1, DAYS_LATER + 1, size=rows.size)
    booked = work(stream, cases, faults=faults, exposed=exposed)
    order = np.argsort(booked.case, kind="stable")
    case, lines = booked.case[order], booked.faults.lines
    nothing = np.setdiff1d(np.arange(rows.size), case)
    none = np.full(nothing.size, -1)
    every = np.concatenate([case, nothing])
    return SecondAudits(
        audit=rows[every] + first,
        number=np.concatenate([group_positions(case) + 1, none + 1]),
        kind=np.concatenate([booked.faults.kind[order], none]),
        declaration=np.concatenate([lines.declaration[order], none]),
        item=np.concatenate([lines.item[order], none]),
        known_on=known_on[every],
    )
