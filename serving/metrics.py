"""Prometheus counters and histograms: predictions, latency, swaps, alarms."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
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
