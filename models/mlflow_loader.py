"""What MLflow calls to load a bundle that it keeps: `models:/audit-yield@champion` as a pyfunc model."""

from pathlib import Path
from typing import Any

from models.bundle.artefact import Bundle, load_bundle
from models.prediction import SAID


class Predictor:
    """Predicts for a frame of features, as MLflow asks."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, rows: Any) -> Any:
        """Return a frame of expected, probability, low and high, a row for each of `rows`."""
        prediction = self.bundle.model.predict(rows[list(self.bundle.names)].to_numpy("float64"))
        frame = type(rows)  # the caller's own kind of frame: models/ never imports pandas
        return frame({name: getattr(prediction, name) for name in SAID}, index=rows.index)


def _load_pyfunc(path: str) -> Predictor:
    return Predictor(load_bundle(Path(path)))
