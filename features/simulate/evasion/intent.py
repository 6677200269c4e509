"""Intent to evade: schemes start and stop by propensity, opportunity, example and experience of audits."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.chance import Chance, by_scheme
from features.simulate.mechanisms import Scheme
from features.simulate.trade.portfolio import MANUFACTURERS, Slots
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import World
from features.simulate.worlds.parameters import EvasionParameters, Parameters

VALUATION, CLASSIFICATION, ORIGIN, QUANTITY, PROCEDURE, OTHER = range(6)
KINDS = ("valuation", "classification", "origin", "quantity", "procedure", "other")
DEAR = 1.05  # times the usual price of the heading: from there on a price can fall and look sound
MISTAKE_KINDS = (0.30, 0.25, 0.12, 0.13, 0.10, 0.10)


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
    possible[:, [Scheme.SWITCH_SELLER, Scheme.RUSH]] = True
    dear = slots.price > DEAR
    np.logical_or.at(possible[:, Scheme.LOWER_OWN_PRICE], slots.trader, dear)
    dearer = rate - wares.mfn[0][wares.lowest_of_chapter(0)][wares.chapter[wares.heading[slots.sub]]] >= 0.015
    np.logical_or.at(possible[:, Scheme.MISDESCRIBE], slots.trader, dearer)
    np.logical_or.at(possible[:, Scheme.OMIT_ASSIST], slots.trader, slots.assist > 0)
    possible[:, Scheme.PHOENIX] = traders.phoenix
    return possible


def starts(parameters: EvasionParameters, *, share: float) -> Floats:
    """Return the probability to start each scheme, at average leaning, once a `share` of the run is over."""
    return np.array([each.start * (each.opens <= share < each.closes) for each in parameters.schemes])


def severity(parameters: EvasionParameters, uniform: Floats) -> Floats:
    """Return the severity of each scheme (traders, schemes) for `uniform` numbers."""
    low = np.array([each.lowest for each in parameters.schemes])
    high = np.array([each.highest for each in parameters.schemes])
    return np.asarray(low + (high - low) * uniform)


def first_intent(chance: Chance, world: World, *, traders: Traders, possible: Flags) -> Intent:
    """Return the intent at the start: as many schemes as the hazards lead to in the long run."""
    evasion, stream = world.parameters.evasion, chance.stream("first intent")
    push = world.crooked[traders.broker][:, None] ** evasion.broker_push
    hazard = starts(evasion, share=0.0) * traders.leaning[:, None] * push * possible
    active = by_scheme(chance, stream, "first intent", rows=traders.count) < hazard / (hazard + evasion.stop)
    uniform = by_scheme(chance, stream, "first severity", rows=traders.count)
    return Intent(active=active, severity=severity(evasion, uniform))


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
    visited: Floats,
    quarter: int,
) -> Intent:
    """Return the intent after `quarter`; the duty rate of goods of `tempted` traders rose.

    `visited` is how often traders like each were visited in the last year, beside all traders.
    """
    evasion, stream = world.parameters.evasion, chance.stream("intent", quarter)
    hazard = _starting(world, traders, intent=intent, brokers=brokers, tempted=tempted, quarter=quarter)
    hazard *= visited[:, None] ** -evasion.adapts
    draw = by_scheme(chance, stream, "intent", rows=traders.count, quarter=quarter)
    begun = ~intent.active & possible & (draw < hazard * (~lessons.notified & ~lessons.caught)[:, None])
    ended = intent.active & (draw < _stopping(world.parameters, lessons)[:, None])
    uniform = by_scheme(chance, stream, "severity", rows=traders.count, quarter=quarter)
    return Intent(
        active=(intent.active | begun) & ~ended & traders.alive(quarter + 1)[:, None],
        severity=np.where(begun, severity(evasion, uniform), intent.severity),
    )


def _starting(
    world: World, traders: Traders, *, intent: Intent, brokers: Whole, tempted: Flags, quarter: int
) -> Floats:
    """Return the probability to start each scheme.

    It is leaning times a crooked broker's push (Chalendar and others 2023 find brokers at the centre of
    evasion), times the example of the trader's ring, and changes by the world's growth over the run; after a
    rate rise the sibling with the lower rate is tempting.
    """
    evasion, quarters = world.parameters.evasion, world.calendar.quarters
    push = traders.leaning * world.crooked[brokers] ** evasion.broker_push
    push = push * _example(traders, intent, weight=evasion.example)
    hazard = (
        starts(evasion, share=quarter / quarters) * push[:, None] * (1 + quarter / quarters * evasion.growth)
    )
    hazard[:, Scheme.MISCLASSIFY] *= np.where(tempted, 8.0, 1.0)
    hazard = np.minimum(hazard, 0.5)
    hazard[:, Scheme.PHOENIX] = evasion.schemes[Scheme.PHOENIX].start  # founded for it: it does not hesitate
    return hazard


def _example(traders: Traders, intent: Intent, *, weight: float) -> Floats:
    """Return a factor from one to 1 + `weight` that grows with the share of the ring that evades now."""
    ring = traders.ring + 1
    evading = np.bincount(ring, weights=intent.active.any(axis=1).astype(np.float64))
    share = evading[ring] / np.bincount(ring)[ring]
    return np.where(traders.ring >= 0, 1 + weight * share, 1.0)


def _stopping(parameters: Parameters, lessons: Lessons) -> Floats:
    """Return the probability to stop: most caught traders stop, some notified ones; cleared ones feel safe.

    Field experiments find that letters work on a part of the traders and audits on more (Kleven et al.
    2011; Pomeranz 2015); evaders whom an audit missed carry on.
    """
    evasion, audits = parameters.evasion, parameters.audits
    probability = np.full(lessons.caught.size, evasion.stop)
    probability = np.where(lessons.cleared, evasion.stop * audits.cleared_ease, probability)
    probability = np.where(lessons.notified, audits.notified_stop, probability)
    probability = np.where(lessons.letter, audits.letter_stop, probability)
    return np.where(lessons.caught, evasion.caught_stop, probability)


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
