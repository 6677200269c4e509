"""Estimates of the gap: what the model expected at selection, put right by the answers of audits by lot.

The difference estimator (Särndal, Swensson & Wretman 1992, 6.3): whoever is audited for certain counts with
its answer; of all others the expectations are summed, and each answer by lot says how much these are wrong
for the traders it stands for, one divided by its chance. It is right whatever the model is worth; a better
model makes it more precise. The expectation is that of the plan, frozen when it was drawn: it knew none of
the answers.

An audit is a draw too: audited twice, a trader books something else. Of a residual a part is the trader's,
which has no doubt where the lot took everybody, and a part the audit's luck, which keeps it. Where it is
known which share of what is not paid an audit finds, the two are told apart, and the interval is narrower.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

import numpy as np

from models.gap.interval import FEWEST_NON_ZERO, GapEstimate, Z, hall
from models.prediction import Floats

ENOUGH_FOR_SLOPE = 400
"""Answers by lot from which the expectations are first put right by one factor, estimated from these."""
SLOPES = (0.0, 3.0)
FEWEST_CERTAIN = 2


@dataclass(frozen=True)
class Lottery:
    """A lottery: every trader that might have been drawn or was taken for certain, row for row.

    - `name`, `year`: the plan, and the year that it measures; `drawn_on`: the day on which it was known.
    - `trader_ids` (n,): who the rows are.
    - `score` (n,): yield expected of a field audit when it was drawn; 0 where that is not on record.
    - `reachable` (n,): whether it was taken for certain, or a lot might have fallen on it.
    - `chance` (n,): with which each trader on whom a lot fell was drawn; without meaning for others.
    - `team` (n,): that visited the trader, an empty text where nobody did or it is not known.
    - `drawn` (n,): whether a lot fell on the trader; `certain` (n,): whether it was taken without one.
    - `treated` (n,): whether it was assigned any treatment.
    - `answered` (n,): whether its audit is closed; `refused` (n,): whether that was declined or abandoned.
    - `answer` (n,): what it booked, 0 for all others; `by_type`: its parts by finding type.
    - `weight` (n,): how many of those drawn alike an answer stands for, 1 where all answered.
    - `is_recorded`: whether everybody is on record; else only those drawn, and nothing was expected of them.
    - `groups`: by attribute the group of each trader (n,), an empty text where it is not known.
    """

    name: str
    year: int
    drawn_on: date
    trader_ids: np.ndarray
    score: Floats
    reachable: np.ndarray
    chance: Floats
    team: np.ndarray
    drawn: np.ndarray
    certain: np.ndarray
    treated: np.ndarray
    answered: np.ndarray
    refused: np.ndarray
    answer: Floats
    by_type: dict[str, Floats]
    weight: Floats
    is_recorded: bool
    groups: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.score)


Expectation = Callable[[Lottery], Floats]
"""Yield expected of each trader of a lottery (n,), from what was known when it was drawn."""


@dataclass(frozen=True)
class Terms:
    """The parts of an estimate: what is known or expected, and the independent terms that correct it.

    - `known`: answers of those taken for certain, and expectations of all others.
    - `terms` (n,): one an answer by lot, 0 outside the segment that is estimated; `non_zero` of the answers
      have money in them.
    - `variance`: of those taken for certain whose answers are not in.
    - `fitted`: parameters that were estimated from the terms.
    - `settled`: of the sum of the squared terms, what no other lot could have changed: the traders' own part
      of the residuals, of those drawn. 0 where detection is not known.
    """

    known: float
    terms: Floats
    non_zero: int
    variance: float
    fitted: int = 1
    settled: float = 0.0

    def estimate(self) -> GapEstimate:
        """Return the amount and its interval, which is None with few answers other than zero."""
        n = len(self.terms)
        amount = self.known + float(self.terms.sum())
        if self.non_zero < FEWEST_NON_ZERO:
            return GapEstimate(amount, None, None, n, self.non_zero)
        squares = float((self.terms**2).sum())
        doubt = np.sqrt(1 - self.settled / squares) if squares else 1.0
        below, above = doubt * np.array(hall(self.terms, fitted=self.fitted))
        more = Z * np.sqrt(self.variance)
        low, high = amount - np.hypot(below, more), amount + np.hypot(above, more)
        return GapEstimate(amount, float(low), float(high), n, self.non_zero)


def estimate(
    lotteries: Sequence[Lottery], *, by: str | None = None, group: str = "", detection: float = 0.0
) -> GapEstimate:
    """Return what audits of all traders within reach would book, of a group of `by` where one is named.

    `detection` is the share of what is not paid that an audit finds, 0 where nobody knows it.

    Of several lotteries of a year each measures all traders: their mean is taken, by the answers of each. One
    without answers says nothing yet, and counts only where none has any.
    """
    answers = np.array([int((each.drawn & each.answered).sum()) for each in lotteries], np.float64)
    part_of = answers / answers.sum() if answers.any() else np.full(len(answers), 1 / len(answers))
    parts = [
        _scaled(
            terms(each, within=None if by is None else each.groups[by] == group, detection=detection), part
        )
        for each, part in zip(lotteries, part_of.tolist(), strict=True)
    ]
    return reduce(_joined, parts).estimate()


def of_type(lottery: Lottery, kind: str, *, share: float) -> Lottery:
    """Return a lottery whose money is that of one finding type, of which `share` of all was expected."""
    return replace(lottery, answer=lottery.by_type[kind], score=share * lottery.score)


def terms(lottery: Lottery, *, within: np.ndarray | None = None, detection: float = 0.0) -> Terms:
    """Return the parts of a lottery's estimate, of the traders `within` a segment (n,) or of all."""
    inside = np.ones(len(lottery), bool) if within is None else within
    slope, fitted = _slope(lottery)
    score = slope * lottery.score
    own = lottery.drawn & lottery.answered
    open_to_lot = inside & lottery.reachable & ~lottery.certain
    stands_for = lottery.weight[own] / lottery.chance[own]
    residual = lottery.answer[own] - score[own]
    certain, variance = _certain(lottery, score, inside)
    return Terms(
        float(score[open_to_lot].sum()) + certain,
        np.where(inside[own], stands_for * residual, 0.0),
        int((inside[own] & (lottery.answer[own] != 0)).sum()),
        variance,
        fitted,
        _settled(stands_for[inside[own]], residual[inside[own]], lottery.answer[own & inside], detection),
    )


