"""FastAPI with LightGBM and `pred_contrib`, and nothing of what a service for an administration needs."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI

from benchmarks.peers.loaded import loaded

app = FastAPI()
live = loaded(Path(os.environ["AUDIT_YIELD_HOME"]), os.environ["BENCHMARK_DATA"], os.environ["BENCHMARK_DAY"])
margins: list[Any] = [getattr(margin, "trees", margin) for margin in live.bundle.model.margins_]
boosters = [booster for trees in margins for booster in trees.boosters]


@app.post("/predict")
async def predict(request: dict[str, Any]) -> dict[str, Any]:
    """Predict the traders of a request."""
    prediction = live.bundle.model.predict(_rows(request))
    return {"expected": prediction.expected.tolist(), "probability": prediction.probability.tolist()}


@app.post("/explain")
async def explain(request: dict[str, Any]) -> dict[str, Any]:
    """Return the trees' contributions for the traders of a request, and the seconds that these took alone."""
    rows, began = _rows(request), time.perf_counter()
    contributions = [
        np.asarray(booster.predict(rows, pred_contrib=True, num_threads=1)) for booster in boosters
    ]
    seconds = time.perf_counter() - began
    return {"contributions": [each.tolist() for each in contributions], "seconds": seconds}


def _rows(request: dict[str, Any]) -> np.ndarray:
    traders = request.get("trader_ids") or [request["trader_id"]]
    return live.X[[live.row_index[trader] for trader in traders]]
