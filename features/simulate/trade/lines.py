"""Declaration lines as columns of numbers, and the taxes on them."""

from dataclasses import dataclass, replace

import numpy as np

from features.simulate.arrays import Array, Flags, Floats, Whole
from features.simulate.trade.goods import Goods

VAT = 0.15
BY_TRADER, BY_CUSTOMS = 0, 1


@dataclass(frozen=True)
class Lines:
    """Goods items of declarations, one version each.

    `declaration` counts declarations in order of acceptance, `accepted` and `known` are days since
    1970-01-01, `agreement` (-1: none) is the preference claimed, `proof` (-1: none) its document.
    Money: `goods` (the price), `freight` and `adjustment` make up the customs value. Mass in kg.
    `amended_by` is -1 for version 0.
    """

    slot: Whole
    trader: Whole
    declaration: Whole
    item: Whole
    accepted: Whole
    known: Whole
    broker: Whole
    office: Whole
    channel: Whole
    seller: Whole
    dispatch: Whole
    sub: Whole
    origin: Whole
    agreement: Whole
    proof: Whole
    relief: Flags
    rate: Floats
    goods: Floats
    freight: Floats
    adjustment: Floats
    net: Floats
    gross: Floats
    quantity: Floats
    version: Whole
    amended_by: Whole

    @property
    def count(self) -> int:
        """The number of lines."""
        return self.slot.size

    @property
    def value(self) -> Floats:
        """The customs value: price, freight and additions."""
        return np.round(self.goods + self.freight + self.adjustment, 2)


def rates(goods: Goods, quarter: int, *, sub: Whole, agreement: Whole, relief: Flags) -> Floats:
    """Return the duty rate that applies: preferential where claimed and granted, none under a relief."""
    mfn = goods.mfn[quarter][sub]
    preference = goods.preference[np.maximum(agreement, 0), sub]
    granted = (agreement >= 0) & (preference < mfn)
    return np.where(relief, 0.0, np.where(granted, preference, mfn))


def taxes(lines: Lines, goods: Goods) -> Floats:
    """Return duty, VAT and excise (lines, 3) as assessed on what is declared, in cents' precision.

    A relief frees from duty and excise; VAT is due all the same.
    """
    value, liable = lines.value, ~lines.relief
    duty = np.round(value * lines.rate, 2)
    excise = np.round((value + duty) * goods.excise[lines.sub] * liable, 2)
    vat = np.round((value + duty + excise) * VAT, 2)
    return np.column_stack([duty, vat, excise])


def rounded(lines: Lines) -> Lines:
    """Round money to cents, mass to grams and quantities to tenths: every line of every trader alike."""
    return replace(
        lines,
        goods=np.round(lines.goods, 2),
        freight=np.round(lines.freight, 2),
        adjustment=np.round(lines.adjustment, 2),
        net=np.round(lines.net, 3),
        gross=np.round(lines.gross, 3),
        quantity=np.round(lines.quantity, 1),
    )


def amended(lines: Lines, *, known: Array, amended_by: int) -> Lines:
    """Return the lines as their next version."""
    return replace(
        lines,
        known=known,
        version=lines.version + 1,
        amended_by=np.full(lines.count, amended_by),
    )
