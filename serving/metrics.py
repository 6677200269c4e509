"""Prometheus counters, histograms and gauges: predictions, latency, what waits, the process, alarms."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)  # memory, processor time, open files and start of the worker
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
LOG_FAULT = Gauge(
    "audit_yield_log_fault", "ALARM: 1 while no answer can be logged, and none is given.", registry=REGISTRY
)
LOG_COMMIT = Histogram(
    "audit_yield_log_commit_seconds",
    "Seconds until a group of answers was on the disk.",
    buckets=SECONDS,
    registry=REGISTRY,
)
LOG_QUEUE = Gauge("audit_yield_log_queue", "Answers that wait to be on the disk.", registry=REGISTRY)
LOG_LAG = Gauge(
    "audit_yield_log_lag_seconds", "How long the first of them has waited, 0 without any.", registry=REGISTRY
)
IN_THE_MAKING = Gauge(
    "audit_yield_answers_in_the_making",
    "Answers of which AUDIT_YIELD_CONCURRENCY is the most.",
    registry=REGISTRY,
)
LONG_WORK = Gauge(
    "audit_yield_long_work", "Pages and long lists that are made or wait for a thread.", registry=REGISTRY
)
NOT_FINITE = Counter(
    "audit_yield_not_finite_answers", "ALARM: answers withheld for a number that is none.", registry=REGISTRY
)
FAILED_LOGINS = Counter(
    "audit_yield_failed_logins", "ALARM: requests with a token that opens nothing.", registry=REGISTRY
)
PROVIDER_FAULT = Gauge(
    "audit_yield_identity_provider_fault",
    "ALARM: 1 while the keys of the identity provider cannot be read.",
    registry=REGISTRY,
)
