"""Traders: their size, lifetime, rings and propensity to evade."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.chance import Chance, lognormal, pick
from features.simulate.clock import Calendar
from features.simulate.trade.world import OFFICES, REGIONS, World
from features.simulate.worlds.parameters import EvasionParameters, TradeParameters

BANDS = np.array(["micro", "small", "medium", "large"])
AEO = np.array(["none", "aeo_c", "aeo_s", "aeo_f"])
OVERPAYMENTS = ("inland_freight", "unclaimed_preference", "dearer_code")
LEGAL_FORMS = np.array(["limited", "stock", "partnership", "sole"])


@dataclass(frozen=True)
class Traders:
    """The attributes of the N traders that do not change by the quarter.

    `born` and `dies` are quarters (born -1: before the run; dies = number of quarters: not in it).
    `ring` is the family, or ring of acquaintance, a trader belongs to (-1: none). `phoenix` marks rings whose
    members follow one another: one is registered when the last is wound up. `overpays` is how a trader pays
    more than it owes (an index of `OVERPAYMENTS`, -1: it does not), `leaning` how readily it evades and
    `carelessness` the share of its lines with an honest mistake; none of them is in the data.
    """

    size: Floats
    scale: Floats
    band: Whole
    sector: Whole
    region: Whole
    office: Whole
    broker: Whole
    second_broker: Whole
    born: Whole
    dies: Whole
    registered_on: Whole
    legal_form: Whole
    capital: Floats
    ring: Whole
    phoenix: Flags
    overpays: Whole
    leaning: Floats
    carelessness: Floats
    stress: Floats
    books_true: Flags
    aeo: Whole
    aeo_from: Whole

    @property
    def count(self) -> int:
        """The number of traders."""
        return self.size.size

    def alive(self, quarter: int) -> Flags:
        """Return which traders are registered and not yet dissolved in a quarter."""
        return (self.born <= quarter) & (quarter < self.dies)


def traders(chance: Chance, world: World, *, count: int) -> Traders:
    """Draw the traders."""
    stream = chance.stream("traders")
    trade, evasion = world.parameters.trade, world.parameters.evasion
    size, scale = _sizes(chance, trade, count=count)
    band = _bands(size * scale)
    ring = rings(chance, count=count, share=trade.rings)
    aeo, aeo_from = _authorised(chance, band=band, calendar=world.calendar)
    born, dies = _lives(chance, band=band, quarters=world.calendar.quarters)
    phoenix = _phoenixes(chance, ring=ring, share=trade.phoenixes)
    born, dies = _short_lives(
        chance, ring=ring, phoenix=phoenix, born=born, dies=dies, calendar=world.calendar
    )
    sector = pick(stream, count, weights=np.array([3, 3, 4, 5, 4, 4, 2, 5, 14, 8]))
    region = pick(stream, count, weights=1 / np.arange(1, REGIONS.size + 1))
    return Traders(
        size=size,
        scale=scale,
        band=band,
        sector=sector,
        region=region,
        office=(region + stream.integers(0, 3, size=count)) % OFFICES.size,
        broker=pick(stream, count, weights=world.broker_share),
        second_broker=pick(stream, count, weights=world.broker_share),
        born=born,
        dies=dies,
        registered_on=_registered(chance, born=born, calendar=world.calendar),
        legal_form=pick(stream, count, weights=np.array([6, 2, 1, 2])),
        capital=np.round(20_000 * (size * scale) ** 0.7 * lognormal(stream, count, sigma=1.0), -2) + 1_000,
        ring=ring,
        phoenix=phoenix,
        overpays=_overpays(chance, band=band, share=trade.overpayers),
        leaning=_leaning(chance, evasion, ring=ring, aeo=aeo, band=band) * world.sector_habit[sector],
        carelessness=_carelessness(chance, aeo=aeo, count=count, mean=evasion.carelessness),
        stress=lognormal(stream, count, sigma=0.8),
        books_true=stream.random(count) < evasion.books_true,
        aeo=aeo,
        aeo_from=aeo_from,
    )


def _sizes(chance: Chance, trade: TradeParameters, *, count: int) -> tuple[Floats, Floats]:
    """Draw the lines a quarter and the shipment size of each trader, both heavy-tailed and related.

    A few importers hold most of the trade (Bernard, Jensen, Redding and Schott 2018); lognormal with a
    ceiling, since beyond it one trader would decide every figure of a run.
    """
    stream = chance.stream("sizes")
    size = np.minimum(lognormal(stream, count, sigma=trade.size_spread), trade.largest_size)
    scale = size**0.15 * lognormal(stream, count, sigma=trade.shipment_spread)
    return size, scale


def _bands(volume: Floats) -> Whole:
    """Return the size band by rank: 50 % micro, 30 % small, 15 % medium, 5 % large."""
    rank = np.argsort(np.argsort(volume, kind="stable"), kind="stable") / volume.size
    return np.searchsorted([0.5, 0.8, 0.95], rank, side="right")


def _lives(chance: Chance, *, band: Whole, quarters: int) -> tuple[Whole, Whole]:
    """Draw the quarters of birth and death: a fifth are born in the run, and smaller traders die sooner."""
    stream = chance.stream("lives")
    born = np.where(stream.random(band.size) < 0.2, stream.integers(1, quarters, size=band.size), -1)
    hazard = np.array([0.018, 0.010, 0.005, 0.002])[band]
    life = stream.geometric(hazard) + 1
    return born, np.minimum(np.maximum(born, 0) + life, quarters)


def _registered(chance: Chance, *, born: Whole, calendar: Calendar) -> Whole:
    """Draw the days of registration: up to twenty years before the run, else before the quarter of birth."""
    stream = chance.stream("registrations")
    before_run = calendar.starts[0] - 1 - stream.integers(0, 20 * 365, size=born.size)
    in_run = calendar.starts[np.maximum(born, 0)] - stream.integers(1, 60, size=born.size)
    return np.where(born < 0, before_run, in_run)


def _phoenixes(chance: Chance, *, ring: Whole, share: float) -> Flags:
    """Draw which rings are chains of short-lived companies, until they hold a `share` of the traders."""
    order = chance.stream("phoenixes").permutation(int(ring.max(initial=-1)) + 1)
    members = np.cumsum(np.bincount(ring[ring >= 0], minlength=order.size)[order])
    return np.isin(ring, order[members <= share * ring.size])


def _short_lives(
    chance: Chance, *, ring: Whole, phoenix: Flags, born: Whole, dies: Whole, calendar: Calendar
) -> tuple[Whole, Whole]:
    """Let the members of a phoenix ring follow one another, each for two to five quarters.

    Companies that are wound up before their debts fall due, and go on under another name, are known from VAT
    fraud as missing traders and from company law as phoenix companies (Anderson and others 2014).
    """
    stream = chance.stream("short lives")
    born, dies = born.copy(), dies.copy()
    for number in np.unique(ring[phoenix]):
        members = np.flatnonzero(ring == number)
        lasts = stream.integers(2, 6, size=members.size)
        begins = stream.integers(0, max(calendar.quarters - 2, 1)) + np.cumsum(lasts) - lasts
        born[members] = begins % calendar.quarters
        dies[members] = np.minimum(born[members] + lasts, calendar.quarters)
    return born, dies


def _overpays(chance: Chance, *, band: Whole, share: float) -> Whole:
    """Draw which traders overpay, and how: an index of `OVERPAYMENTS`, -1 for those that do not.

    Large ones have departments that would notice.
    """
    stream = chance.stream("overpayers")
    chosen = stream.random(band.size) < share * np.array([1.2, 1.1, 0.7, 0.0])[band]
    return np.where(chosen, stream.integers(0, len(OVERPAYMENTS), size=band.size), -1)


def rings(chance: Chance, *, count: int, share: float) -> Whole:
    """Draw rings of two to six traders, a `share` of all, with one group, director or address (-1: no ring).

    Risk units watch families of firms around one person; here a ring shares its leaning and its members
    follow one another's example.
    """
    stream = chance.stream("rings")
    members = stream.permutation(count)[: int(share * count)]
    sizes = stream.integers(2, 7, size=members.size)
    number = np.repeat(np.arange(sizes.size), sizes)[: members.size]
    ring = np.full(count, -1)
    ring[members] = number
    return ring


def _leaning(chance: Chance, evasion: EvasionParameters, *, ring: Whole, aeo: Whole, band: Whole) -> Floats:
    """Draw the propensity to evade: high for few, alike in a ring, low for large and authorised traders."""
    stream = chance.stream("leaning")
    own = lognormal(stream, ring.size, sigma=evasion.leaning_spread)
    shared = lognormal(stream, int(ring.max(initial=-1)) + 2, sigma=evasion.leaning_spread)
    mixed = np.where(ring >= 0, np.sqrt(own * shared[ring]) * 1.4, own)
    by_band: Floats = np.array([1.3, 1.1, 0.7, 0.4])[band] ** evasion.small_lean
    return np.where(aeo > 0, 0.3, 1.0) * by_band * mixed


def _carelessness(chance: Chance, *, aeo: Whole, count: int, mean: float) -> Floats:
    """Draw the share of lines with an honest mistake: `mean` on average, for some one in ten."""
    rate = mean * lognormal(chance.stream("carelessness"), count, sigma=0.9)
    return np.minimum(np.where(aeo > 0, 0.5, 1.0) * rate, 0.12)


def _authorised(chance: Chance, *, band: Whole, calendar: Calendar) -> tuple[Whole, Whole]:
    """Draw authorisations of some larger traders: the kind, and the quarter from which it holds."""
    stream = chance.stream("aeo")
    chosen = stream.random(band.size) < np.array([0.005, 0.02, 0.12, 0.40])[band]
    kind = np.where(chosen, stream.integers(1, AEO.size, size=band.size), 0)
    starts = stream.integers(-8, calendar.quarters, size=band.size)
    return kind, np.where(kind > 0, starts, calendar.quarters)
