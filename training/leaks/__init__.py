"""Leak alarm: tests whether audit outcomes have reached the features that models learn from."""

from collections.abc import Callable, Iterator
from datetime import date

import pyarrow as pa

from features.data.warehouse import Warehouse
from training.backtest.labelled_audits import LabelledAudits
from training.leaks import by_clock, by_feature, by_lookup, by_rebuild, by_time, by_value
from training.leaks.alarm import Alarm, LeakReport
from training.leaks.evidence import LeakEvidence

__all__ = ["ALARMS", "Alarm", "LeakReport", "leak_report"]

ALARMS: tuple[Callable[[LeakEvidence], Iterator[Alarm]], ...] = (
    by_lookup.of_controls,
    by_lookup.of_findings,
    by_lookup.of_traders,
    by_feature.of_one_feature,
    by_time.of_newest_folds,
    by_clock.of_findings_before_opening,
    by_clock.of_amended_before_opening,
    by_clock.of_loads,
    by_value.of_contradicted_findings,
    by_value.of_prices_after_findings,
    by_rebuild.of_rebuilt_features,
)


def leak_report(
    warehouse: Warehouse, labelled_audits: LabelledAudits, oof: pa.Table, *, cutoff: date
) -> LeakReport:
    """Try every alarm on a warehouse as known before `cutoff`.

    `labelled_audits` are what models learn from; `oof` is an `OutOfFold.table()` of their predictions.
    Nothing is drawn at random: the same input gives the same report.
    """
    evidence = LeakEvidence(warehouse, labelled_audits, oof, cutoff)
    return LeakReport(tuple(alarm for tried in ALARMS for alarm in tried(evidence)))
