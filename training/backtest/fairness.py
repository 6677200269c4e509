"""Whether some traders bear more than others: what a model would do to groups of those audited."""

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


def described(warehouse: Warehouse, traders: pa.ChunkedArray, *, before: date) -> Mapping[str, list[str]]:
    """Return size band, sector and region of each trader, as last described before a day; else 'unknown'."""
    told = warehouse.table("traders")
    rows = told.filter(known_before(told, before))
    last = {name: rows[name].argmax(rows.valid_from) for name in ATTRIBUTES}
    found = rows.group_by("trader_id").aggregate(**last).to_pyarrow()
    places = pc.index_in(traders, found["trader_id"])
    return {name: found[name].take(places).fill_null("unknown").to_pylist() for name in ATTRIBUTES}


def fairness(predicted: OutOfFold, model: str, groups: Mapping[str, list[str]]) -> tuple[Group, ...]:
    """Return the groups of every attribute; `groups` gives each audit's value of it, row for row.

    Groups of fewer than 30 audits say nothing alone and stand together.
    """
    return tuple(
        _group(predicted, predicted.predictions[model], member, attribute=attribute, value=value)
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
    predicted: OutOfFold, said: Prediction, member: np.ndarray, *, attribute: str, value: str
) -> Group:
    adjusted = predicted.y != 0
    found = float(predicted.y[member].sum())
    return Group(
        attribute=attribute,
        value=value,
        audits=int(member.sum()),
        selection_rate=float(_selected(said, member) / member.sum()),
        false_positive_burden=_ratio(_selected(said, member & ~adjusted), float((member & ~adjusted).sum())),
        adjusted_rate=float(adjusted[member].mean()),
        probability=float(said.probability[member].mean()),
        total_ratio=_ratio(float(said.expected[member].sum()), found),
    )


def _selected(said: Prediction, member: np.ndarray) -> float:
    """Return how many of the members are among the first tenth of all audits; ties count in equal parts."""
    one = np.ones(len(member))
    return float(at_top(member.astype(np.float64), by=said.expected, weight=one, share=SELECTED))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
