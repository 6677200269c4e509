"""The leak alarm: whether what audits found has reached the data that models learn it from."""

from collections.abc import Callable, Iterator
from datetime import date

import pyarrow as pa

from features.data.warehouse import Warehouse
from training.backtest.labelled_audits import Audited
from training.leaks import by_clock, by_feature, by_lookup, by_rebuild, by_time, by_value
from training.leaks.alarm import Alarm, LeakReport, lines
from training.leaks.evidence import Evidence

__all__ = ["ALARMS", "Alarm", "LeakReport", "leak_report", "lines"]

ALARMS: tuple[Callable[[Evidence], Iterator[Alarm]], ...] = (
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


def leak_report(warehouse: Warehouse, audited: Audited, oof: pa.Table, *, as_of: date) -> LeakReport:
    """Try every alarm on a warehouse as known before `as_of`.

    `audited` holds the features and outcomes that models learn from; `oof` what they said of audits that they
    had not seen, an `OutOfFold.table()`. Nothing is drawn at random: the same input gives the same report.
    """
    evidence = Evidence(warehouse, audited, oof, as_of)
    return LeakReport(tuple(alarm for tried in ALARMS for alarm in tried(evidence)))
