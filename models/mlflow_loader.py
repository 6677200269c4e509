"""MLflow loader: loads a registered bundle, such as `models:/audit-yield@champion`, as a pyfunc model."""

from pathlib import Path
from typing import Any

from models.bundle.artefact import Bundle, load_bundle
from models.prediction import PER_TRADER


class Predictor:
    """The pyfunc interface of a bundle: predicts for a frame of features."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, rows: Any) -> Any:
        """Return a frame of the columns `PER_TRADER`, a row for each of `rows`."""
        prediction = self.bundle.model.predict(rows[list(self.bundle.names)].to_numpy("float64"))
        frame = type(rows)  # the caller's own kind of frame: models/ never imports pandas
        return frame({name: getattr(prediction, name) for name in PER_TRADER}, index=rows.index)


def _load_pyfunc(path: str) -> Predictor:
    return Predictor(load_bundle(Path(path)))
