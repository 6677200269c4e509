"""Traders that pay more than they owe, line after line, without knowing; an audit owes them a refund."""

import numpy as np

from features.simulate.arrays import Flags, Whole
from features.simulate.chance import Chance
from features.simulate.evasion.intent import CLASSIFICATION, ORIGIN, VALUATION
from features.simulate.evasion.schemes import SchemeContext
from features.simulate.mechanisms import Scheme
from features.simulate.trade.lines import Lines
from features.simulate.trade.traders import OVERPAYMENTS, Traders

COVERAGE = 0.5  # share of the products on which an overpaying trader overpays
STEADINESS = 0.8  # share of their lines


def overpay(chance: Chance, context: SchemeContext, *, draft: Lines, traders: Traders, free: Flags) -> Whole:
    """Let overpaying traders overpay on `free` lines; return the finding types (-1: none).

    Part of them declare transport after importation, which is not dutiable (WTO Customs Valuation Agreement,
    note to article 1), part do not claim preferences that are due (of a tenth to a third of eligible trade,
    Kommerskollegium and UNCTAD 2018), and part declare a sibling with a higher rate.
    """
    kinds = np.full(draft.count, -1)
    if not (traders.overpays >= 0).any():
        return kinds
    steady = chance.stream("overpayments", context.quarter).random(draft.count) < STEADINESS
    covered = context.slots.luck[draft.slot, Scheme.UNDERVALUE] < COVERAGE
    way = np.where(free & steady & covered & ~draft.relief, traders.overpays[draft.trader], -1)
    inland, unclaimed, dearer = (np.flatnonzero(way == index) for index in range(len(OVERPAYMENTS)))
    draft.freight[inland] = 1.5 * draft.freight[inland] + 0.08 * draft.goods[inland]
    unclaimed = unclaimed[draft.agreement[unclaimed] >= 0]
    draft.agreement[unclaimed], draft.proof[unclaimed] = -1, -1
    draft.sub[dearer] = context.world.goods.highest(context.quarter)[
        context.world.goods.heading[draft.sub[dearer]]
    ]
    kinds[inland], kinds[unclaimed], kinds[dearer] = VALUATION, ORIGIN, CLASSIFICATION
    return kinds
