"""Serialisation of margins: to plain data and texts of trees, and back."""

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from models.fitting.margin import LinearMargin, Margin, Method, Sum, Trees
from models.fitting.stake import LogSum

ARRAYS = ("weights", "low", "high", "units", "centres", "spreads")


def margin_state(margin: Margin, *, name: str, trees: dict[str, str]) -> dict[str, Any]:
    """Return a margin as data for JSON; the texts of its trees go into `trees` under names of their own."""
    if isinstance(margin, Trees):
        texts = {f"{name}_{bag}": text for bag, text in enumerate(margin.texts())}
        trees |= texts
        return {
            "start": margin.start,
            "scale": margin.scale,
            "trees": list(texts),
            "explained_by": margin.method,
        }
    if isinstance(margin, LinearMargin):
        arrays = {each: getattr(margin, each).tolist() for each in ARRAYS}
        return {"intercept": margin.intercept, "scale": margin.scale, **arrays}
    if isinstance(margin, Sum):
        return {"terms": [margin_state(term, name=name, trees=trees) for term in margin.terms]}
    if isinstance(margin, LogSum):
        return {
            "intercept": margin.intercept,
            "slope": margin.slope,
            "floor": margin.floor,
            "at_stake": margin.weights.tolist(),
            "centres": margin.centres.tolist(),
        }
    raise TypeError(type(margin))


def read_margin(values: Mapping[str, Any], trees: Mapping[str, str]) -> Any:
    """Return the margin of such data; trees that name no method are of a release that had one alone."""
    if "trees" in values:
        texts = [trees[name] for name in values["trees"]]
        method = values.get("explained_by", "pred_contrib")
        if method not in get_args(Method):
            raise TypeError(f"trees explained by {method}")
        return Trees.read(values["start"], texts, scale=values["scale"], method=method)
    if "terms" in values:
        return Sum(tuple(read_margin(term, trees) for term in values["terms"]))
    if "at_stake" in values:
        weights, centres = (np.array(values[each], np.float64) for each in ("at_stake", "centres"))
        return LogSum(values["intercept"], values["slope"], weights, centres, values["floor"])
    arrays = {each: np.array(values[each], np.float64) for each in ARRAYS}
    return LinearMargin(intercept=values["intercept"], scale=values["scale"], **arrays)
