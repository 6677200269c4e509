"""What the service counts, for Prometheus: predictions, latency, the age of what it answers from, alarms."""

from collections.abc import Iterator
from datetime import UTC, datetime
from datetime import time as time_of_day

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from serving.live import Live

REGISTRY = CollectorRegistry()
CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

PREDICTIONS = Counter(
    "audit_yield_predictions", "Predictions logged and given.", ["model_version"], registry=REGISTRY
)
REQUESTS = Histogram(
    "audit_yield_request_seconds",
    "From the first byte of a request to the last of its answer.",
    ["route", "status"],
    buckets=SECONDS,
    registry=REGISTRY,
)
SWAPS = Counter("audit_yield_swaps", "Models and snapshots that were swapped in.", registry=REGISTRY)
REFUSED = Counter(
    "audit_yield_refused_champions", "ALARM: attempts to swap in a champion that failed.", registry=REGISTRY
)
UNLOGGED = Counter(
    "audit_yield_unlogged_answers", "ALARM: answers withheld because the log failed.", registry=REGISTRY
)
NOT_FINITE = Counter(
    "audit_yield_not_finite_answers", "ALARM: answers withheld for a number that is none.", registry=REGISTRY
)


def exposition(live: Live | None, *, now: datetime) -> bytes:
    """Return all of it in Prometheus' text format; `live` is what serves `now`."""
    present = CollectorRegistry()
    if live is not None:
        present.register(_Now(live, now))
    return generate_latest(REGISTRY) + generate_latest(present)


class _Now:
    """What is read off what serves, when it is asked for."""

    def __init__(self, live: Live, now: datetime) -> None:
        self._live, self._now = live, now

    def collect(self) -> Iterator[Metric]:
        model = GaugeMetricFamily(
            "audit_yield_model", "1 for the model that serves.", labels=["model_version", "model_digest"]
        )
        model.add_metric([self._live.version, self._live.bundle.digest], 1.0)
        yield model
        begun = datetime.combine(self._live.dataset.cutoff, time_of_day(), UTC)
        yield GaugeMetricFamily(
            "audit_yield_snapshot_age_seconds",
            "Since the day as of which the service answers.",
            value=(self._now - begun).total_seconds(),
        )
