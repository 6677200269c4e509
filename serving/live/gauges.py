"""Prometheus exposition: the counters of the service, and gauges of the model that serves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from datetime import time as time_of_day

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from models.drift import read_record
from serving.live.state import Live
from serving.metrics import REGISTRY

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition(live: Live | None, *, now: datetime) -> bytes:
    """Return all metrics in Prometheus' text format; `live` is what serves `now`."""
    present = CollectorRegistry()
    if live is not None:
        present.register(_LiveGauges(live, now))
    return generate_latest(REGISTRY) + generate_latest(present)


class _LiveGauges:
    """Gauges of the live model, computed when they are collected."""

    def __init__(self, live: Live, now: datetime) -> None:
        self._live, self._now = live, now

    def collect(self) -> Iterator[Metric]:
        model = GaugeMetricFamily(
            "audit_yield_model", "1 for the model that serves.", labels=["model_version", "model_digest"]
        )
        model.add_metric([self._live.version, self._live.bundle.digest], 1.0)
        yield model
        yield from self._drift()
        cutoff = datetime.combine(self._live.dataset.cutoff, time_of_day(), UTC)
        yield GaugeMetricFamily(
            "audit_yield_snapshot_age_seconds",
            "Since the day as of which the service answers.",
            value=(self._now - cutoff).total_seconds(),
        )

    def _drift(self) -> Iterator[Metric]:
        """Yield what the newest look at drift found, nothing where nobody has looked."""
        record = read_record(self._live.dataset.home)
        if record is None:
            return
        labels = ["model_version", "watch"]
        alarm = GaugeMetricFamily(
            "audit_yield_drift_alarm", "1 where audits by lot find other than expected.", labels=labels
        )
        sums = GaugeMetricFamily(
            "audit_yield_drift_sum",
            "Cumulative sum of the lottery in standard deviations; an alarm above 5.",
            labels=[*labels, "side"],
        )
        for each in record["watches"]:
            own = [record["version"], each["name"]]
            alarm.add_metric(own, float(each["alarm"] is not None))
            for side in ("up", "down"):
                sums.add_metric([*own, side], each[side])
        yield alarm
        yield sums
        yield GaugeMetricFamily(
            "audit_yield_drift_score_index",
            "Population stability index of what is predicted of all traders.",
            value=record["score_index"],
        )
        as_of = datetime.combine(date.fromisoformat(record["as_of"]), time_of_day(), UTC)
        yield GaugeMetricFamily(
            "audit_yield_drift_as_of_timestamp_seconds",
            "The day as of which drift was looked for.",
            value=as_of.timestamp(),
        )
