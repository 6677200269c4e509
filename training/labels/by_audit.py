"""Alarm on single audits: an amount out of all proportion to what was expected of it."""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from training.labels.evidence import LabelEvidence
from training.leaks.alarm import CHANCE, Alarm, unjudged

NAME = "single_amounts"
TIMES = 1_000.0
"""An amount so many times the expected one is no luck. In 17 simulated administrations without a wrong
outcome the largest was 30 times it."""
FEWEST_HITS = 20
NAMED = 5


def of_single_amounts(evidence: LabelEvidence) -> Iterator[Alarm]:
    """Raise where an amount is further from its expectation than the spread of all allows, and absurdly far.

    The distance is a standardised residual of the log amount, by robust spread (Hampel 1974); of all audits
    tried the furthest must pass the limit (Bonferroni).
    """
    hits = np.flatnonzero(evidence.hit)
    if len(hits) < FEWEST_HITS or not evidence.spread > 0:
        yield unjudged(NAME, limit=TIMES, reason=f"only {len(hits)} audits have an adjustment.")
        return
    times = np.exp(evidence.log_excess[hits])
    errors = NormalDist().inv_cdf(1 - CHANCE / len(hits))
    absurd = (times > TIMES) & (evidence.log_excess[hits] > errors * evidence.spread)
    largest = float(times.max())
    seen = f"The largest amount is {largest:,.0f} times what is expected of an adjustment in such an audit"
    if not absurd.any():
        yield Alarm(NAME, raised=False, value=largest, limit=TIMES, sentence=f"{seen}.")
        return
    furthest = hits[absurd][np.argsort(-times[absurd], kind="stable")]
    audits = evidence.audits["audit_id"].to_pylist()
    names = ", ".join(f"{audits[index]} ({evidence.y[index]:,.2f})" for index in furthest[:NAMED])
    advice = f"; out of all proportion: {names}. Look for a slip in unit, currency or decimal point."
    yield Alarm(NAME, raised=True, value=largest, limit=TIMES, sentence=seen + advice)
