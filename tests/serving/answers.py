"""Answers to log, made from a seed, and ways to a log that the service does not take."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import numpy as np

from features.data.contract.required import FINDING_TYPES
from models.prediction import PER_TRADER, Prediction
from serving.log.entry import Access, AnswerBasis, LogEntry
from serving.log.segment import segment_files
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


def database(folder: Path) -> Path:
    """Return the database of the newest segment of a log."""
    return segment_files(folder)[-1].path


def witness(folder: Path) -> Path:
    """Return the file that witnesses the newest segment of a log."""
    return segment_files(folder)[-1].anchor_path


@contextmanager
def without_triggers(path: Path) -> Iterator[sqlite3.Connection]:
    """Do what somebody does who may write the file and knows the triggers: put them back afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")


def appended(log: PredictionLog, answer: LogEntry) -> tuple[str, ...]:
    """Append an answer to a log and return its prediction ids."""
    return asyncio.run(asyncio.wait_for(log.append(answer), timeout=30))
