"""The deliberate schemes: the lines on which each pays, and how it falsifies them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.chance import Chance
from features.simulate.evasion.intent import (
    CLASSIFICATION,
    DEAR,
    ORIGIN,
    PROCEDURE,
    QUANTITY,
    VALUATION,
    Intent,
)
from features.simulate.mechanisms import Scheme
from features.simulate.trade.lines import Lines
from features.simulate.trade.portfolio import Slots
from features.simulate.trade.world import World
from features.simulate.worlds.parameters import EvasionParameters

STEADINESS = 0.85  # share of the lines of a slot that a scheme takes in
NOTEWORTHY_RATE = 0.015
RUSH_DAYS = 25  # at the end of a quarter, when offices are busiest
INTERMEDIARIES = 0.03  # share of the sellers that write invoices for others
KIND_OF_SCHEME = {
    Scheme.UNDERVALUE: VALUATION,
    Scheme.MISCLASSIFY: CLASSIFICATION,
    Scheme.FALSE_ORIGIN: ORIGIN,
    Scheme.UNDERDECLARE_QUANTITY: QUANTITY,
    Scheme.OMIT_ROYALTY: VALUATION,
    Scheme.ABUSE_RELIEF: PROCEDURE,
    Scheme.LOWER_OWN_PRICE: VALUATION,
    Scheme.SWITCH_SELLER: VALUATION,
    Scheme.MISDESCRIBE: CLASSIFICATION,
    Scheme.OMIT_ASSIST: VALUATION,
    Scheme.RUSH: VALUATION,
    Scheme.PHOENIX: VALUATION,
}


@dataclass(frozen=True)
class SchemeContext:
    """The context in which schemes falsify lines: the world, the slots, the quarter and their severity."""

    world: World
    slots: Slots
    quarter: int
    severity: Floats

    @property
    def evasion(self) -> EvasionParameters:
        """The parameters of evasion in this world."""
        return self.world.parameters.evasion


def schemes_of(chance: Chance, context: SchemeContext, *, honest: Lines, intent: Intent) -> Whole:
    """Return the scheme that falsifies each line, -1 for none: the rarer opportunity comes first."""
    stream = chance.stream("schemes", context.quarter)
    steady = stream.random(honest.count) < STEADINESS
    scheme = np.full(honest.count, -1)
    evading: Flags = np.any(intent.active, axis=1, keepdims=True)[:, 0]
    rows = np.flatnonzero(evading[honest.trader] & steady & ~honest.relief)
    running, luck = intent.active[honest.trader[rows]], context.slots.luck[honest.slot[rows]]
    # A related seller writes any invoice: undervaluation takes in every line of one.
    luck[context.slots.related[honest.slot[rows]], Scheme.UNDERVALUE] = 0.0
    chosen, coverage = np.full(rows.size, -1), [each.coverage for each in context.evasion.schemes]
    for number, possible in _opportunities(context, honest, rows=rows).items():
        fits = running[:, number] & (luck[:, number] < coverage[number]) & possible & (chosen < 0)
        chosen[fits] = number
    scheme[rows] = chosen
    return scheme


def _opportunities(context: SchemeContext, lines: Lines, *, rows: Whole) -> dict[Scheme, Flags]:
    """Return on which of the `rows` each scheme would save something."""
    wares, sub = context.world.goods, lines.sub[rows]
    mfn = wares.mfn[context.quarter][sub]
    lowest = wares.mfn[context.quarter][wares.lowest(context.quarter)][wares.heading[sub]]
    cheapest = wares.mfn[context.quarter][wares.lowest_of_chapter(context.quarter)]
    slot, last = lines.slot[rows], context.world.calendar.starts[context.quarter + 1]
    always = np.ones(rows.size, dtype=np.bool_)
    return {
        Scheme.PHOENIX: always,
        Scheme.OMIT_ASSIST: context.slots.assist[slot] > 0,
        Scheme.OMIT_ROYALTY: (lines.adjustment[rows] > 0) & (context.slots.royalty[slot] > 0),
        Scheme.ABUSE_RELIEF: mfn >= NOTEWORTHY_RATE,
        Scheme.FALSE_ORIGIN: (lines.agreement[rows] < 0) & (mfn >= 2 * NOTEWORTHY_RATE),
        Scheme.MISCLASSIFY: lines.rate[rows] - lowest >= NOTEWORTHY_RATE,
        Scheme.MISDESCRIBE: lines.rate[rows] - cheapest[wares.chapter[wares.heading[sub]]] >= NOTEWORTHY_RATE,
        Scheme.RUSH: lines.accepted[rows] >= last - RUSH_DAYS,
        Scheme.SWITCH_SELLER: always,
        Scheme.LOWER_OWN_PRICE: context.slots.price[slot] > DEAR,
        Scheme.UNDERDECLARE_QUANTITY: always,
        Scheme.UNDERVALUE: always,
    }


def undervalue(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Declare less than was paid, the first concern of post-clearance audit (WCO guidelines, volume 2).

    A second invoice lowers the price by about the trader's usual share; weight and everything else stay
    true, so that unit prices fall; freight, too, and looks high for the value, unless it follows the price.
    """
    _lower(context, draft, rows=rows, scheme=Scheme.UNDERVALUE, stream=stream)


def _lower(
    context: SchemeContext, draft: Lines, *, rows: Whole, scheme: Scheme, stream: np.random.Generator
) -> None:
    share = context.severity[rows, scheme] * np.exp(0.15 * stream.standard_normal(rows.size))
    share = np.minimum(share, 0.8)
    draft.goods[rows] *= 1 - share
    draft.freight[rows] *= 1 - context.evasion.freight_follows * share


