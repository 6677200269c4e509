"""Comparison of two versions on the audits that both were tested on, and of what they are made of."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from features.errors import SettingError
from models.prediction import Floats
from training.backtest.metrics import metrics
from training.backtest.out_of_fold import OutOfFold
from training.backtest.populations import POPULATIONS
from training.backtest.scores import judge
from training.promotion.gate import pair_predictions
from training.tracking.registry import ModelVersion, own_out_of_fold, registered_bundle, version
from training.tracking.store import store

if TYPE_CHECKING:
    from mlflow import MlflowClient

SEED = 1
TOP_SHARE = 0.1
MOST_MOVES = 10
REVISION = "mlflow.source.git.commit"


@dataclass(frozen=True)
class Difference:
    """A metric of both versions on the same audits of a population, and the second less the first.

    `low` to `high` is the 95 % interval of the difference over resampled traders. All are None where the
    audits are too few.
    """

    metric: str
    population: str
    audits: int
    first: float | None
    second: float | None
    difference: float | None
    standard_error: float | None
    low: float | None
    high: float | None

    @property
    def credible(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class SettingChange:
    """A setting, or what is known of data and code, that differs; None where a version has none."""

    name: str
    first: str | None
    second: str | None


@dataclass(frozen=True)
class Move:
    """An audit of another rank by expected money, 1 the highest, among those that both were tested on."""

    audit_id: str
    trader_id: str
    opened_on: str
    first_rank: int
    second_rank: int
    first_expected: float
    second_expected: float
    yield_amount: float


@dataclass(frozen=True)
class Comparison:
    """How two versions differ.

    - `tested`: how many audits each was tested on, `both`: how many of them both were.
    - `differences`: of every metric in every population.
    - `features_added`, `features_removed`: of the second, in its order and in that of the first.
    - `changes`: of settings, data and code; `moves`: the largest in rank, of audits in the first tenth of
      either order.
    """

    first: str
    second: str
    tested: tuple[int, int]
    both: int
    differences: tuple[Difference, ...]
    features_added: tuple[str, ...]
    features_removed: tuple[str, ...]
    changes: tuple[SettingChange, ...]
    moves: tuple[Move, ...]

    def to_json(self) -> str:
        """Return it as JSON text."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def compare(first: str, second: str, *, home: Path) -> Comparison:
    """Compare two versions of a home, each given by its number or alias.

    Money found is as the training of the second knew it. Raises `SettingError` where there is no such
    version or both are the same, `DataError` where its files are gone or changed since its training.
    """
    client = store(home)
    versions = (version(client, first), version(client, second))
    if versions[0].version == versions[1].version:
        raise SettingError(
            f"Both are version {versions[0].version}.",
            expected="two versions that differ.",
            advice="See `audit-yield models`.",
        )
    earlier, later = (own_out_of_fold(each, home=home) for each in versions)
    both, prediction = pair_predictions(later, earlier)
    [own] = both.predictions.values()
    first_name, second_name = (f"version {each.version}" for each in versions)
    together = OutOfFold(both.audits, {second_name: own, first_name: prediction})
    old, new = (registered_bundle(each, home=home).names for each in versions)
    return Comparison(
        first=versions[0].version,
        second=versions[1].version,
        tested=(earlier.num_rows, later.num_rows),
        both=len(both),
        differences=tuple(_differences(together)) if len(both) else (),
        features_added=tuple(name for name in new if name not in old),
        features_removed=tuple(name for name in old if name not in new),
        changes=tuple(_changes(*(_made_of(client, each) for each in versions))),
        moves=_moves(both.audits, prediction.expected, own.expected),
    )


def _made_of(client: "MlflowClient", of: ModelVersion) -> Mapping[str, str]:
    """Return the settings of a version's training, and what identifies its data and code."""
    data = client.get_run(of.run_id).data
    return {**data.params, "code": data.tags.get(REVISION, "unknown")}


def _changes(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[SettingChange]:
    for name in dict.fromkeys((*first, *second)):
        if first.get(name) != second.get(name):
            yield SettingChange(name, first.get(name), second.get(name))


def _differences(together: OutOfFold) -> Iterator[Difference]:
    """Yield every metric of both versions; of `together` the second comes first."""
    for population in POPULATIONS:
        scores = list(judge(together, metrics(), population=population, seed=SEED))
        second, first = (
            {score.metric: score for score in scores if score.model == name and score.against is None}
            for name in together.predictions
        )
        for lead in (score for score in scores if score.against is not None):
            yield Difference(
                metric=lead.metric,
                population=population,
                audits=lead.audits,
                first=first[lead.metric].value,
                second=second[lead.metric].value,
                difference=lead.value,
                standard_error=lead.standard_error,
                low=lead.low,
                high=lead.high,
            )


def _moves(audits: pa.Table, first: Floats, second: Floats) -> tuple[Move, ...]:
    """Return the largest moves of rank of audits that are in the first tenth of either order."""
    before, after = _ranks(first), _ranks(second)
    top = np.flatnonzero(np.minimum(before, after) <= max(1, round(TOP_SHARE * len(before))))
    moved = top[before[top] != after[top]]
    largest = moved[np.argsort(-np.abs(after - before)[moved], kind="stable")][:MOST_MOVES]
    rows: Sequence[Mapping[str, object]] = audits.take(largest).to_pylist()
    return tuple(
        Move(
            audit_id=str(row["audit_id"]),
            trader_id=str(row["trader_id"]),
            opened_on=str(row["opened_on"]),
            first_rank=int(before[index]),
            second_rank=int(after[index]),
            first_expected=float(first[index]),
            second_expected=float(second[index]),
            yield_amount=float(str(row["yield_amount"])),
        )
        for index, row in zip(largest, rows, strict=True)
    )


def _ranks(expected: Floats) -> np.ndarray:
    """Return ranks from 1, the highest first; those that tie share the better one."""
    return np.asarray(1 + np.searchsorted(np.sort(-expected), -expected, side="left"))
