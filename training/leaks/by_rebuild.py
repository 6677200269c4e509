"""Alarms on features that differ when rebuilt as of the opening, or whose information arrives late."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.spine import Spine
from models.prediction import Floats
from training.backtest.labelled_audits import trader_days
from training.leaks.alarm import SURE, Alarm, too_often, unjudged
from training.leaks.area import areas, enough
from training.leaks.by_feature import strengths
from training.leaks.evidence import LeakEvidence, numbers

STRONGEST = 3
DAYS_BEFORE = 30
DIFFERENT = 0.01
RETAINED = 0.5


def of_rebuilt_features(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Build the strongest features again, as of each audit's opening and as of a month before.

    As of the opening they must be what the model was given. A month before they must know nearly as much:
    what an outcome writes back lands close to the audit, what a trader does is spread over years.
    """
    yield _foreign(evidence)
    strongest = _strongest(evidence)
    if not (strongest and enough(evidence.brought_revenue)):
        yield unjudged(
            "features_differ_when_rebuilt", limit=DIFFERENT, reason="no feature can be built again."
        )
        return
    now, before = _rebuilt(evidence, strongest)
    yield _different(evidence, strongest, now)
    stale = [_stale(evidence, name, now=now[name], before=before[name]) for name in strongest]
    yield max(stale, key=lambda alarm: alarm.raised)


def _foreign(evidence: LeakEvidence) -> Alarm:
    known = set(evidence.labelled_audits.features.names)
    foreign = [name for name in evidence.labelled_audits.X.column_names if name not in known]
    raised = bool(foreign)
    sentence = (
        f"{', '.join(foreign[:5])}: no definition says when such a column was known. Define it as a feature."
        if raised
        else "Every column is a feature whose definition says when it was known."
    )
    return Alarm("columns_without_definition", raised, float(len(foreign)), 0.0, sentence)


def _strongest(evidence: LeakEvidence) -> list[str]:
    known = set(evidence.labelled_audits.features.names)
    by_strength = sorted(strengths(evidence).items(), key=lambda each: (-each[1], each[0]))
    return [name for name, _ in by_strength if name in known][:STRONGEST]


def _rebuilt(evidence: LeakEvidence, names: list[str]) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return the features as of each opening, and as of `DAYS_BEFORE` days before, row for row."""
    audits = evidence.labelled_audits.audits
    traders, opened = audits["trader_id"].to_pylist(), audits["opened_on"].to_pylist()
    earlier = [day - timedelta(days=DAYS_BEFORE) for day in opened]
    features = evidence.labelled_audits.features.select(names)
    built = features.build(evidence.warehouse, Spine.of(traders * 2, opened + earlier))
    rows = trader_days(built["trader_id"], built["cutoff"])
    indices = [
        pc.index_in(trader_days(audits["trader_id"], pa.chunked_array([pa.array(days, pa.date32())])), rows)
        for days in (opened, earlier)
    ]
    now, before = ({name: numbers(built.take(rows_at), name) for name in names} for rows_at in indices)
    return now, before


def _different(evidence: LeakEvidence, names: list[str], now: dict[str, Floats]) -> Alarm:
    given = {name: numbers(evidence.labelled_audits.X, name) for name in names}
    counts = {name: int((~np.isclose(given[name], now[name], equal_nan=True)).sum()) for name in names}
    worst = max(names, key=lambda name: counts[name])
    return too_often(
        "features_differ_when_rebuilt",
        counts[worst],
        of=len(evidence.brought_revenue),
        limit=DIFFERENT,
        what=f"audits have a value of {worst} that the warehouse does not give as of their opening",
        advice="The features were built from other data or at a later time: build them again.",
    )


def _stale(evidence: LeakEvidence, name: str, *, now: Floats, before: Floats) -> Alarm:
    """Raise where a feature loses most of its ranking power when built a month earlier."""
    scores = np.nan_to_num(np.vstack([before, now]), nan=-np.inf)
    ranked = areas(scores, evidence.brought_revenue)
    falling = ranked.values[1] < 0.5
    ranked = areas(-scores, evidence.brought_revenue) if falling else ranked
    old, new = (float(value) for value in ranked.values)
    raised = ranked.surely_above(-1.0, RETAINED, limit=-0.5 * (1 - RETAINED), errors=SURE)
    seen = f"{name} ranks audits at {new:.2f}, and at {old:.2f} {DAYS_BEFORE} days before they opened"
    advice = ". Most of what it knows arrives as the audit opens: ask what writes these rows, and when."
    limit = 0.5 + RETAINED * (new - 0.5)
    return Alarm("late_knowledge", raised, old, limit, seen + (advice if raised else "."))
