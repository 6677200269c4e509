"""Predicts again, years later: from the logged features, by the model that the log names."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import AuditYieldError, DataError
from features.snapshots.cache import FOLDER, TABLE
from models.bundle.artefact import Bundle, load_bundle
from models.bundle.champion import PUBLISHED
from models.fitting.matrix import as_matrix
from serving.live.state import facts_digest
from serving.log import reader as logged
from serving.log.code_digest import code_digest
from serving.log.codec import outputs
from serving.log.entry import Basis, Entry
from serving.log.reader import Logged


@dataclass(frozen=True)
class Replay:
    """What came of predicting again.

    `same`: whether the prediction, and the reasons where they were logged, came out bit for bit; None where
    it could not be tried. `off_by` is the largest difference, in money. `gone` says which of model and
    snapshot are missing, `remarks` what else to know.
    """

    logged: Logged
    same: bool | None
    off_by: float
    gone: tuple[str, ...]
    remarks: tuple[str, ...]

    def to_json(self) -> str:
        """Return it as JSON."""
        entry, said = self.logged.alone, self.logged.alone.prediction
        values = {
            "prediction_id": self.logged.prediction_id,
            "trader_id": entry.trader_ids[0],
            "same": self.same,
            "off_by": self.off_by,
            "gone": self.gone,
            "remarks": self.remarks,
            "expected_yield": said and float(said.expected[0]),
        }
        return json.dumps(values, indent=2)


def replay(prediction_id: str, *, log: Path, home: Path) -> Replay:
    """Predict again what the log in a folder says was predicted, by the bundle published below `home`.

    Raises `DataError` where the log has no prediction of that id.
    """
    found = logged.read(log, prediction_id)
    entry = found.alone
    if entry.basis is None or entry.features is None or entry.prediction is None:
        raise DataError(
            f"The row of '{prediction_id}' holds no prediction.",
            expected="the id of a prediction of one trader, such as 17-1-9f86d081.",
            advice="It records another access: nothing was predicted, so nothing can be predicted again.",
        )
    code = () if found.code == code_digest() else ("other code answers today than answered then.",)
    version = entry.basis.model_version
    try:
        bundle = load_bundle(home / PUBLISHED / version, digest=entry.basis.model_digest)
    except AuditYieldError as error:
        return Replay(found, None, 0.0, (f"model {version}. {error.found}",), code)
    off_by = _off_by(bundle, entry)
    return Replay(found, off_by is None, off_by or 0.0, tuple(_without(bundle, entry.basis, home)), code)


def lines(replay: Replay) -> Iterator[str]:
    """Say to a person what came of predicting again."""
    entry, at = replay.logged.alone, replay.logged.logged_at.isoformat(" ", "seconds")
    asked, basis, said = entry.asked, entry.basis, entry.prediction
    yield f"{asked.endpoint}, asked by {asked.actor} ({asked.role}) at {at}"
    if basis and said:
        yield f"trader {entry.trader_ids[0]} as of {basis.as_of}, by model {basis.model_version}"
        yield f"expected {said.expected[0]:,.2f}, between {said.low[0]:,.2f} and {said.high[0]:,.2f}"
    yield from (f"gone: {part}" for part in replay.gone)
    yield from (f"note: {remark}" for remark in replay.remarks)
    yield _verdict(replay)


def _verdict(replay: Replay) -> str:
    if replay.same is None:
        return "It cannot be predicted again without what is gone; the log still says what was answered."
    if replay.same:
        return "Predicted again from the logged features: the same to the last bit."
    return f"✗ Predicted again it is NOT the same: off by up to {replay.off_by:.3g}."


def _without(bundle: Bundle, basis: Basis, home: Path) -> Iterator[str]:
    """Say what is gone although predicting does without: the features are in the log, their origin is not."""
    kept = (path / TABLE for path in (home / FOLDER).glob(f"{basis.as_of}-*"))
    if basis.snapshot_digest and basis.snapshot_digest not in (_digest(path, bundle, basis) for path in kept):
        yield f"the snapshot of {basis.as_of}. The logged features cannot be held against it."


def _digest(path: Path, bundle: Bundle, basis: Basis) -> str | None:
    try:
        table = pq.read_table(path, partitioning=None, columns=["trader_id", *bundle.names])
    except (OSError, pa.ArrowException):
        return None
    X = as_matrix(table.select(bundle.names))
    return facts_digest(table["trader_id"].to_pylist(), X, cutoff=basis.as_of)


def _off_by(bundle: Bundle, entry: Entry) -> float | None:
    """Predict and explain a row again; None where every bit is the same, else the largest difference."""
    rows, said = entry.features, entry.prediction
    if rows is None or said is None:
        return None
    pairs = [(outputs(bundle.model.predict(rows)), outputs(said))]
    if entry.contributions is not None:
        pairs.append((bundle.model.explain(rows).contributions, entry.contributions))
    if all(new.tobytes() == old.tobytes() for new, old in pairs):
        return None
    return float(max(np.abs(new - old).max() for new, old in pairs))
