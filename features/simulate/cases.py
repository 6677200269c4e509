"""How an audit runs: when it opens and closes, what it costs in hours, and what it teaches the trader."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.audit import LETTER, Booked
from features.simulate.chance import Chance, lognormal
from features.simulate.clock import SCOPE_QUARTERS, Calendar
from features.simulate.intent import Lessons
from features.simulate.select import Chosen
from features.simulate.traders import Traders

ABANDONED = 0.02
DAYS_FROM = np.array([70, 30, 20, 120])  # by treatment
DAYS_MEAN = np.array([90, 45, 20, 130])  # beyond the first ones
HOURS = np.array([95.0, 26.0, 4.0, 140.0])


@dataclass(frozen=True)
class Docket:
    """The audits of the run, one row an audit; days are since 1970-01-01.

    `found_out` marks deliberate faults among what was booked; `assessed_on` is the day of the decision.
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
    found_out: Flags


def docket(
    chance: Chance,
    traders: Traders,
    *,
    chosen: Chosen,
    booked: Booked,
    abandoned: Flags,
    calendar: Calendar,
    quarter: int,
) -> Docket:
    """Date the audits of a quarter.

    Hours grow with the trader and the treatment; they, the days and the team say nothing of what is found.
    """
    stream = chance.stream("docket", quarter)
    trader, treatment = chosen.cases.trader, chosen.cases.treatment
    count = trader.size
    start = int(calendar.starts[quarter])
    opened = start + stream.integers(0, 80, size=count)
    length = DAYS_FROM[treatment] + stream.exponential(DAYS_MEAN[treatment]).astype(np.int64)
    closed = opened + np.minimum(length, 420)
    findings = np.bincount(booked.case, minlength=count)
    hours = HOURS[treatment] * (0.7 + 0.35 * traders.band[trader]) * lognormal(stream, count, sigma=0.35)
    return Docket(
        trader=trader,
        treatment=treatment,
        channel=chosen.channel,
        probability=chosen.probability,
        team=chosen.team,
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
        found_out=np.bincount(booked.case, weights=booked.faults.deliberate, minlength=count) > 0,
    )


def abandons(chance: Chance, *, count: int, quarter: int) -> Flags:
    """Draw the audits that are given up, whatever they might have found."""
    return chance.stream("abandoned", quarter).random(count) < ABANDONED


def lessons(done: Docket, *, calendar: Calendar, traders: int, quarter: int) -> Lessons:
    """Return what each trader learnt in a quarter."""
    opens, assessed = done.quarter == quarter, calendar.quarter_of(done.assessed_on) == quarter
    letter = done.treatment == LETTER

    def who(rows: Flags) -> Flags:
        known = np.zeros(traders, dtype=np.bool_)
        known[done.trader[rows]] = True
        return known

    return Lessons(
        notified=who(opens & ~letter),
        caught=who(assessed & done.found_out),
        cleared=who(assessed & ~done.found_out & ~letter & ~done.abandoned),
        letter=who(opens & letter),
    )