def misclassify(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Declare the sibling subheading with the lowest rate (Fisman and Wei 2004)."""
    wares = context.world.goods
    draft.sub[rows] = wares.lowest(context.quarter)[wares.heading[draft.sub[rows]]]


def claim_false_origin(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator
) -> None:
    """Claim a preference for goods from elsewhere: the origin changes, the route at times.

    A proof is missing more often than with honest claims; otherwise it is forged.
    """
    world = context.world
    member = (context.slots.luck[draft.slot[rows], Scheme.FALSE_ORIGIN] * 1e4).astype(np.int64)
    members = np.flatnonzero(world.agreement >= 0)
    origin = members[member % members.size]
    passes = member % 97 < 97 * context.evasion.transhipped
    draft.dispatch[rows] = np.where(passes, origin, draft.dispatch[rows])
    draft.origin[rows], draft.agreement[rows] = origin, world.agreement[origin]
    forged = stream.random(rows.size) < context.evasion.forged
    draft.proof[rows] = np.where(forged, stream.integers(0, 10_000_000, size=rows.size), -1)


def underdeclare_quantity(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator
) -> None:
    """Declare fewer goods than arrived: price, mass and quantity fall together, so unit prices look sound.

    Gross mass, which the carrier also reports, may fall less, so that packing seems heavy.
    """
    share = context.severity[rows, Scheme.UNDERDECLARE_QUANTITY] * np.exp(
        0.2 * stream.standard_normal(rows.size)
    )
    left = 1 - np.minimum(share, 0.7)
    for column in (draft.goods, draft.net, draft.quantity):
        column[rows] *= left
    draft.gross[rows] *= left + context.evasion.gross_stays * (1 - left)


def omit_royalty(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Leave out the royalty that belongs to the value (WTO Customs Valuation Agreement, article 8.1 c)."""
    draft.adjustment[rows] = 0.0


def abuse_relief(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Enter goods for inward processing and sell them at home: a scheme that begins during the run.

    Evasion moves to where enforcement does not look yet (Yang 2008 measured it in the Philippines).
    """
    draft.relief[rows] = True


def lower_own_price(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator
) -> None:
    """Lower the prices of dear goods, no further than to what others pay: only the own past betrays it.

    Sellers of quality have room below them; peer prices are what administrations compare with first.
    """
    room = 1 - DEAR / (context.slots.price[draft.slot[rows]] + 0.15)
    share = np.minimum(context.severity[rows, Scheme.LOWER_OWN_PRICE], np.maximum(room, 0.05))
    draft.goods[rows] *= 1 - share * np.exp(-0.1 * np.abs(stream.standard_normal(rows.size)))


def switch_seller(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Buy through an intermediary that invoices less, while the goods come straight from the maker.

    Re-invoicing through third parties is the usual way to shift value abroad (Global Financial Integrity
    2015). A few intermediaries serve many, and honest buyers as well.
    """
    sellers = context.world.seller_country.size
    few = max(int(INTERMEDIARIES * sellers), 3)
    draft.seller[rows] = (context.slots.luck[draft.slot[rows], Scheme.SWITCH_SELLER] * 1e6).astype(
        np.int64
    ) % few
    _lower(context, draft, rows=rows, scheme=Scheme.SWITCH_SELLER, stream=stream)


def misdescribe(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Declare the subheading of another heading of the chapter with the lowest rate.

    The text on the invoice stays what it was, so that it does not fit the code, and nor does the price a
    kilogram. Javorcik and Narciso (2008) find evasion where goods are hard to tell apart.
    """
    wares = context.world.goods
    chapter = wares.chapter[wares.heading[draft.sub[rows]]]
    draft.sub[rows] = wares.lowest_of_chapter(context.quarter)[chapter]


def omit_assist(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Leave out what was supplied to the seller free of charge (article 8.1 b); the data show nothing."""
    assist = np.round(draft.goods[rows] * context.slots.assist[draft.slot[rows]], 2)
    draft.adjustment[rows] = np.maximum(draft.adjustment[rows] - assist, 0.0)


def rush(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Undervalue only in the last weeks of a quarter, when offices have least time to look."""
    _lower(context, draft, rows=rows, scheme=Scheme.RUSH, stream=stream)


def undervalue_as_phoenix(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator
) -> None:
    """Undervalue everything for some quarters, then wind the company up and go on as the next of a chain."""
    _lower(context, draft, rows=rows, scheme=Scheme.PHOENIX, stream=stream)


class Falsify(Protocol):
    """A function that falsifies the `rows` of a draft in place."""

    def __call__(
        self, context: SchemeContext, draft: Lines, /, *, rows: Whole, stream: np.random.Generator
    ) -> None:
        """Falsify the rows."""


FALSIFY: dict[Scheme, Falsify] = {
    Scheme.UNDERVALUE: undervalue,
    Scheme.MISCLASSIFY: misclassify,
    Scheme.FALSE_ORIGIN: claim_false_origin,
    Scheme.UNDERDECLARE_QUANTITY: underdeclare_quantity,
    Scheme.OMIT_ROYALTY: omit_royalty,
    Scheme.ABUSE_RELIEF: abuse_relief,
    Scheme.LOWER_OWN_PRICE: lower_own_price,
    Scheme.SWITCH_SELLER: switch_seller,
    Scheme.MISDESCRIBE: misdescribe,
    Scheme.OMIT_ASSIST: omit_assist,
    Scheme.RUSH: rush,
    Scheme.PHOENIX: undervalue_as_phoenix,
}
