"""Findings of an audit: their expectation in closed form, and a draw that has exactly this expectation.

For each finding type k a trader has the faulty lines of the twelve months before the cutoff, with gaps
g (up: tax lost, down: tax overpaid). An audit detects type k with probability p_k and then books
each of its lines with probability r_k, independently. An appeal may cut what was assessed upwards. So

    E[finding of type k] = p_k r_k ((1 - cut) sum(g up) + sum(g down))
    P(an adjustment of type k stands) = p_k (1 - q^n - (1 - q^n_up) q^n_down * P(cancelled)),  q = 1 - r_k

with n_up, n_down lines and n their sum, and types are independent of one another.
"""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Array, Flags, Floats, Whole, take
from features.simulate.evasion.evade import Faults
from features.simulate.evasion.intent import KINDS
from features.simulate.mechanisms import MECHANISMS
from features.simulate.worlds.parameters import STANDARD, AuditParameters

CATCH = np.array([0.72, 0.68, 0.68, 0.55, 0.72, 0.55])  # p_k of a large gap: field audit, average team
BOOKED = np.array([0.70, 0.80, 0.80, 0.60, 0.80, 0.70])  # r_k
TRIVIAL = 100.0  # gaps of a type below this sum are ignored
TREATMENTS = ("field", "desk", "letter", "joint")
FIELD, DESK, LETTER, JOINT = range(4)
APPEALS = np.array([0.06, 0.10, 0.18, 0.28])  # by size band
CANCELLED, REDUCED = 0.25, 0.35  # of appeals; the rest is upheld
CUT_FROM, CUT_TO = 0.2, 0.8


@dataclass(frozen=True)
class Exposure:
    """The gaps that an audit could find, (traders, types): money and lines, lost (up) and overpaid (down).

    `audits` are the parameters of the world by which they are found.
    """

    up: Floats
    down: Floats
    lines_up: Floats
    lines_down: Floats
    taxes_paid: Floats
    band: Whole
    audits: AuditParameters = STANDARD.audits

    @property
    def booked(self) -> Floats:
        """The probability r_k with which each line of a detected type is booked."""
        return np.minimum(BOOKED * self.audits.booked, 0.95)

    @property
    def appeals(self) -> Floats:
        """The probability of an appeal, by trader."""
        return np.minimum(APPEALS * self.audits.appeals, 0.9)[self.band]


@dataclass(frozen=True)
class ExpectedAudit:
    """Expected finding by type (traders, types) and the probability that an adjustment is upheld."""

    by_type: Floats
    probability: Floats


@dataclass(frozen=True)
class Cases:
    """Audits to carry out: trader, treatment and relative skill of the team, one row an audit."""

    trader: Whole
    treatment: Whole
    skill: Floats


@dataclass(frozen=True)
class Booked:
    """Booked faults: `case` of each line, the faulty lines, and each case's result in appeal by type.

    `cut` (cases, types) is the share taken off the amounts assessed upwards, not a number without appeal.
    """

    case: Whole
    faults: Faults
    cut: Floats


def reach(audits: AuditParameters) -> Floats:
    """Return by treatment what it books of what a field audit would."""
    return np.array([1.0, 0.60, audits.letter_reach, 1.12])


def exposure(
    faults: Faults, *, taxes_paid: Floats, band: Whole, audits: AuditParameters = STANDARD.audits
) -> Exposure:
    """Sum the gaps of the faulty lines in scope by trader and type."""
    count, types = taxes_paid.size, len(KINDS)
    cell, money = faults.lines.trader * types + faults.kind, faults.money

    def total(values: Array) -> Floats:
        summed = np.bincount(cell, weights=values.astype(np.float64), minlength=count * types)
        return summed.astype(np.float64).reshape(count, types)

    return Exposure(
        up=total(np.maximum(money, 0)),
        down=total(np.minimum(money, 0)),
        lines_up=total(money > 0),
        lines_down=total(money < 0),
        taxes_paid=taxes_paid,
        band=band,
        audits=audits,
    )


def detection(exposed: Exposure) -> Floats:
    """Return p_k (traders, types) of the reference audit: it rises with a gap and its share in the trade.

    Audits work from samples and by materiality, so that the same error is found in a small trader's books
    and missed in a large one's.
    """
    gap, audits = exposed.up - exposed.down, exposed.audits
    share = gap / np.maximum(exposed.taxes_paid, 1.0)[:, None]
    probability = np.minimum(CATCH * audits.catch, 0.95) * gap / (gap + audits.half_money)
    probability = probability * share / (share + audits.half_share)
    return np.where(gap >= TRIVIAL, probability, 0.0)


