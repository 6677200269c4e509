"""Lotteries of an invented population: money is heavy-tailed, and the model may be good or bad."""

from datetime import date
from typing import Any

import numpy as np

from models.gap.estimate import Lottery
from models.prediction import Floats


def lottery(score: Floats, chance: Floats, drawn: np.ndarray, answer: Floats, **other: Any) -> Lottery:
    """Return a lottery in which everybody could be drawn and everybody drawn has answered."""
    n = len(score)
    nobody = np.zeros(n, bool)
    given: dict[str, Any] = {
        "name": "P",
        "year": 2024,
        "drawn_on": date(2024, 1, 1),
        "trader_ids": np.arange(n).astype(str),
        "score": score,
        "reachable": np.ones(n, bool),
        "chance": chance,
        "team": np.full(n, ""),
        "drawn": drawn,
        "certain": nobody,
        "treated": drawn,
        "answered": drawn,
        "refused": nobody,
        "by_type": {},
        "weight": np.ones(n),
        "is_recorded": True,
        "groups": {},
    }
    given |= other
    return Lottery(**given | {"answer": np.where(given["answered"], answer, 0.0)})


class Population:
    """Traders with a yield each, and a model that expects `off` times as much of them, each as it may."""

    def __init__(self, *, off: float, traders: int = 2_000, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        expected = rng.lognormal(5.0, 1.3, traders)
        self.money = np.where(rng.random(traders) < 0.2, 5 * expected * rng.lognormal(-0.3, 0.8, traders), 0)
        noise = rng.lognormal(0.0, 0.5 * off, traders)
        self.score = expected * noise * off * self.money.sum() / (expected * noise).sum()
        self.chance = np.clip(200 * self.score / self.score.sum(), 0.01, 1.0)

    def draw(self, seed: int) -> Lottery:
        """Draw a lottery by systematic sampling in a random order."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(self.money))
        ends = np.floor(np.cumsum(self.chance[order]) + rng.random())
        drawn = np.zeros(len(order), bool)
        drawn[order[np.diff(ends, prepend=0.0) > 0]] = True
        return lottery(self.score, self.chance, drawn, self.money)
