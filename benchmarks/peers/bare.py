"""FastAPI with LightGBM and `pred_contrib`, and nothing of what a service for an administration needs."""

from typing import Any

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.peers.model import peer_model

app = FastAPI()
model = peer_model()


class Traders(BaseModel):
    """The traders of a request."""

    trader_ids: list[str]


@app.post("/predict")
async def predict(request: Traders) -> dict[str, Any]:
    """Predict the traders of a request."""
    rows = model.rows(request.trader_ids)
    return {"expected": np.asarray(model.booster.predict(rows, num_threads=1)).tolist()}


@app.post("/explain")
async def explain(request: Traders) -> dict[str, Any]:
    """Return the trees' contributions for the traders of a request."""
    rows = model.rows(request.trader_ids)
    contributions = model.booster.predict(rows, pred_contrib=True, num_threads=1)
    return {"contributions": np.asarray(contributions).tolist()}
