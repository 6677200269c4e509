"""MLflow loader: loads a registered bundle, such as `models:/audit-yield@champion`, as a pyfunc model."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from models.bundle.artefact import Bundle, load_bundle
from models.prediction import PER_TRADER


class Predictor:
    """The pyfunc interface of a bundle: predicts for a frame of features."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, rows: Any) -> Any:
        """Return a table of the columns `PER_TRADER` for rows of features as `YieldModel.predict` takes them.

        For a pandas frame it is one, with the same index; for all else it is Arrow's.
        """
        prediction = self.bundle.model.predict(rows)
        columns = {name: getattr(prediction, name) for name in PER_TRADER}
        if not hasattr(rows, "iloc"):
            return pa.table(columns)
        return type(rows)(columns, index=rows.index)  # models/ never imports pandas


def _load_pyfunc(path: str) -> Predictor:
    return Predictor(load_bundle(Path(path)))
