"""From the truth to what is declared: six schemes and honest mistakes, each with the tax it costs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole, stack, take
from features.simulate.chance import Chance, pick
from features.simulate.declare import SHOWN
from features.simulate.intent import (
    CLASSIFICATION,
    MISTAKE_KINDS,
    ORIGIN,
    OTHER,
    PROCEDURE,
    QUANTITY,
    VALUATION,
    Intent,
    Scheme,
)
from features.simulate.lines import Lines, rates, rounded, taxes
from features.simulate.portfolio import Slots
from features.simulate.traders import Traders
from features.simulate.world import World

COVERAGE = 0.75  # share of a trader's slots that a scheme takes in
STEADINESS = 0.85  # share of the lines of such a slot
NOTEWORTHY_RATE = 0.015
FORGED = 0.70  # of false claims, those with a proof on file
KIND_OF_SCHEME = {
    Scheme.UNDERVALUE: VALUATION,
    Scheme.MISCLASSIFY: CLASSIFICATION,
    Scheme.FALSE_ORIGIN: ORIGIN,
    Scheme.UNDERDECLARE_QUANTITY: QUANTITY,
    Scheme.OMIT_ROYALTY: VALUATION,
    Scheme.ABUSE_RELIEF: PROCEDURE,
}


@dataclass(frozen=True)
class Faults:
    """Lines on which the declared tax is wrong; a line has at most one fault.

    `lines` holds them as they should have been declared; `kind` is the finding type; `gap` (lines, 3)
    the duty, VAT and excise lost (negative where too much was paid); `number` identifies the fault.
    """

    number: Whole
    kind: Whole
    deliberate: Flags
    gap: Floats
    lines: Lines

    @property
    def money(self) -> Floats:
        """The tax lost on each line."""
        return np.asarray(self.gap.sum(axis=1))


@dataclass(frozen=True)
class Scene:
    """What a scheme looks at when it falsifies lines: the world, the slots and the quarter."""

    world: World
    slots: Slots
    quarter: int
    severity: Floats


def declare(
    chance: Chance,
    world: World,
    *,
    traders: Traders,
    slots: Slots,
    intent: Intent,
    honest: Lines,
    spared: Flags,
    quarter: int,
    first: int,
) -> tuple[Lines, Faults]:
    """Return the lines as declared and the faults in them, numbered from `first`.

    `spared` marks lines declared provisionally, which their trader will put right unasked.
    """
    scene = Scene(world=world, slots=slots, quarter=quarter, severity=intent.severity[honest.trader])
    draft = take(honest, np.arange(honest.count))
    scheme = np.where(spared, -1, _schemes(chance, scene, honest=honest, intent=intent))
    for number, falsify in FALSIFY.items():
        falsify(chance.stream(f"scheme {number}", quarter), scene, draft, np.flatnonzero(scheme == number))
    mistaken = _mistakes(chance, scene, draft, traders=traders, free=(scheme < 0) & ~spared)
    changed = np.flatnonzero((scheme >= 0) | (mistaken >= 0))
    draft = _assessed(rounded(draft), world=world, changed=changed, quarter=quarter)
    kinds = np.array([KIND_OF_SCHEME[number] for number in Scheme])
    kind = np.where(scheme >= 0, kinds[scheme], mistaken)
    gap = taxes(take(honest, changed), world.goods) - taxes(take(draft, changed), world.goods)
    costs = np.round(gap.sum(axis=1), 2) != 0
    rows = changed[costs]
    faults = Faults(
        number=first + np.arange(rows.size),
        kind=kind[rows],
        deliberate=scheme[rows] >= 0,
        gap=np.round(gap[costs], 2),
        lines=take(honest, rows),
    )
    return draft, faults


def _assessed(draft: Lines, *, world: World, changed: Whole, quarter: int) -> Lines:
    """Apply the tariff to the `changed` lines; claims it does not grant are refused at entry."""
    sub, relief = draft.sub[changed], draft.relief[changed]
    agreement = draft.agreement[changed]
    granted = world.goods.preference[np.maximum(agreement, 0), sub] < world.goods.mfn[quarter][sub]
    agreement = np.where(granted & ~relief, agreement, -1)
    draft.agreement[changed] = agreement
    draft.proof[changed] = np.where(agreement >= 0, draft.proof[changed], -1)
    draft.rate[changed] = rates(world.goods, quarter, sub=sub, agreement=agreement, relief=relief)
    return draft


def _schemes(chance: Chance, scene: Scene, *, honest: Lines, intent: Intent) -> Whole:
    """Return the scheme each line falls under, -1 for none: the rarer opportunity goes first."""
    stream = chance.stream("schemes", scene.quarter)
    steady = stream.random(honest.count) < STEADINESS
    running = intent.active[honest.trader]
    scheme = np.full(honest.count, -1)
    rows = np.flatnonzero(running.any(axis=1) & steady & ~honest.relief)
    lines, luck = take(honest, rows), scene.slots.luck[honest.slot[rows]]
    # A related seller writes whatever invoice is wanted: transfer prices bend wherever there is one.
    luck[scene.slots.related[honest.slot[rows]], Scheme.UNDERVALUE] = 0.0
    chosen = np.full(rows.size, -1)
    for number, possible in _opportunities(scene, lines).items():
        fits = running[rows, number] & (luck[:, number] < COVERAGE) & possible & (chosen < 0)
        chosen[fits] = number
    scheme[rows] = chosen
    return scheme


def _opportunities(scene: Scene, lines: Lines) -> dict[Scheme, Flags]:
    """Return where each scheme would save something."""
    wares = scene.world.goods
    mfn = wares.mfn[scene.quarter][lines.sub]
    lowest = wares.mfn[scene.quarter][wares.lowest(scene.quarter)][wares.heading[lines.sub]]
    always = np.ones(lines.count, dtype=np.bool_)
    return {
        Scheme.OMIT_ROYALTY: lines.adjustment > 0,
        Scheme.ABUSE_RELIEF: mfn >= NOTEWORTHY_RATE,
        Scheme.FALSE_ORIGIN: (lines.agreement < 0) & (mfn >= 2 * NOTEWORTHY_RATE),
        Scheme.MISCLASSIFY: lines.rate - lowest >= NOTEWORTHY_RATE,
        Scheme.UNDERDECLARE_QUANTITY: always,
        Scheme.UNDERVALUE: always,
    }


def undervalue(stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole) -> None:
    """Declare less than was paid: the most common finding of post-clearance audit (WCO 2018).

    A second invoice lowers the price by the trader's usual share, more or less; freight, weight and
    everything else stay true, so that unit prices fall and freight looks dear for the value.
    """
    share = scene.severity[rows, Scheme.UNDERVALUE] * np.exp(0.15 * stream.standard_normal(rows.size))
    draft.goods[rows] *= 1 - np.minimum(share, 0.8)


def misclassify(stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole) -> None:
    """Declare the sibling subheading with the lowest rate (Fisman and Wei 2004)."""
    wares = scene.world.goods
    draft.sub[rows] = wares.lowest(scene.quarter)[wares.heading[draft.sub[rows]]]


def claim_false_origin(stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole) -> None:
    """Claim a preference for goods from elsewhere: the origin changes, the route often does not.

    A proof is missing more often than with honest claims, and at times is forged (WCO origin
    verification guidelines name both).
    """
    world = scene.world
    member = (scene.slots.luck[draft.slot[rows], Scheme.FALSE_ORIGIN] * 1e4).astype(np.int64)
    members = np.flatnonzero(world.agreement >= 0)
    origin = members[member % members.size]
    draft.origin[rows], draft.agreement[rows] = origin, world.agreement[origin]
    forged = stream.random(rows.size) < FORGED
    draft.proof[rows] = np.where(forged, stream.integers(0, 10_000_000, size=rows.size), -1)


def underdeclare_quantity(stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole) -> None:
    """Declare fewer goods than came: price, mass and quantity fall together, so unit prices look sound.

    Gross mass, which the carrier also reports, falls less: packing seems heavy.
    """
    share = scene.severity[rows, Scheme.UNDERDECLARE_QUANTITY] * np.exp(
        0.2 * stream.standard_normal(rows.size)
    )
    left = 1 - np.minimum(share, 0.7)
    for column in (draft.goods, draft.net, draft.quantity):
        column[rows] *= left
    draft.gross[rows] *= left + 0.25 * (1 - left)


def omit_royalty(stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole) -> None:
    """Leave out the royalty that belongs to the value (WTO Customs Valuation Agreement, article 8.1 c)."""
    draft.adjustment[rows] = 0.0


def abuse_relief(stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole) -> None:
    """Enter goods for inward processing and sell them at home: a route that opens during the run."""
    draft.relief[rows] = True


Falsify = Callable[[np.random.Generator, Scene, Lines, Whole], None]
FALSIFY: dict[Scheme, Falsify] = {
    Scheme.UNDERVALUE: undervalue,
    Scheme.MISCLASSIFY: misclassify,
    Scheme.FALSE_ORIGIN: claim_false_origin,
    Scheme.UNDERDECLARE_QUANTITY: underdeclare_quantity,
    Scheme.OMIT_ROYALTY: omit_royalty,
    Scheme.ABUSE_RELIEF: abuse_relief,
}


def _mistakes(chance: Chance, scene: Scene, draft: Lines, *, traders: Traders, free: Flags) -> Whole:
    """Make honest mistakes, for and against the trader, on `free` lines; return their kinds (-1: none).

    Of the errors that audits of compliant traders find, part are in the trader's disfavour; they
    end in refunds, and a model that drops them overstates the gap.
    """
    stream = chance.stream("mistakes", scene.quarter)
    slips = np.flatnonzero(free & (stream.random(draft.count) < traders.carelessness[draft.trader]))
    kind = pick(stream, slips.size, weights=np.array(MISTAKE_KINDS))
    noise = stream.standard_normal(slips.size)
    for code, slip in SLIPS.items():
        chosen = kind == code
        slip(stream, scene, draft, slips[chosen], noise[chosen])
    kinds = np.full(draft.count, -1)
    kinds[slips] = kind
    return kinds


def _wrong_value(stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole, noise: Floats) -> None:
    draft.goods[rows] *= np.exp(0.35 * noise - 0.08)


def _wrong_sibling(
    stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole, noise: Floats
) -> None:
    wares = scene.world.goods
    heading = wares.heading[draft.sub[rows]]
    draft.sub[rows] = wares.first[heading] + (stream.random(rows.size) * wares.count[heading]).astype(
        np.int64
    )


def _wrong_claim(stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole, noise: Floats) -> None:
    """Forget a claim that is due, or take the goods for those of a country with an agreement."""
    claimed, agreement = draft.agreement[rows] >= 0, scene.world.agreement
    members = np.flatnonzero(agreement >= 0)
    origin = members[stream.integers(0, members.size, size=rows.size)]
    draft.origin[rows] = np.where(claimed, draft.origin[rows], origin)
    draft.agreement[rows] = np.where(claimed, -1, agreement[origin])
    shown = stream.random(rows.size) < SHOWN
    draft.proof[rows] = np.where(shown, stream.integers(0, 10_000_000, size=rows.size), -1)


def _wrong_quantity(
    stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole, noise: Floats
) -> None:
    for column in (draft.goods, draft.net, draft.quantity, draft.gross):
        column[rows] *= np.exp(0.35 * noise - 0.05)


def _wrong_procedure(
    stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole, noise: Floats
) -> None:
    draft.relief[rows] = ~draft.relief[rows] & (noise > 0)


def _wrong_exchange_rate(
    stream: np.random.Generator, scene: Scene, draft: Lines, rows: Whole, noise: Floats
) -> None:
    draft.goods[rows] *= np.exp(0.12 * noise)


Slip = Callable[[np.random.Generator, Scene, Lines, Whole, Floats], None]
SLIPS: dict[int, Slip] = {
    VALUATION: _wrong_value,
    CLASSIFICATION: _wrong_sibling,
    ORIGIN: _wrong_claim,
    QUANTITY: _wrong_quantity,
    PROCEDURE: _wrong_procedure,
    OTHER: _wrong_exchange_rate,
}


def without(faults: Faults, numbers: Whole) -> Faults:
    """Return the faults but those with the `numbers`, which have been put right."""
    return take(faults, ~np.isin(faults.number, numbers))


def together(faults: list[Faults]) -> Faults:
    """Return the faults of several quarters as one table."""
    return stack(*faults)
