"""The model of a benchmark's peers: one LightGBM of as many trees as the champion, over the same features."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np

FOLDER = "BENCHMARK_MODEL"
"""The environment variable that names the folder of the model."""
BOOSTER, ROWS, TRADERS = "model.txt", "rows.npy", "traders.json"
LEAVES = 7


@dataclass(frozen=True)
class PeerModel:
    """A booster, the rows of features of all traders, and the row of each."""

    booster: lgb.Booster
    X: np.ndarray
    row_index: dict[str, int]

    def rows(self, trader_ids: Sequence[str]) -> np.ndarray:
        """Return the features of traders; empty ones are 0, which JSON can carry to every peer."""
        return self.X[[self.row_index[trader] for trader in trader_ids]]


def write_peer_model(
    folder: Path, X: np.ndarray, y: np.ndarray, *, traders: Sequence[str], trees: int
) -> None:
    """Fit a model of so many trees to what ours predicts, and write it with the rows of the traders."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.nan_to_num(X)
    settings = {"num_leaves": LEAVES, "verbosity": -1, "num_threads": 1, "seed": 1}
    booster = lgb.train(settings, lgb.Dataset(rows, y), num_boost_round=trees)
    booster.save_model(folder / BOOSTER)
    np.save(folder / ROWS, rows)
    (folder / TRADERS).write_text(json.dumps(list(traders)), encoding="utf-8")


def peer_model() -> PeerModel:
    """Read the model that the environment names."""
    return read_peer_model(Path(os.environ[FOLDER]))


def read_peer_model(folder: Path) -> PeerModel:
    """Read the model in a folder."""
    traders = json.loads((folder / TRADERS).read_text(encoding="utf-8"))
    booster = lgb.Booster(model_file=folder / BOOSTER)
    return PeerModel(booster, np.load(folder / ROWS), {each: row for row, each in enumerate(traders)})
