"""Audit cases: their days and hours, and the lessons that traders draw from them."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.audits.audit import LETTER, Booked
from features.simulate.audits.select import Selection
from features.simulate.chance import Chance, lognormal
from features.simulate.clock import SCOPE_QUARTERS, Calendar
from features.simulate.evasion.intent import Lessons
from features.simulate.trade.traders import Traders

ABANDONED = 0.02
DAYS_FROM = np.array([70, 30, 20, 120])  # by treatment
DAYS_MEAN = np.array([90, 45, 20, 130])  # beyond the shortest duration
HOURS = np.array([95.0, 26.0, 4.0, 140.0])
SIZES = 0.7 + 0.35 * np.arange(4)
"""By size band, what audits take of those hours."""


@dataclass(frozen=True)
class Docket:
    """The audits of the run, one row an audit; days are since 1970-01-01.

    `deliberate` marks audits that booked a deliberate fault; `assessed_on` is the day of the decision.
    """

    trader: Whole
    treatment: Whole
    channel: Whole
    probability: Floats
    team: Whole
    quarter: Whole
    period_from: Whole
    period_to: Whole
    opened_on: Whole
    closed_on: Whole
    known_on: Whole
    assessed_on: Whole
    abandoned: Flags
    hours: Floats
    findings: Whole
    deliberate: Flags


def docket(
    chance: Chance,
    traders: Traders,
    *,
    selection: Selection,
    booked: Booked,
    abandoned: Flags,
    calendar: Calendar,
    quarter: int,
) -> Docket:
    """Draw the days and hours of the audits of a quarter.

    Hours grow with the trader and the treatment; they, the days and the team say nothing of the findings.
    """
    stream = chance.stream("docket", quarter)
    trader, treatment = selection.cases.trader, selection.cases.treatment
    count = trader.size
    start = int(calendar.starts[quarter])
    opened = start + stream.integers(0, 80, size=count)
    length = DAYS_FROM[treatment] + stream.exponential(DAYS_MEAN[treatment]).astype(np.int64)
    closed = opened + np.minimum(length, 420)
    findings = np.bincount(booked.case, minlength=count)
    hours = HOURS[treatment] * SIZES[traders.band[trader]] * lognormal(stream, count, sigma=0.35)
    return Docket(
        trader=trader,
        treatment=treatment,
        channel=selection.channel,
        probability=selection.probability,
        team=selection.team,
        quarter=np.full(count, quarter),
        period_from=np.full(count, calendar.starts[quarter - SCOPE_QUARTERS]),
        period_to=np.full(count, start - 1),
        opened_on=opened,
        closed_on=closed,
        known_on=opened + stream.integers(0, 4, size=count),
        assessed_on=closed - stream.integers(0, 15, size=count),
        abandoned=abandoned,
        hours=np.round(hours, 1),
        findings=findings,
        deliberate=np.bincount(booked.case, weights=booked.faults.deliberate, minlength=count) > 0,
    )


def abandoned(chance: Chance, *, count: int, quarter: int) -> Flags:
    """Draw which audits are abandoned, whatever their findings would have been."""
    return chance.stream("abandoned", quarter).random(count) < ABANDONED


def lessons(done: Docket, *, calendar: Calendar, traders: int, quarter: int) -> Lessons:
    """Return the lessons of each trader in a quarter."""
    opens, assessed = done.quarter == quarter, calendar.quarter_of(done.assessed_on) == quarter
    letter = done.treatment == LETTER

    def traders_of(audits: Flags) -> Flags:
        flags = np.zeros(traders, dtype=np.bool_)
        flags[done.trader[audits]] = True
        return flags

    return Lessons(
        notified=traders_of(opens & ~letter),
        caught=traders_of(assessed & done.deliberate),
        cleared=traders_of(assessed & ~done.deliberate & ~letter & ~done.abandoned),
        letter=traders_of(opens & letter),
    )
