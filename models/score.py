"""Ranking: the predictions for many traders as a table, the highest expected yield first."""

import numpy as np
import pyarrow as pa

from models.bundle.artefact import Bundle
from models.prediction import PER_TRADER, Prediction


def scored(bundle: Bundle, rows: pa.Table, *, version: str) -> pa.Table:
    """Return the ranking of the traders of `rows`, which have trader_id and the model's features."""
    prediction = bundle.model.predict(rows)
    return ranked(rows["trader_id"], prediction, version=version, ranked_by=bundle.card.ranked)


def ranked(trader_ids: pa.ChunkedArray, prediction: Prediction, *, version: str, ranked_by: str) -> pa.Table:
    """Return a row a trader with its prediction, the highest yield first.

    Columns: trader_id, expected_yield, probability, low, high, low_if_adjusted, high_if_adjusted, rank (from
    1; equal yields by trader_id), model_version, ranked (by the indicators or from audits, the same in every
    row), and the expected yield by finding type as `expected_<type>`.
    """
    table = pa.table(
        {
            "trader_id": trader_ids,
            "expected_yield": prediction.expected,
            **{name: getattr(prediction, name) for name in PER_TRADER if name != "expected"},
            "model_version": pa.array([version] * len(prediction), pa.string()),
            "ranked": pa.array([ranked_by] * len(prediction), pa.string()),
            **{
                f"expected_{kind}": prediction.by_type[:, column]
                for column, kind in enumerate(prediction.types)
            },
        }
    ).sort_by([("expected_yield", "descending"), ("trader_id", "ascending")])
    ranks = pa.array(np.arange(1, len(prediction) + 1))
    return table.add_column(table.column_names.index("model_version"), "rank", ranks)
