"""Label alarm: tests whether outcomes that a model learns from contradict those it has not seen."""

from collections.abc import Callable, Iterator

from training.labels import by_audit, by_group, by_ledger
from training.labels.evidence import KnownOutcomes, LabelEvidence, recorded_by
from training.labels.report import LabelReport
from training.leaks.alarm import Alarm

__all__ = ["ALARMS", "KnownOutcomes", "LabelEvidence", "LabelReport", "label_report", "recorded_by"]

ALARMS: tuple[Callable[[LabelEvidence], Iterator[Alarm]], ...] = (
    by_ledger.of_changed_outcomes,
    by_audit.of_single_amounts,
    by_group.of_hits,
    by_group.of_amounts,
)


def label_report(evidence: LabelEvidence) -> LabelReport:
    """Try every alarm on labelled audits; nothing is drawn at random."""
    return LabelReport(tuple(alarm for tried in ALARMS for alarm in tried(evidence)))
