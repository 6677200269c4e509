"""A model's word on many traders at once, as a table: the ranking of a risk unit."""

import numpy as np
import pyarrow as pa

from models.bundle.artefact import Bundle
from models.prediction import Prediction


def scored(bundle: Bundle, rows: pa.Table, *, version: str) -> pa.Table:
    """Return the ranking of the traders of `rows`, which have trader_id and the model's features."""
    said = bundle.model.predict(rows.select(bundle.names))
    return ranked(rows["trader_id"], said, version=version)


def ranked(trader_ids: pa.ChunkedArray, said: Prediction, *, version: str) -> pa.Table:
    """Return a row a trader with what is said of it, the highest yield first.

    Columns: trader_id, expected_yield, probability, low, high, rank (from 1; equal yields by trader_id),
    model_version, and the expected yield by finding type as `expected_<type>`.
    """
    table = pa.table(
        {
            "trader_id": trader_ids,
            "expected_yield": said.expected,
            "probability": said.probability,
            "low": said.low,
            "high": said.high,
            "model_version": pa.array([version] * len(said), pa.string()),
            **{f"expected_{kind}": said.by_type[:, place] for place, kind in enumerate(said.types)},
        }
    ).sort_by([("expected_yield", "descending"), ("trader_id", "ascending")])
    ranks = pa.array(np.arange(1, len(said) + 1))
    return table.add_column(table.column_names.index("model_version"), "rank", ranks)
