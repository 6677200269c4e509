"""Portfolios: the products that traders buy; each slot is one product from one seller, for a time."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.chance import Chance, by_scheme, heavy_tailed, lognormal, pick
from features.simulate.trade.goods import CHAPTERS, Goods
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import COUNTRIES, HUBS, SECTORS, World
from features.simulate.worlds.parameters import TradeParameters

LINES_A_YEAR = 33  # on average over traders and years
KILOGRAMS_A_UNIT = np.array([row[6] for row in CHAPTERS])
MANUFACTURERS = 6  # the first sectors make things, and so use inward processing honestly


@dataclass(frozen=True)
class Slots:
    """The product slots of all traders, sorted by trader, as true as the trader knows them.

    `rate` is lines a quarter, `kilograms` the usual mass of a line, `price` a factor on the heading's price
    (seller and quality tier); from quarter `renewed` on the seller is `new_seller` and the price another by
    `new_price`, honestly; `royalty` and `assist` are additions to the price, as shares of it; `luck` (slots,
    schemes) uniform numbers: a scheme takes the lowest slots first.
    """

    trader: Whole
    sub: Whole
    seller: Whole
    origin: Whole
    dispatch: Whole
    mode: Whole
    rate: Floats
    kilograms: Floats
    price: Floats
    unit_mass: Floats
    tare: Floats
    related: Flags
    says_related: Flags
    royalty: Floats
    assist: Floats
    renewed: Whole
    new_seller: Whole
    new_price: Floats
    method: Whole
    claims: Flags
    relief: Flags
    wording: Whole
    begins: Whole
    ends: Whole
    luck: Floats


def slots(chance: Chance, world: World, *, traders: Traders) -> Slots:
    """Draw the slots; with even odds another product replaces each at some time in the run (drift)."""
    stream = chance.stream("slots")
    trade = world.parameters.trade
    trader, begins, ends = _chains(chance, traders, quarters=world.calendar.quarters)
    sub = _products(chance, world, sector=traders.sector[trader], later=begins > 0)
    seller, origin, dispatch = _routes(chance, world, slots=trader.size)
    related, says_related, royalty = _relations(chance, traders, trader=trader)
    renewed, new_seller, new_price = _renewals(chance, world, seller=seller)
    heading = world.goods.heading[sub]
    mode = np.minimum((stream.random(trader.size) + world.goods.price[heading] / 90).astype(int), 1) * 2
    mode = np.where(stream.random(trader.size) < 0.25, 1, mode)
    lines = traders.size[trader] * stream.exponential(size=trader.size)
    price = _tiers(chance, trade, noise=stream.standard_normal(trader.size)) * world.price_of_seller[seller]
    price = price * world.price_of_origin[heading, origin] * world.goods.price_of_sub[sub]
    value = 9_000 * traders.scale[trader] * lognormal(stream, trader.size, sigma=0.6)
    return Slots(
        trader=trader,
        sub=sub,
        seller=seller,
        origin=origin,
        dispatch=dispatch,
        mode=mode,
        rate=_rates(traders, trader=trader, lines=lines, begins=begins, ends=ends),
        kilograms=value / world.goods.price[heading],
        price=price,
        unit_mass=KILOGRAMS_A_UNIT[world.goods.chapter[heading]]
        * lognormal(stream, trader.size, sigma=trade.mass_spread),
        tare=1 + 0.04 + 0.12 * stream.random(trader.size),
        related=related,
        says_related=says_related,
        royalty=royalty,
        assist=_assists(chance, slots=trader.size, share=trade.assists),
        renewed=renewed,
        new_seller=new_seller,
        new_price=new_price,
        method=np.where(
            related & (stream.random(trader.size) < 0.15), stream.choice([2, 4, 6], trader.size), 1
        ),
        claims=stream.random(trader.size) < 0.85,
        relief=(stream.random(trader.size) < 0.06) & (traders.sector[trader] < MANUFACTURERS),
        wording=stream.integers(0, 4, size=trader.size),
        begins=begins,
        ends=ends,
        luck=by_scheme(chance, stream, "slots", rows=trader.size),
    )


def _tiers(chance: Chance, trade: TradeParameters, *, noise: Floats) -> Floats:
    """Return the quality tiers of slots, factors of mean one.

    Unit values within the finest product codes differ by factors of twenty and more (Schott 2004), so
    the tails may be heavier than lognormal ones; they end at four standard deviations.
    """
    spread = trade.quality_spread
    noise = heavy_tailed(chance, "tiers", noise, tail_weight=trade.tail_weight)
    noise = np.clip(noise, -4, 4) if trade.tail_weight else noise
    return np.asarray(np.exp(spread * noise - spread**2 / 2))


def _assists(chance: Chance, *, slots: int, share: float) -> Floats:
    """Draw additions for goods supplied to the seller free of charge, such as moulds, of a `share` of slots.

    They belong to the customs value (WTO Customs Valuation Agreement, article 8.1 b), and no document of the
    import shows them.
    """
    stream = chance.stream("assists")
    return np.where(stream.random(slots) < share, 0.08 + 0.30 * stream.random(slots), 0.0)


def _renewals(chance: Chance, world: World, *, seller: Whole) -> tuple[Whole, Whole, Floats]:
    """Draw honest changes: from a quarter on, a slot has another seller and another price, up or down.

    Most pairs of buyer and seller last less than a few years (Monarch and Schmidt-Eisenlohr 2023), so that a
    new seller or a lower price says little by itself.
    """
    trade, stream = world.parameters.trade, chance.stream("renewals")
    quarters = world.calendar.quarters
    renews = stream.random(seller.size) < trade.renewals
    moves = renews & (stream.random(seller.size) < 0.6)
    another = stream.integers(0, world.seller_country.size, size=seller.size)
    return (
        np.where(renews, stream.integers(1, quarters, size=seller.size), quarters),
        np.where(moves, another, seller),
        np.exp(trade.renewal_spread * stream.standard_normal(seller.size)),
    )


def _chains(chance: Chance, traders: Traders, *, quarters: int) -> tuple[Whole, Whole, Whole]:
    """Draw one to twelve chains a trader, each of one slot and perhaps a second that replaces it."""
    stream = chance.stream("chains")
    chains = np.minimum(1 + stream.poisson(1.0 + 1.2 * np.log1p(traders.size)), 12)
    trader = np.repeat(np.arange(traders.count), 2 * chains)
    change = np.repeat(stream.integers(1, 2 * quarters, size=int(chains.sum())), 2)
    second = np.arange(trader.size) % 2 == 1
    begins = np.where(second, change, -100)
    ends = np.where(second, quarters, np.minimum(change, quarters))
    return trader, begins, ends


def _rates(traders: Traders, *, trader: Whole, lines: Floats, begins: Whole, ends: Whole) -> Floats:
    """Scale the slots' lines a quarter so that a trader-year has `LINES_A_YEAR` of them on average."""
    lasts = np.minimum(ends, traders.dies[trader]) - np.maximum(begins, np.maximum(traders.born[trader], 0))
    expected = float(np.sum(lines * np.maximum(lasts, 0)))
    quarters = int(ends.max())
    return lines * (LINES_A_YEAR / 4 * quarters * traders.count / max(expected, 1e-9))


