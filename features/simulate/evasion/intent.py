"""Intent to evade: schemes start and stop by propensity, opportunity, example and experience of audits."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.chance import Chance
from features.simulate.trade.portfolio import MANUFACTURERS, Slots
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import World

VALUATION, CLASSIFICATION, ORIGIN, QUANTITY, PROCEDURE, OTHER = range(6)
KINDS = ("valuation", "classification", "origin", "quantity", "procedure", "other")
MISTAKE_KINDS = (0.30, 0.25, 0.12, 0.13, 0.10, 0.10)
ROUTE_OPENS = 0.5  # share of the run after which inward processing begins to be abused


class Scheme(IntEnum):
    """The six schemes to pay less, in the order in which they are applied."""

    UNDERVALUE = 0
    MISCLASSIFY = 1
    FALSE_ORIGIN = 2
    UNDERDECLARE_QUANTITY = 3
    OMIT_ROYALTY = 4
    ABUSE_RELIEF = 5


START = np.array([0.020, 0.016, 0.018, 0.012, 0.038, 0.026])  # a quarter, at average leaning
STOP = 0.07
SEVERITY = np.array([[0.20, 0.60], [0, 0], [0, 0], [0.12, 0.40], [0, 0], [0, 0]])


@dataclass(frozen=True)
class Intent:
    """The schemes that each trader runs (traders, schemes) and their severity; never in the data."""

    active: Flags
    severity: Floats


@dataclass(frozen=True)
class Lessons:
    """Lessons of traders in a quarter: notified of an audit, caught, cleared, or sent a letter."""

    notified: Flags
    caught: Flags
    cleared: Flags
    letter: Flags


def opportunities(world: World, traders: Traders, *, slots: Slots) -> Flags:
    """Return for which schemes a trader has suitable goods (traders, schemes)."""
    wares = world.goods
    lowest = wares.mfn[0][wares.lowest(0)][wares.heading[slots.sub]]
    rate = wares.mfn[0][slots.sub]
    no_claim = world.agreement[slots.origin] < 0
    possible = np.zeros((traders.count, len(Scheme)), dtype=np.bool_)
    possible[:, [Scheme.UNDERVALUE, Scheme.UNDERDECLARE_QUANTITY]] = True
    np.logical_or.at(possible[:, Scheme.MISCLASSIFY], slots.trader, rate - lowest >= 0.015)
    np.logical_or.at(possible[:, Scheme.FALSE_ORIGIN], slots.trader, no_claim & (rate >= 0.03))
    np.logical_or.at(possible[:, Scheme.OMIT_ROYALTY], slots.trader, slots.royalty > 0)
    possible[:, Scheme.ABUSE_RELIEF] = traders.sector < MANUFACTURERS
    return possible


def first_intent(chance: Chance, world: World, *, traders: Traders, possible: Flags) -> Intent:
    """Return the intent at the start: as many schemes as the hazards lead to in the long run."""
    stream = chance.stream("first intent")
    hazard = START * traders.leaning[:, None] * world.crooked[traders.broker][:, None] ** 0.7 * possible
    hazard[:, Scheme.ABUSE_RELIEF] = 0.0
    active = stream.random(hazard.shape) < hazard / (hazard + STOP)
    low, high = SEVERITY.T
    return Intent(active=active, severity=low + (high - low) * stream.random(hazard.shape))


def next_intent(
    chance: Chance,
    world: World,
    *,
    traders: Traders,
    intent: Intent,
    possible: Flags,
    brokers: Whole,
    lessons: Lessons,
    tempted: Flags,
    quarter: int,
) -> Intent:
    """Return the intent after `quarter`; the duty rate of goods of `tempted` traders rose."""
    stream = chance.stream("intent", quarter)
    starts = _starting(world, traders, intent=intent, brokers=brokers, tempted=tempted, quarter=quarter)
    draw = stream.random(intent.active.shape)
    begun = ~intent.active & possible & (draw < starts * (~lessons.notified & ~lessons.caught)[:, None])
    ended = intent.active & (draw < _stopping(lessons)[:, None])
    low, high = SEVERITY.T
    fresh = low + (high - low) * stream.random(draw.shape)
    return Intent(
        active=(intent.active | begun) & ~ended & traders.alive(quarter + 1)[:, None],
        severity=np.where(begun, fresh, intent.severity),
    )


def _starting(
    world: World, traders: Traders, *, intent: Intent, brokers: Whole, tempted: Flags, quarter: int
) -> Floats:
    """Return the probability to start each scheme.

    It is leaning times a crooked broker's push (Chalendar and others 2023 find brokers at the centre of
    evasion), times the example of the trader's ring, and rises by a third over the run; after a rate rise
    the sibling with the lower rate is tempting.
    """
    quarters = world.calendar.quarters
    push = traders.leaning * world.crooked[brokers] ** 0.7 * _example(traders, intent)
    hazard = START * push[:, None] * (1 + quarter / quarters / 3)
    hazard[:, Scheme.MISCLASSIFY] *= np.where(tempted, 8.0, 1.0)
    hazard[:, Scheme.ABUSE_RELIEF] *= quarter >= ROUTE_OPENS * quarters
    return np.minimum(hazard, 0.5)


def _example(traders: Traders, intent: Intent) -> Floats:
    """Return a factor from one to three that grows with the share of the trader's ring that evades now."""
    ring = traders.ring + 1
    evading = np.bincount(ring, weights=intent.active.any(axis=1).astype(np.float64))
    share = evading[ring] / np.bincount(ring)[ring]
    return np.where(traders.ring >= 0, 1 + 2 * share, 1.0)


def _stopping(lessons: Lessons) -> Floats:
    """Return the probability to stop: most caught traders stop, some notified ones; cleared ones feel safe.

    Field experiments find that letters work on a part of the traders and audits on more (Kleven et al.
    2011; Pomeranz 2015); evaders whom an audit missed carry on.
    """
    probability = np.full(lessons.caught.size, STOP)
    probability = np.where(lessons.cleared, STOP / 2, probability)
    probability = np.where(lessons.notified, 0.30, probability)
    probability = np.where(lessons.letter, 0.35, probability)
    return np.where(lessons.caught, 0.75, probability)


def switch_brokers(chance: Chance, world: World, *, intent: Intent, brokers: Whole, quarter: int) -> Whole:
    """Return the brokers after two in a hundred traders changed theirs; evaders prefer a crooked one."""
    stream = chance.stream("broker switches", quarter)
    moves = stream.random(brokers.size) < 0.02
    honest, crooked = (
        np.cumsum(world.broker_share * weight) for weight in (np.ones_like(world.crooked), world.crooked)
    )
    draw = stream.random(brokers.size)
    usual = np.searchsorted(honest, draw * honest[-1])
    chosen = np.where(intent.active.any(axis=1), np.searchsorted(crooked, draw * crooked[-1]), usual)
    return np.where(moves, np.minimum(chosen, world.crooked.size - 1), brokers)
