"""Answers to log, made from a seed: what a service would answer."""

import asyncio
from datetime import date

import numpy as np

from features.data.contract.required import FINDING_TYPES
from models.prediction import PER_TRADER, Prediction
from serving.log.entry import Access, AnswerBasis, LogEntry
from serving.log.writer import PredictionLog

BASIS = AnswerBasis(date(2024, 10, 1), "1", "a" * 64, "b" * 64, "c" * 64)


def entry(request_id: str = "r1", *, traders: tuple[str, ...] = ("T1", "T2"), seed: int = 1) -> LogEntry:
    """Return an answer about some traders, three features each, one of them unknown."""
    some = np.random.default_rng(seed)
    features = some.random((len(traders), 3))
    features[:, 1] = np.nan
    by_type = some.random((len(traders), len(FINDING_TYPES)))
    numbers = {name: some.random(len(traders)) for name in PER_TRADER}
    prediction = Prediction(**numbers, by_type=by_type, types=tuple(FINDING_TYPES))
    access = Access("/predict", request_id, actor="north office", role="risk_unit", purpose="plan 2025")
    return LogEntry(access, BASIS, traders, features, prediction, some.random((len(traders), 3)), base=0.1)


def appended(log: PredictionLog, answer: LogEntry) -> tuple[str, ...]:
    """Append an answer to a log and return its prediction ids."""
    return asyncio.run(asyncio.wait_for(log.append(answer), timeout=30))
