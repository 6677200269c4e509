"""Out-of-fold predictions: what models predict for audits that they have not learned from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract.required import FINDING_TYPES
from models.prediction import PER_TRADER, Floats, Prediction

ORACLE = "oracle"
"""The name, among the models, of predictions that are the outcomes themselves."""


@dataclass(frozen=True)
class OutOfFold:
    """Test audits and the prediction of each model for them, row for row.

    `audits` are rows of `features.outcomes`, as known at the end of the backtest, with the day of their
    `fold`.
    """

    audits: pa.Table
    predictions: Mapping[str, Prediction]

    def __len__(self) -> int:
        return int(self.audits.num_rows)

    @property
    def y(self) -> Floats:
        """The money found (n,), signed."""
        return self.audits["yield_amount"].to_numpy()  # type: ignore[no-any-return]

    def where(self, mask: np.ndarray) -> "OutOfFold":
        """Return the audits for which a mask (n,) holds."""
        predictions = {name: prediction.taken(mask) for name, prediction in self.predictions.items()}
        return OutOfFold(self.audits.filter(pa.array(mask)), predictions)

    def table(self) -> pa.Table:
        """Return one row an audit and model: the audit's columns, model and `PER_TRADER`."""
        parts = []
        for model, prediction in self.predictions.items():
            part = self.audits.append_column("model", pa.array([model] * len(self), pa.string()))
            for name in PER_TRADER:
                part = part.append_column(name, pa.array(getattr(prediction, name), pa.float64()))
            parts.append(part)
        return pa.concat_tables(parts)

    def to_parquet(self) -> bytes:
        """Return that table as a Parquet file."""
        sink = pa.BufferOutputStream()
        pq.write_table(self.table(), sink)
        return bytes(sink.getvalue())


def joined(parts: Sequence[OutOfFold]) -> OutOfFold:
    """Return the audits of all folds, one fold after the other."""
    models = parts[0].predictions
    return OutOfFold(
        pa.concat_tables([part.audits for part in parts]),
        {model: _joined([part.predictions[model] for part in parts]) for model in models},
    )


def untested(audits: pa.Table, models: Iterable[str]) -> OutOfFold:
    """Return what there is where no audit could be held out: no audit, and an empty prediction a model."""
    nothing = oracle(np.zeros(0))
    none = audits.slice(0, 0).append_column("fold", pa.array([], pa.date32()))
    return OutOfFold(none, dict.fromkeys((*models, ORACLE), nothing))


def oracle(y: Floats) -> Prediction:
    """Return outcomes as a prediction, under the name `ORACLE`: the most that an order can capture."""
    types = np.zeros((len(y), len(FINDING_TYPES)))
    types[:, -1] = y
    return Prediction(y, (y != 0).astype(np.float64), y, y, y, y, types, FINDING_TYPES)


def _joined(parts: Sequence[Prediction]) -> Prediction:
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*PER_TRADER, "by_type")
    }
    return replace(parts[0], **columns)