def _settled(stands_for: Floats, residual: Floats, answer: Floats, detection: float) -> float:
    """Return how much of the squared terms is the traders' own part of their residuals.

    A residual squared is on average the trader's own part squared, what audits book of it on average and was
    not expected, and the variance of what one audit books. An audit finds between nothing and all that is not
    paid; if on average the share `detection`, that variance is at most (1 - detection) times the square of
    what it books (Bhatia & Davis 2000, A better bound on the variance). The rest is the trader's own, and
    has no variance where the lot took everybody (Särndal, Swensson & Wretman 1992, 3.4).
    """
    if detection == 0:
        return 0.0
    own = float((stands_for * (residual**2 - (1 - detection) * answer**2)).sum())
    squares = float(((stands_for * residual) ** 2).sum())
    return min(max(own, 0.0), squares)


def _slope(lottery: Lottery) -> tuple[float, int]:
    """Return the factor that puts the expectations right on average, and how many parameters are fitted."""
    own = lottery.drawn & lottery.answered
    score = lottery.score[own]
    if own.sum() < ENOUGH_FOR_SLOPE or not score.any():
        return 1.0, 1
    weight = lottery.weight[own] / lottery.chance[own]
    slope = float((weight * score * lottery.answer[own]).sum() / (weight * score**2).sum())
    return float(np.clip(slope, *SLOPES)), 2


def _certain(lottery: Lottery, score: Floats, inside: np.ndarray) -> tuple[float, float]:
    """Return what those taken for certain book, and the variance of that while answers are not in."""
    rows = inside & lottery.certain
    answered = rows & lottery.answered
    count, answers = int(rows.sum()), int(answered.sum())
    if answers < FEWEST_CERTAIN:
        return float(np.where(lottery.answered, lottery.answer, score)[rows].sum()), 0.0
    weight = lottery.weight[answered] * count / lottery.weight[answered].sum()
    residual = lottery.answer[answered] - score[answered]
    spread = float(np.var(residual, ddof=1))
    return (
        float(score[rows].sum() + (weight * residual).sum()),
        count**2 * (1 - answers / count) * spread / answers,
    )


def _scaled(part: Terms, factor: float) -> Terms:
    return Terms(
        factor * part.known,
        factor * part.terms,
        part.non_zero,
        factor**2 * part.variance,
        part.fitted,
        factor**2 * part.settled,
    )


def _joined(left: Terms, right: Terms) -> Terms:
    return Terms(
        left.known + right.known,
        np.concatenate([left.terms, right.terms]),
        left.non_zero + right.non_zero,
        left.variance + right.variance,
        max(left.fitted, right.fitted),
        left.settled + right.settled,
    )
