"""Replay a logged prediction, years later: from logged features or their snapshot, by the logged model."""

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
from models.prediction import Floats
from serving.live.state import facts_digest
from serving.log import reader
from serving.log.code_digest import code_digest
from serving.log.entry import AnswerBasis, LogEntry
from serving.log.erasures import record_of
from serving.log.reader import LoggedPrediction
from serving.log.trader_keys import keys_path


@dataclass(frozen=True)
class Replay:
    """The outcome of a replay.

    `same`: whether the prediction, and the reasons where they were logged, came out bit for bit; None where
    it could not be tried. `off_by` is the largest difference, in money. `gone` lists which of model, snapshot
    and the trader's key are missing, `remarks` what else to know.
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
            "trader_id": entry.trader_ids[0] if entry.trader_ids else None,
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
    if logged.pseudonym is not None:
        return Replay(logged, None, 0.0, (_erased(log, logged.pseudonym),), ())
    if entry.basis is None or entry.prediction is None:
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
    snapshot = _snapshot(bundle, entry.basis, home)
    gone = () if snapshot is not None or entry.basis.snapshot_digest is None else (_gone(entry),)
    rows = entry.features
    if rows is None and snapshot is not None:
        rows = snapshot.rows_of(entry.trader_ids[0])
    if rows is None:
        return Replay(logged, None, 0.0, gone or (_gone(entry),), code)
    off_by = _off_by(bundle, entry, rows)
    return Replay(logged, off_by is None, off_by or 0.0, gone, code)


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
    if replay.logged.pseudonym is not None:
        return "Neither what was answered can be read nor predicted again; the row is as it was written."
    if replay.same is None:
        return "It cannot be predicted again without what is gone; the log still says what was answered."
    if replay.same:
        origin = "the snapshot" if replay.logged.entry.features is None else "the logged features"
        return f"Predicted again from {origin}: the same to the last bit."
    return f"✗ Predicted again it is NOT the same: off by up to {replay.off_by:.3g}."


@dataclass(frozen=True)
class _Snapshot:
    """The features of every trader on a day, as the model takes them."""

    trader_ids: list[str]
    X: Floats

    def rows_of(self, trader_id: str) -> Floats | None:
        """Return the features of a trader (1, p); None where it has none of it."""
        return self.X[[self.trader_ids.index(trader_id)]] if trader_id in self.trader_ids else None


def _snapshot(bundle: Bundle, basis: AnswerBasis, home: Path) -> _Snapshot | None:
    """Return the snapshot of a basis, proved by its digest; None where it is gone or another."""
    for path in (home / FOLDER).glob(f"{basis.as_of}-*"):
        snapshot = _read(path / TABLE, bundle)
        if snapshot and basis.snapshot_digest == facts_digest(
            snapshot.trader_ids, snapshot.X, cutoff=basis.as_of
        ):
            return snapshot
    return None


def _read(path: Path, bundle: Bundle) -> _Snapshot | None:
    try:
        table = pq.read_table(path, partitioning=None, columns=["trader_id", *bundle.names])
    except (OSError, pa.ArrowException):
        return None
    return _Snapshot(table["trader_id"].to_pylist(), as_matrix(table.select(bundle.names)))


def _erased(log: Path, pseudonym: str) -> str:
    """Return what became of the key of a trader that the log knew under a pseudonym."""
    if erasure := record_of(log, pseudonym):
        return (
            f"what was said of the trader. It was erased at {erasure.erased_at} by {erasure.actor}; the log "
            f"knew it as {pseudonym}."
        )
    return f"the key of the trader, {pseudonym}. No row says that it was erased: look for {keys_path(log)}."


def _gone(entry: LogEntry) -> str:
    """Return what a snapshot that is gone means for a replay."""
    day = f"the snapshot of {entry.basis and entry.basis.as_of}."
    if entry.features is None:
        return f"{day} The features of {entry.trader_ids[0]} were logged as a reference to it."
    return f"{day} The logged features cannot be held against it."


def _off_by(bundle: Bundle, entry: LogEntry, rows: Floats) -> float | None:
    """Predict and explain a row again; None where every bit is the same, else the largest difference."""
    if entry.prediction is None:
        return None
    pairs = [(bundle.model.predict(rows).matrix, entry.prediction.matrix)]
    if entry.contributions is not None:
        pairs.append((bundle.model.explain(rows).contributions, entry.contributions))
    if all(new.tobytes() == old.tobytes() for new, old in pairs):
        return None
    return float(max(np.abs(new - old).max() for new, old in pairs))
