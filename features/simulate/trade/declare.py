"""Honest declarations: the true lines of a quarter, before any evasion or mistake."""

import numpy as np

from features.simulate.arrays import Array, Flags, Floats, Whole, group_positions
from features.simulate.chance import Chance, heavy_tailed
from features.simulate.trade.lines import Lines, rates, rounded
from features.simulate.trade.portfolio import Slots
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import FREIGHT_ON_GOODS, FREIGHT_PER_KG, OFFICES, World

LINES_A_DECLARATION = 3.0
PROOF_SHARE = 0.93  # of honest claims, those with a proof on file


def honest_lines(
    chance: Chance, world: World, *, traders: Traders, slots: Slots, brokers: Whole, quarter: int, first: int
) -> Lines:
    """Return the true lines of a quarter, sorted by day; declarations are numbered from `first`.

    `brokers` (traders) is the usual broker of each trader in the quarter.
    """
    slot = _lines_of_slots(chance, world, traders=traders, slots=slots, quarter=quarter)
    declaration, day = _declarations(chance, world, trader=slots.trader[slot], quarter=quarter)
    order = np.argsort(declaration, kind="stable")  # within a declaration lines stay in the order of slots
    slot, declaration, day = slot[order], declaration[order], day[order]
    trader, sub, origin = slots.trader[slot], slots.sub[slot], slots.origin[slot]
    relief, agreement, proof = _claims(chance, world, slots=slots, slot=slot, quarter=quarter)
    headers = _headers(
        chance,
        world,
        trader=trader,
        declaration=declaration,
        brokers=brokers,
        traders=traders,
        quarter=quarter,
    )
    broker, office, channel, delay = headers
    net, goods, freight, gross = _mass_and_price(chance, world, slots=slots, slot=slot, quarter=quarter)
    lines = Lines(
        slot=slot,
        trader=trader,
        declaration=declaration + first,
        item=group_positions(declaration) + 1,
        accepted=day,
        known=day + delay,
        broker=broker,
        office=office,
        channel=channel,
        seller=np.where(slots.renewed <= quarter, slots.new_seller, slots.seller)[slot],
        dispatch=slots.dispatch[slot],
        sub=sub,
        origin=origin,
        agreement=agreement,
        proof=proof,
        relief=relief,
        rate=rates(world.goods, quarter, sub=sub, agreement=agreement, relief=relief),
        goods=goods,
        freight=freight,
        adjustment=goods * (slots.royalty + slots.assist)[slot],
        net=net,
        gross=gross,
        quantity=net / slots.unit_mass[slot],
        version=np.zeros(slot.size, dtype=np.int64),
        amended_by=np.full(slot.size, -1),
    )
    return rounded(lines)


def _lines_of_slots(chance: Chance, world: World, *, traders: Traders, slots: Slots, quarter: int) -> Whole:
    """Draw the lines of each slot: Poisson counts, by season, with quiet and busy quarters of the trader."""
    stream = chance.stream("lines", quarter)
    season = world.goods.season[quarter % 4, world.goods.heading[slots.sub]]
    activity = np.exp(0.25 * stream.standard_normal(traders.count)) * traders.alive(quarter)
    running = (slots.begins <= quarter) & (quarter < slots.ends)
    counts = stream.poisson(slots.rate * season * activity[slots.trader] * running)
    return np.repeat(np.arange(counts.size), counts)


def _declarations(chance: Chance, world: World, *, trader: Whole, quarter: int) -> tuple[Whole, Whole]:
    """Group the lines of a trader into declarations numbered by day; return number and day of each line."""
    stream = chance.stream("bundles", quarter)
    lines = np.bincount(trader, minlength=1)
    bundles = np.ceil(lines / LINES_A_DECLARATION).astype(np.int64)
    offset = np.cumsum(bundles) - bundles
    bundle = offset[trader] + (stream.random(trader.size) * bundles[trader]).astype(np.int64)
    start, end = world.calendar.starts[quarter : quarter + 2]
    day = stream.integers(start, end, size=int(bundles.sum()))
    by_day = np.argsort(day, kind="stable")
    filled = np.bincount(bundle, minlength=day.size) > 0
    number = np.empty(day.size, dtype=np.int64)
    number[by_day] = np.cumsum(filled[by_day]) - 1
    return number[bundle], day[bundle]


