"""Alarm on a model whose ranking power vanishes on the newest audits alone."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.leaks.alarm import SURE, Alarm, unjudged
from training.leaks.area import Areas, areas, enough
from training.leaks.evidence import LeakEvidence, brought_revenue, numbers

NEWEST = 3
LEFT = 2 / 3


def of_newest_folds(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Raise where the newest third of the folds is surely ranked worse, by a third of what was known before.

    A few quarters of drift seldom cost so much; features of old audits that were filled in afterwards do, and
    so do outcomes that are not ripe.
    """
    name, rows = "newest_folds", evidence.best
    older, newer = _parts(rows)
    if not (enough(brought_revenue(older)) and enough(brought_revenue(newer))):
        yield unjudged(
            name, limit=None, reason="too few audits with revenue in the newest folds, or in older ones."
        )
        return
    before, now = _area(older), _area(newer)
    old, new = float(before.values[0]), float(now.values[0])
    limit = 0.5 + LEFT * (old - 0.5)
    error = np.sqrt(now.covariance[0, 0] + before.covariance[0, 0])
    raised = new < limit and bool(old - new > SURE * error)
    seen = f"The best model ranks audits of the newest folds at {new:.2f}, those of older ones at {old:.2f}"
    advice = (
        ". Features of old audits seem filled in afterwards, or new outcomes are not ripe, or the world has "
        "changed: compare known_on and the values of old and new rows, table by table."
    )
    yield Alarm(name, raised, new, limit, seen + (advice if raised else "."))


def _parts(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Part the rows into older folds and the newest third of them, at least one."""
    folds = rows.group_by("fold").aggregate([("opened_on", "max")]).sort_by("opened_on_max")["fold"]
    newest = folds[len(folds) - max(1, len(folds) // NEWEST) :] if len(folds) > 1 else folds[:0]
    is_new = pc.is_in(rows["fold"], newest.combine_chunks())
    return rows.filter(pc.invert(is_new)), rows.filter(is_new)


def _area(rows: pa.Table) -> Areas:
    return areas(numbers(rows, "probability")[None], brought_revenue(rows))
