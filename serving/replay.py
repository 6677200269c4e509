"""Replay a logged prediction, years later: from the logged features, by the model that the log names."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import AuditYieldError, DataError
from features.snapshots.cache import FOLDER
from features.snapshots.store import TABLE
from models.bundle.artefact import Bundle, load_bundle
from models.bundle.champion import PUBLISHED
from models.fitting.matrix import as_matrix
from serving.live.state import facts_digest
from serving.log import reader
from serving.log.code_digest import code_digest
from serving.log.codec import outputs
from serving.log.entry import AnswerBasis, LogEntry
from serving.log.reader import LoggedPrediction


@dataclass(frozen=True)
class Replay:
    """The outcome of a replay.

    `same`: whether the prediction, and the reasons where they were logged, came out bit for bit; None where
    it could not be tried. `off_by` is the largest difference, in money. `gone` lists which of model and
    snapshot are missing, `remarks` what else to know.
    """

    logged: LoggedPrediction
    same: bool | None
    off_by: float
    gone: tuple[str, ...]
    remarks: tuple[str, ...]

    def to_json(self) -> str:
        """Return it as JSON."""
        entry, prediction = self.logged.entry, self.logged.entry.prediction
        values = {
            "prediction_id": self.logged.prediction_id,
            "trader_id": entry.trader_ids[0],
            "same": self.same,
            "off_by": self.off_by,
            "gone": self.gone,
            "remarks": self.remarks,
            "expected_yield": prediction and float(prediction.expected[0]),
        }
        return json.dumps(values, indent=2)


def replay(prediction_id: str, *, log: Path, home: Path) -> Replay:
    """Predict again a prediction of the log in a folder, by the bundle published below `home`.

    Raises `DataError` where the log has no prediction of that id.
    """
    logged = reader.read(log, prediction_id)
    entry = logged.entry
    if entry.basis is None or entry.features is None or entry.prediction is None:
        raise DataError(
            f"The row of '{prediction_id}' holds no prediction.",
            expected="the id of a prediction of one trader, such as 17-1-9f86d081.",
            advice="It records another access: nothing was predicted, so nothing can be predicted again.",
        )
    code = () if logged.code == code_digest() else ("other code answers today than answered then.",)
    version = entry.basis.model_version
    try:
        bundle = load_bundle(home / PUBLISHED / version, digest=entry.basis.model_digest)
    except AuditYieldError as error:
        return Replay(logged, None, 0.0, (f"model {version}. {error.found}",), code)
    off_by = _off_by(bundle, entry)
    return Replay(
        logged, off_by is None, off_by or 0.0, tuple(_missing_snapshot(bundle, entry.basis, home)), code
    )


def to_text(replay: Replay) -> Iterator[str]:
    """Describe the outcome of a replay to a person."""
    entry, logged_at = replay.logged.entry, replay.logged.logged_at.isoformat(" ", "seconds")
    access, basis, prediction = entry.access, entry.basis, entry.prediction
    yield f"{access.endpoint}, asked by {access.actor} ({access.role}) at {logged_at}"
    if basis and prediction:
        yield f"trader {entry.trader_ids[0]} as of {basis.as_of}, by model {basis.model_version}"
        low, high = prediction.low[0], prediction.high[0]
        yield f"expected {prediction.expected[0]:,.2f}, between {low:,.2f} and {high:,.2f}"
    yield from (f"gone: {part}" for part in replay.gone)
    yield from (f"note: {remark}" for remark in replay.remarks)
    yield _verdict(replay)


def _verdict(replay: Replay) -> str:
    if replay.same is None:
        return "It cannot be predicted again without what is gone; the log still says what was answered."
    if replay.same:
        return "Predicted again from the logged features: the same to the last bit."
    return f"✗ Predicted again it is NOT the same: off by up to {replay.off_by:.3g}."


def _missing_snapshot(bundle: Bundle, basis: AnswerBasis, home: Path) -> Iterator[str]:
    """Yield what is missing although a replay does without it: the log has features, not their origin."""
    tables = (path / TABLE for path in (home / FOLDER).glob(f"{basis.as_of}-*"))
    if basis.snapshot_digest and basis.snapshot_digest not in (
        _digest(path, bundle, basis) for path in tables
    ):
        yield f"the snapshot of {basis.as_of}. The logged features cannot be held against it."


def _digest(path: Path, bundle: Bundle, basis: AnswerBasis) -> str | None:
    try:
        table = pq.read_table(path, partitioning=None, columns=["trader_id", *bundle.names])
    except (OSError, pa.ArrowException):
        return None
    X = as_matrix(table.select(bundle.names))
    return facts_digest(table["trader_id"].to_pylist(), X, cutoff=basis.as_of)


def _off_by(bundle: Bundle, entry: LogEntry) -> float | None:
    """Predict and explain a row again; None where every bit is the same, else the largest difference."""
    rows, prediction = entry.features, entry.prediction
    if rows is None or prediction is None:
        return None
    pairs = [(outputs(bundle.model.predict(rows)), outputs(prediction))]
    if entry.contributions is not None:
        pairs.append((bundle.model.explain(rows).contributions, entry.contributions))
    if all(new.tobytes() == old.tobytes() for new, old in pairs):
        return None
    return float(max(np.abs(new - old).max() for new, old in pairs))