def cut_expected(appeals: Floats) -> Floats:
    """Return the share of an upward assessment by which `appeals`, as likely as given, will reduce it."""
    return appeals * (CANCELLED + REDUCED * (CUT_FROM + CUT_TO) / 2)


def expectation(exposed: Exposure) -> ExpectedAudit:
    """Return the expected finding of the reference audit: a field audit by a team of average skill."""
    probability = detection(exposed)
    upheld_share = (1 - cut_expected(exposed.appeals))[:, None]
    upheld = probability * _upheld(exposed)
    return ExpectedAudit(
        by_type=probability * exposed.booked * (upheld_share * exposed.up + exposed.down),
        probability=1 - np.prod(1 - upheld, axis=1),
    )


def by_mechanism(exposed: Exposure, faults: Faults) -> Floats:
    """Return the expected finding by mechanism (traders, mechanisms); it adds up to that by type."""
    share = (detection(exposed) * exposed.booked)[faults.lines.trader, faults.kind]
    upheld = 1 - cut_expected(exposed.appeals)[faults.lines.trader]
    money = faults.money * share * np.where(faults.money > 0, upheld, 1.0)
    count = len(MECHANISMS)
    cell = faults.lines.trader * count + faults.mechanism
    summed = np.bincount(cell, weights=money, minlength=exposed.band.size * count)
    return summed.astype(np.float64).reshape(exposed.band.size, count)


def _upheld(exposed: Exposure) -> Floats:
    """Return the probability, given that type k is detected, that a line is booked and not cancelled."""
    missed = 1 - exposed.booked
    cancelled = (exposed.appeals * CANCELLED)[:, None]
    all_missed = missed ** (exposed.lines_up + exposed.lines_down)
    only_up = (1 - missed**exposed.lines_up) * missed**exposed.lines_down
    return 1 - all_missed - only_up * cancelled


def work(stream: np.random.Generator, cases: Cases, *, faults: Faults, exposed: Exposure) -> Booked:
    """Draw the faults that the cases book. A trader has at most one case; `faults` are those in scope."""
    probability = (
        detection(exposed)[cases.trader] * (cases.skill * reach(exposed.audits)[cases.treatment])[:, None]
    )
    drawn = stream.random(probability.shape) < probability
    detected = np.vstack([drawn, np.zeros(len(KINDS), dtype=np.bool_)])
    case_of = np.full(exposed.band.size, -1)
    case_of[cases.trader] = np.arange(cases.trader.size)
    case = case_of[faults.lines.trader]  # -1 means the last row of `detected`, which is all false
    booked = detected[case, faults.kind] & (stream.random(case.size) < exposed.booked[faults.kind])
    rows = np.flatnonzero(booked)
    return Booked(
        case=case[rows], faults=take(faults, rows), cut=_cuts(stream, appeals=exposed.appeals[cases.trader])
    )


def drawn_yields(stream: np.random.Generator, *, exposed: Exposure, faults: Faults) -> Floats:
    """Draw a reference audit of every trader: what stands of it after appeals."""
    everyone = np.arange(exposed.band.size)
    cases = Cases(trader=everyone, treatment=np.full(everyone.size, FIELD), skill=np.ones(everyone.size))
    booked = work(stream, cases, faults=faults, exposed=exposed)
    money, cut = booked.faults.money, np.nan_to_num(booked.cut[booked.case, booked.faults.kind])
    stands = np.where(money > 0, money * (1 - cut), money)
    summed = np.bincount(booked.case, weights=stands, minlength=everyone.size)
    return np.asarray(np.round(summed, 2), np.float64)


def _cuts(stream: np.random.Generator, *, appeals: Floats) -> Floats:
    """Draw which types are appealed against, and the share by which that reduces them."""
    shape = (appeals.size, len(KINDS))
    appealed: Flags = stream.random(shape) < appeals[:, None]
    outcome = stream.random(shape)
    part = CUT_FROM + (CUT_TO - CUT_FROM) * stream.random(shape)
    cut = np.where(outcome < CANCELLED, 1.0, np.where(outcome < CANCELLED + REDUCED, part, 0.0))
    return np.where(appealed, cut, np.nan)
