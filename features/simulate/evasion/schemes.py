"""The six deliberate schemes: the lines on which each pays, and how it falsifies them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.chance import Chance
from features.simulate.evasion.intent import (
    CLASSIFICATION,
    ORIGIN,
    PROCEDURE,
    QUANTITY,
    VALUATION,
    Intent,
    Scheme,
)
from features.simulate.trade.lines import Lines
from features.simulate.trade.portfolio import Slots
from features.simulate.trade.world import World

COVERAGE = 0.75  # share of a trader's slots that a scheme takes in
STEADINESS = 0.85  # share of the lines of such a slot
NOTEWORTHY_RATE = 0.015
FORGED = 0.60  # of false claims, those with a proof on file
KIND_OF_SCHEME = {
    Scheme.UNDERVALUE: VALUATION,
    Scheme.MISCLASSIFY: CLASSIFICATION,
    Scheme.FALSE_ORIGIN: ORIGIN,
    Scheme.UNDERDECLARE_QUANTITY: QUANTITY,
    Scheme.OMIT_ROYALTY: VALUATION,
    Scheme.ABUSE_RELIEF: PROCEDURE,
}


@dataclass(frozen=True)
class SchemeContext:
    """The context in which schemes falsify lines: the world, the slots, the quarter and their severity."""

    world: World
    slots: Slots
    quarter: int
    severity: Floats


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
    chosen = np.full(rows.size, -1)
    for number, possible in _opportunities(context, honest, rows=rows).items():
        fits = running[:, number] & (luck[:, number] < COVERAGE) & possible & (chosen < 0)
        chosen[fits] = number
    scheme[rows] = chosen
    return scheme


def _opportunities(context: SchemeContext, lines: Lines, *, rows: Whole) -> dict[Scheme, Flags]:
    """Return on which of the `rows` each scheme would save something."""
    wares, sub = context.world.goods, lines.sub[rows]
    mfn = wares.mfn[context.quarter][sub]
    lowest = wares.mfn[context.quarter][wares.lowest(context.quarter)][wares.heading[sub]]
    always = np.ones(rows.size, dtype=np.bool_)
    return {
        Scheme.OMIT_ROYALTY: lines.adjustment[rows] > 0,
        Scheme.ABUSE_RELIEF: mfn >= NOTEWORTHY_RATE,
        Scheme.FALSE_ORIGIN: (lines.agreement[rows] < 0) & (mfn >= 2 * NOTEWORTHY_RATE),
        Scheme.MISCLASSIFY: lines.rate[rows] - lowest >= NOTEWORTHY_RATE,
        Scheme.UNDERDECLARE_QUANTITY: always,
        Scheme.UNDERVALUE: always,
    }


def undervalue(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Declare less than was paid, the first concern of post-clearance audit (WCO guidelines, volume 2).

    A second invoice lowers the price by about the trader's usual share; freight, weight and everything
    else stay true, so that unit prices fall and freight looks high for the value.
    """
    share = context.severity[rows, Scheme.UNDERVALUE] * np.exp(0.15 * stream.standard_normal(rows.size))
    draft.goods[rows] *= 1 - np.minimum(share, 0.8)


def misclassify(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Declare the sibling subheading with the lowest rate (Fisman and Wei 2004)."""
    wares = context.world.goods
    draft.sub[rows] = wares.lowest(context.quarter)[wares.heading[draft.sub[rows]]]


def claim_false_origin(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator
) -> None:
    """Claim a preference for goods from elsewhere: the origin changes, the route often does not.

    A proof is missing more often than with honest claims; otherwise it is forged.
    """
    world = context.world
    member = (context.slots.luck[draft.slot[rows], Scheme.FALSE_ORIGIN] * 1e4).astype(np.int64)
    members = np.flatnonzero(world.agreement >= 0)
    origin = members[member % members.size]
    draft.origin[rows], draft.agreement[rows] = origin, world.agreement[origin]
    forged = stream.random(rows.size) < FORGED
    draft.proof[rows] = np.where(forged, stream.integers(0, 10_000_000, size=rows.size), -1)


def underdeclare_quantity(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator
) -> None:
    """Declare fewer goods than arrived: price, mass and quantity fall together, so unit prices look sound.

    Gross mass, which the carrier also reports, falls less, so that packing seems heavy.
    """
    share = context.severity[rows, Scheme.UNDERDECLARE_QUANTITY] * np.exp(
        0.2 * stream.standard_normal(rows.size)
    )
    left = 1 - np.minimum(share, 0.7)
    for column in (draft.goods, draft.net, draft.quantity):
        column[rows] *= left
    draft.gross[rows] *= left + 0.25 * (1 - left)


def omit_royalty(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Leave out the royalty that belongs to the value (WTO Customs Valuation Agreement, article 8.1 c)."""
    draft.adjustment[rows] = 0.0


def abuse_relief(context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator) -> None:
    """Enter goods for inward processing and sell them at home: a scheme that begins during the run.

    Evasion moves to where enforcement does not look yet (Yang 2008 measured it in the Philippines).
    """
    draft.relief[rows] = True


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
}