def _products(chance: Chance, world: World, *, sector: Whole, later: Flags) -> Whole:
    """Draw subheadings by the sector's affinity; only slots that begin later buy new products."""
    stream = chance.stream("products")
    wares: Goods = world.goods
    heading = np.zeros(sector.size, dtype=np.int64)
    for code in range(SECTORS.size):
        for young in (False, True):
            rows = np.flatnonzero((sector == code) & (later == young))
            weights = world.affinity[code] * np.where(wares.new, 4.0 if young else 0.0, 1.0)
            heading[rows] = pick(stream, rows.size, weights=weights)
    return wares.first[heading] + (stream.random(sector.size) ** 1.3 * wares.count[heading]).astype(np.int64)


def _routes(chance: Chance, world: World, *, slots: int) -> tuple[Whole, Whole, Whole]:
    """Draw seller, origin and dispatch: third countries resell honest goods, too, and hubs forward them."""
    stream = chance.stream("routes")
    seller = stream.integers(0, world.seller_country.size, size=slots)
    home = world.seller_country[seller]
    origin = np.where(stream.random(slots) < 0.88, home, stream.integers(0, COUNTRIES.size, size=slots))
    hub = stream.random(slots) < 0.07
    return seller, origin, np.where(hub, stream.integers(0, HUBS, size=slots), home)


def _relations(chance: Chance, traders: Traders, *, trader: Whole) -> tuple[Flags, Flags, Floats]:
    """Draw which sellers are related to the buyer, more of a larger one; part of them earn a royalty.

    Royalties for the goods, paid as a condition of sale, belong to the customs value (WTO Customs Valuation
    Agreement, article 8.1 c). Relations stay undeclared at times, more so by traders who lean to evade.
    """
    stream = chance.stream("relations")
    related = stream.random(trader.size) < np.array([0.03, 0.07, 0.16, 0.30])[traders.band[trader]]
    hidden = stream.random(trader.size) < np.minimum(0.08 + 0.08 * traders.leaning[trader], 0.6)
    royal = related & (stream.random(trader.size) < 0.4)
    return related, related & ~hidden, np.where(royal, 0.03 + 0.06 * stream.random(trader.size), 0.0)
