"""Evasion: turn true lines into declared ones, and record the faults, lines whose declared tax is wrong."""

from dataclasses import dataclass, replace

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole, columns, take
from features.simulate.chance import Chance
from features.simulate.evasion.intent import Intent
from features.simulate.evasion.mistakes import make_mistakes
from features.simulate.evasion.overpay import overpay
from features.simulate.evasion.schemes import FALSIFY, KIND_OF_SCHEME, SchemeContext, schemes_of
from features.simulate.mechanisms import MISTAKE, OVERPAY, Scheme
from features.simulate.trade.lines import Lines, rates, rounded, taxes
from features.simulate.trade.portfolio import Slots
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import World

FALSIFIED = (
    "seller",
    "dispatch",
    "sub",
    "origin",
    "agreement",
    "proof",
    "relief",
    "rate",
    "goods",
    "freight",
    "adjustment",
    "net",
    "gross",
    "quantity",
)


@dataclass(frozen=True)
class Faults:
    """Lines on which the declared tax is wrong; a line has at most one fault.

    `lines` holds them as they should have been declared; `kind` is the finding type, `mechanism` what made it
    wrong (an index of `MECHANISMS`); `gap` (lines, 3) the duty, VAT and excise lost (negative where too much
    was paid); `number` identifies the fault.
    """

    number: Whole
    kind: Whole
    mechanism: Whole
    gap: Floats
    lines: Lines

    @property
    def money(self) -> Floats:
        """The tax lost on each line."""
        return np.asarray(self.gap.sum(axis=1))

    @property
    def deliberate(self) -> Flags:
        """Whether a scheme is behind each fault."""
        return self.mechanism < OVERPAY


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

    `spared` marks provisional lines, which their trader will correct of its own accord.
    """
    drift = np.exp(world.parameters.evasion.severity_drift * quarter / world.calendar.quarters)
    context = SchemeContext(
        world=world, slots=slots, quarter=quarter, severity=drift * intent.severity[honest.trader]
    )
    draft = replace(honest, **{name: getattr(honest, name).copy() for name in FALSIFIED})
    scheme = np.where(spared, -1, schemes_of(chance, context, honest=honest, intent=intent))
    for number, falsify in FALSIFY.items():
        stream = chance.stream(f"scheme {number:d}", quarter)
        falsify(context, draft, rows=np.flatnonzero(scheme == number), stream=stream)
    overpaid = overpay(chance, context, draft=draft, traders=traders, free=(scheme < 0) & ~spared)
    free = (scheme < 0) & (overpaid < 0) & ~spared
    mistaken = make_mistakes(chance, context, draft=draft, traders=traders, free=free)
    kind = np.where(scheme >= 0, np.array([KIND_OF_SCHEME[number] for number in Scheme])[scheme], mistaken)
    kind = np.where(overpaid >= 0, overpaid, kind)
    mechanism = np.where(scheme >= 0, scheme, np.where(overpaid >= 0, OVERPAY, MISTAKE))
    draft = _assessed(draft, world=world, changed=np.flatnonzero(kind >= 0), quarter=quarter)
    return draft, _faults(draft, honest, kind=kind, mechanism=mechanism, world=world, first=first)


def _faults(
    draft: Lines, honest: Lines, *, kind: Whole, mechanism: Whole, world: World, first: int
) -> Faults:
    """Return the lines whose declared tax differs from the true one; a lie that saves nothing is no fault."""
    changed = np.flatnonzero(kind >= 0)
    gap = taxes(take(honest, changed), world.goods) - taxes(take(draft, changed), world.goods)
    costs = np.round(gap.sum(axis=1), 2) != 0
    rows = changed[costs]
    return Faults(
        number=first + np.arange(rows.size),
        kind=kind[rows],
        mechanism=mechanism[rows],
        gap=np.round(gap[costs], 2),
        lines=take(honest, rows),
    )


def _assessed(draft: Lines, *, world: World, changed: Whole, quarter: int) -> Lines:
    """Apply the tariff to the `changed` lines, and round them as all lines are.

    Claims that the tariff does not grant are refused at entry.
    """
    for name, values in columns(rounded(take(draft, changed))).items():
        if name in FALSIFIED:
            getattr(draft, name)[changed] = values
    sub, relief = draft.sub[changed], draft.relief[changed]
    agreement = draft.agreement[changed]
    granted = world.goods.preference[np.maximum(agreement, 0), sub] < world.goods.mfn[quarter][sub]
    agreement = np.where(granted & ~relief, agreement, -1)
    draft.agreement[changed] = agreement
    draft.proof[changed] = np.where(agreement >= 0, draft.proof[changed], -1)
    draft.rate[changed] = rates(world.goods, quarter, sub=sub, agreement=agreement, relief=relief)
    return draft


def without(faults: Faults, numbers: Whole) -> Faults:
    """Return the faults without those of the `numbers`, which have been corrected."""
    return take(faults, ~np.isin(faults.number, numbers))