def _headers(
    chance: Chance,
    world: World,
    *,
    trader: Whole,
    declaration: Whole,
    brokers: Whole,
    traders: Traders,
    quarter: int,
) -> tuple[Whole, Whole, Whole, Whole]:
    """Draw the header of each declaration: broker, office, lane and days until it is in the warehouse."""
    stream = chance.stream("heads", quarter)
    count = int(declaration.max(initial=-1)) + 1
    importer = np.zeros(count, dtype=np.int64)
    importer[declaration] = trader
    usual = stream.random(count) < 0.85
    broker = np.where(usual, brokers[importer], traders.second_broker[importer])
    away = stream.random(count) < 0.15
    office = np.where(away, stream.integers(0, OFFICES.size, size=count), traders.office[importer])
    risk = stream.random(count) / world.strictness[office]
    channel = 3 - np.searchsorted([0.008, 0.035, 0.14], risk, side="right")  # blue, red, yellow, green
    delay = np.minimum(stream.geometric(0.6, size=count) - 1, 3)
    return broker[declaration], office[declaration], channel[declaration], delay[declaration]


def _claims(
    chance: Chance, world: World, *, slots: Slots, slot: Whole, quarter: int
) -> tuple[Flags, Whole, Whole]:
    """Draw claims of the preferences that are due, mostly made; honest proofs, too, are missing at times."""
    stream = chance.stream("claims", quarter)
    agreement = np.where(slots.claims & ~slots.relief, world.agreement[slots.origin], -1)
    granted = (
        world.goods.preference[np.maximum(agreement, 0), slots.sub] < world.goods.mfn[quarter][slots.sub]
    )
    agreement = np.where(granted, agreement, -1)[slot]
    proof = stream.integers(0, 10_000_000, size=slot.size, dtype=np.int32)
    has_proof = (agreement >= 0) & (stream.random(slot.size) < PROOF_SHARE)
    return slots.relief[slot], agreement, np.where(has_proof, proof, -1)


def _mass_and_price(
    chance: Chance, world: World, *, slots: Slots, slot: Whole, quarter: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Draw net mass, price paid, freight and gross mass.

    Prices of one heading, origin and seller disperse lognormally, as unit values in trade data do
    (Schott 2004): quality tiers between slots, and from line to line the heading's own spread,
    whose tails are heavier in drawn worlds.
    """
    trade, stream = world.parameters.trade, chance.stream("prices", quarter)
    noise: Array = stream.standard_normal((4, slot.size))
    noise[1] = heavy_tailed(chance, "prices", noise[1], tail_weight=trade.tail_weight, quarter=quarter)
    heading = world.goods.heading[slots.sub]
    unit_price = slots.price * np.where(slots.renewed <= quarter, slots.new_price, 1.0)
    unit_price = unit_price * world.goods.price[heading] * world.goods.inflation[quarter][heading]
    net = slots.kilograms[slot] * np.exp(0.6 * noise[0]) + 0.01
    goods = (
        net
        * unit_price[slot]
        * np.exp(np.clip(trade.price_noise * world.goods.spread[heading][slot] * noise[1], -3, 3))
    )
    carriage = FREIGHT_PER_KG[slots.mode] * world.distance[slots.dispatch]
    freight = (net * carriage[slot] + goods * FREIGHT_ON_GOODS[slots.mode][slot]) * np.exp(0.25 * noise[2])
    gross = net * slots.tare[slot] * np.exp(0.03 * np.abs(noise[3]))
    return net, goods, freight, gross
