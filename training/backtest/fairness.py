"""Fairness: selection rates and errors of a model by group of audited traders."""

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.as_known import known_before
from features.data.warehouse import Warehouse
from models.card import Group
from models.prediction import Prediction
from training.backtest.metrics import at_top
from training.backtest.out_of_fold import OutOfFold

ATTRIBUTES = ("size_band", "sector", "region")
SELECTED = 0.1
FEWEST = 30
SMALL_GROUPS = "small groups together"


def trader_groups(warehouse: Warehouse, traders: pa.ChunkedArray, *, cutoff: date) -> Mapping[str, list[str]]:
    """Return size band, sector and region of each trader, as last described before a day; else 'unknown'."""
    descriptions = warehouse.table("traders")
    rows = descriptions.filter(known_before(descriptions, cutoff))
    last = {name: rows[name].argmax(rows.valid_from) for name in ATTRIBUTES}
    latest = rows.group_by("trader_id").aggregate(**last).to_pyarrow()
    indices = pc.index_in(traders, latest["trader_id"])
    return {name: latest[name].take(indices).fill_null("unknown").to_pylist() for name in ATTRIBUTES}


def fairness(out_of_fold: OutOfFold, model: str, groups: Mapping[str, list[str]]) -> tuple[Group, ...]:
    """Return the groups of every attribute; `groups` gives each audit's value of it, row for row.

    Groups of fewer than 30 audits are too small alone and are taken together.
    """
    return tuple(
        _group(out_of_fold, out_of_fold.predictions[model], member, attribute=attribute, value=value)
        for attribute, values in groups.items()
        for value, member in _members(np.array(values))
    )


def _members(values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    names, counts = np.unique(values, return_counts=True)
    for name in names[counts >= FEWEST]:
        yield str(name), values == name
    if (counts < FEWEST).any():
        yield SMALL_GROUPS, np.isin(values, names[counts < FEWEST])


def _group(
    out_of_fold: OutOfFold, prediction: Prediction, member: np.ndarray, *, attribute: str, value: str
) -> Group:
    adjusted = out_of_fold.y != 0
    money = float(out_of_fold.y[member].sum())
    return Group(
        attribute=attribute,
        value=value,
        audits=int(member.sum()),
        selection_rate=float(_selected(prediction, member) / member.sum()),
        false_positive_burden=_ratio(
            _selected(prediction, member & ~adjusted), float((member & ~adjusted).sum())
        ),
        adjusted_rate=float(adjusted[member].mean()),
        probability=float(prediction.probability[member].mean()),
        total_ratio=_ratio(float(prediction.expected[member].sum()), money),
    )


def _selected(prediction: Prediction, member: np.ndarray) -> float:
    """Return how many of the members are among the first tenth of all audits; ties count in equal parts."""
    one = np.ones(len(member))
    return float(at_top(member.astype(np.float64), by=prediction.expected, weight=one, share=SELECTED))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
