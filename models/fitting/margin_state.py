"""Serialisation of margins: to plain data and texts of trees, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.fitting.margin import LinearMargin, Margin, Sum, Trees

ARRAYS = ("weights", "low", "high", "centres", "spreads")


def margin_state(margin: Margin, *, name: str, trees: dict[str, str]) -> dict[str, Any]:
    """Return a margin as data for JSON; the texts of its trees go into `trees` under names of their own."""
    if isinstance(margin, Trees):
        texts = {f"{name}_{bag}": text for bag, text in enumerate(margin.texts())}
        trees |= texts
        return {"start": margin.start, "trees": list(texts)}
    if isinstance(margin, LinearMargin):
        arrays = {each: getattr(margin, each).tolist() for each in ARRAYS}
        return {"intercept": margin.intercept, "scale": margin.scale, **arrays}
    if isinstance(margin, Sum):
        return {
            "line": margin_state(margin.linear, name=name, trees=trees),
            "correction": margin_state(margin.trees, name=name, trees=trees),
        }
    raise TypeError(type(margin))


def read_margin(values: Mapping[str, Any], trees: Mapping[str, str]) -> Any:
    """Return the margin of such data."""
    if "trees" in values:
        return Trees.read(values["start"], [trees[name] for name in values["trees"]])
    if "line" in values:
        return Sum(read_margin(values["line"], trees), read_margin(values["correction"], trees))
    arrays = {each: np.array(values[each], np.float64) for each in ARRAYS}
    return LinearMargin(intercept=values["intercept"], scale=values["scale"], **arrays)
