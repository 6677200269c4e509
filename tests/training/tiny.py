"""A yield model so small that one sees all it does, and audits to teach it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from features.data.contract.required import FINDING_TYPES
from models.base import YieldModel
from models.fitting.matrix import ArrowStream, MatrixLike, VectorLike, as_vector, read_rows
from models.fitting.training_rows import Learned, TrainingRows
from models.prediction import Prediction
from tests.features.administration import administration, audit, finding, line, trader
from tests.features.tables import Row, Tables
from tests.optional import not_none


class MeanModel(YieldModel):
    """Says of everyone the mean of what it learned from, and keeps that for the test to see."""

    kind: ClassVar[str] = "mean"

    def fit(
        self,
        X: MatrixLike,  # noqa: N803
        y: VectorLike,
        *,
        sample_weight: VectorLike | None = None,
        audits: pa.Table | ArrowStream | None = None,
    ) -> Self:
        money = as_vector(y, what="outcomes")
        self.learned_: Mapping[str, Any] = {
            "X": X,
            "y": money.tolist(),
            "weight": sample_weight,
            "audits": not_none(audits).to_pylist(),
        }
        weight = np.ones(len(money)) if sample_weight is None else as_vector(sample_weight, what="weights")
        self.mean_ = float(np.average(money, weights=weight))
        return self

    def predict(self, X: MatrixLike) -> Prediction:  # noqa: N803
        count = len(read_rows(X))
        expected, chance = np.full(count, self.mean_), np.full(count, 0.5)
        by_type = np.zeros((count, len(FINDING_TYPES)))
        by_type[:, 0] = expected
        return Prediction(
            expected,
            chance,
            expected - 50,
            expected + 50,
            expected - 50,
            expected + 50,
            by_type,
            FINDING_TYPES,
        )

    def _learn(self, training: TrainingRows) -> Learned:
        raise NotImplementedError


FIRST = date(2022, 1, 3)


def weekly_audits(count: int, *, days_open: int = 60) -> list[Row]:
    """Return audits A000, A001, ... that opened a week after each other, of traders T0 to T9 in turn."""
    return [
        audit(
            f"A{n:03}",
            f"T{n % 10}",
            str(FIRST + timedelta(weeks=n)),
            str(FIRST + timedelta(weeks=n, days=days_open)),
            hours_spent=10.0 + n % 3,
            selection_channel="random" if n % 4 == 0 else "rule",
            inclusion_probability=0.1 if n % 4 == 0 else None,
        )
        for n in range(count)
    ]


def findings_of(audits: Sequence[Row], *, every: int = 3) -> list[Row]:
    """Return a finding for every third audit, on the day it closed, of its number in money plus one."""
    return [
        finding(str(row["audit_id"]), 1, str(row["closed_on"]), 1.0 + n)
        for n, row in enumerate(audits)
        if n % every == 0
    ]


def weekly(count: int, **other: Sequence[Row]) -> Tables:
    """Return an administration with weekly audits of ten traders, a line of each every quarter."""
    audits = weekly_audits(count)
    tables = {
        "traders": [trader(f"T{k}") for k in range(10)],
        "declarations": [
            line(f"D{k}-{year}-{month}", f"T{k}", f"{year}-{month:02}-05", customs_value=100.0 * (k + 1))
            for k in range(10)
            for year in range(2021, 2025)
            for month in (1, 4, 7, 10)
        ],
        "audits": audits,
        "findings": findings_of(audits),
    }
    return administration(**(tables | other))
