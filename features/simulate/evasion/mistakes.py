"""Honest mistakes in declarations, for and against the trader."""

from typing import Protocol

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.chance import Chance, pick
from features.simulate.evasion.intent import (
    CLASSIFICATION,
    MISTAKE_KINDS,
    ORIGIN,
    OTHER,
    PROCEDURE,
    QUANTITY,
    VALUATION,
)
from features.simulate.evasion.schemes import SchemeContext
from features.simulate.trade.declare import PROOF_SHARE
from features.simulate.trade.lines import Lines
from features.simulate.trade.traders import Traders


def make_mistakes(
    chance: Chance, context: SchemeContext, *, draft: Lines, traders: Traders, free: Flags
) -> Whole:
    """Make honest mistakes, for and against the trader, on `free` lines; return their kinds (-1: none).

    Part of the errors that audits of compliant traders find are to the trader's disadvantage; they
    end in refunds, and a model that drops them overstates the gap.
    """
    stream = chance.stream("mistakes", context.quarter)
    slips = np.flatnonzero(free & (stream.random(draft.count) < traders.carelessness[draft.trader]))
    kind = pick(stream, slips.size, weights=np.array(MISTAKE_KINDS))
    noise = stream.standard_normal(slips.size)
    for code, slip in SLIPS.items():
        chosen = kind == code
        slip(context, draft, rows=slips[chosen], stream=stream, noise=noise[chosen])
    kinds = np.full(draft.count, -1)
    kinds[slips] = kind
    return kinds


def _wrong_value(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator, noise: Floats
) -> None:
    draft.goods[rows] *= np.exp(0.35 * noise - 0.08)


def _wrong_sibling(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator, noise: Floats
) -> None:
    wares = context.world.goods
    heading = wares.heading[draft.sub[rows]]
    draft.sub[rows] = wares.first[heading] + (stream.random(rows.size) * wares.count[heading]).astype(
        np.int64
    )


def _wrong_claim(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator, noise: Floats
) -> None:
    """Omit a claim that is due, or claim the origin of a country with an agreement by mistake."""
    claimed, agreement = draft.agreement[rows] >= 0, context.world.agreement
    members = np.flatnonzero(agreement >= 0)
    origin = members[stream.integers(0, members.size, size=rows.size)]
    draft.origin[rows] = np.where(claimed, draft.origin[rows], origin)
    draft.agreement[rows] = np.where(claimed, -1, agreement[origin])
    has_proof = stream.random(rows.size) < PROOF_SHARE
    draft.proof[rows] = np.where(has_proof, stream.integers(0, 10_000_000, size=rows.size), -1)


def _wrong_quantity(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator, noise: Floats
) -> None:
    for column in (draft.goods, draft.net, draft.quantity, draft.gross):
        column[rows] *= np.exp(0.35 * noise - 0.05)


def _wrong_procedure(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator, noise: Floats
) -> None:
    draft.relief[rows] = ~draft.relief[rows] & (noise > 0)


def _wrong_exchange_rate(
    context: SchemeContext, draft: Lines, *, rows: Whole, stream: np.random.Generator, noise: Floats
) -> None:
    draft.goods[rows] *= np.exp(0.12 * noise)


class Slip(Protocol):
    """A function that makes one kind of mistake on the `rows` of a draft, in place."""

    def __call__(
        self,
        context: SchemeContext,
        draft: Lines,
        /,
        *,
        rows: Whole,
        stream: np.random.Generator,
        noise: Floats,
    ) -> None:
        """Make the mistake."""


SLIPS: dict[int, Slip] = {
    VALUATION: _wrong_value,
    CLASSIFICATION: _wrong_sibling,
    ORIGIN: _wrong_claim,
    QUANTITY: _wrong_quantity,
    PROCEDURE: _wrong_procedure,
    OTHER: _wrong_exchange_rate,
}
