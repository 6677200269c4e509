"""Alarm on a ledger whose past was changed: outcomes that the champion's training knew otherwise."""

from collections.abc import Iterator

import numpy as np

from training.labels.evidence import LabelEvidence
from training.leaks.alarm import Alarm, unjudged

NAME = "changed_outcomes"
CHANGED = 0.01
"""A share of audits that a clerk may have put right by hand; rows that are only added change none."""
NAMED = 5


def of_changed_outcomes(evidence: LabelEvidence) -> Iterator[Alarm]:
    """Raise where outcomes as known before the champion's day are no longer those that it was tested on.

    Corrections are rows of their own, known later: no honest addition changes what was known before, so that
    chance has no part in it.
    """
    known = evidence.known
    if known is None or not len(known.then):
        yield unjudged(NAME, limit=CHANGED, reason="no champion was tested on audits of this ledger.")
        return
    differs = known.then != known.now
    invented, deleted = (int((differs & gone).sum()) for gone in (known.then == 0, known.now == 0))
    share = float(differs.mean())
    names = ", ".join(known.audit_ids[index] for index in np.flatnonzero(differs)[:NAMED])
    seen = (
        f"{int(differs.sum()):,} of {len(differs):,} audits by which version {known.champion} was tested "
        "have another outcome in the ledger now, as known before the same day"
    )
    advice = (
        f" ({invented:,} found nothing then, {deleted:,} find nothing now): {names}. Rows of the ledger were "
        "changed or removed after the fact: compare it with a copy of that day."
    )
    yield Alarm(NAME, share > CHANGED, share, CHANGED, seen + (advice if share > CHANGED else "."))
