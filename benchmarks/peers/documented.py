"""A BentoML service as its documents begin: a class, an array in and an array out."""

import bentoml
import numpy as np

from benchmarks.peers.model import peer_model


@bentoml.service
class Documented:
    """Predicts rows of features."""

    def __init__(self) -> None:
        self.booster = peer_model().booster

    @bentoml.api  # type: ignore[untyped-decorator]
    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return the predictions of rows."""
        return np.asarray(self.booster.predict(rows, num_threads=1))
