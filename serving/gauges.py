"""Prometheus' text format: what the service has counted, and gauges read off the model that serves."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from datetime import time as time_of_day

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from serving.live import Live
from serving.metrics import REGISTRY

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition(live: Live | None) -> bytes:
    """Return all of it in Prometheus' text format; `live` is what serves now."""
    now = CollectorRegistry()
    if live is not None:
        now.register(_Now(live))
    return generate_latest(REGISTRY) + generate_latest(now)


class _Now:
    """What is read off what serves, when it is asked for."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def collect(self) -> Iterator[Metric]:
        model = GaugeMetricFamily(
            "audit_yield_model", "1 for the model that serves.", labels=["model_version", "model_digest"]
        )
        model.add_metric([self._live.version, self._live.bundle.digest], 1.0)
        yield model
        begun = datetime.combine(self._live.source.as_of, time_of_day(), UTC).timestamp()
        yield GaugeMetricFamily(
            "audit_yield_snapshot_age_seconds",
            "Since the day as of which the service answers.",
            value=time.time() - begun,
        )
