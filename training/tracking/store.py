"""MLflow's store in the home of a user's work."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from features.storage.lock import file_lock

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAME = "audit-yield"
"""Of the experiment that trainings are runs of, and of the model whose versions they register."""
STORE, ARTEFACTS = "mlflow.db", "artefacts"
QUIET = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""MLflow reports nothing to anyone, loads no pickle and draws no bars."""


def store(place: Path) -> "MlflowClient":
    """Return a client of MLflow's store in the home `place`, made where it is not there.

    MLflow is imported here and nowhere before: it takes six seconds, and only tracking needs it. To make the
    store takes as long again.
    """
    os.environ.update(QUIET)
    with quiet():
        import mlflow

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # a traceback of what they then raise
        _made(place)
        mlflow.set_tracking_uri(_address(place / STORE))
        mlflow.set_registry_uri(_address(place / STORE))
        return mlflow.MlflowClient()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep to itself what MLflow's dependencies say about each other: no user can act on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def experiment(client: "MlflowClient", place: Path) -> str:
    """Return the id of the experiment in the home `place`, with its artefacts beside the store.

    MLflow keeps whole paths: in a home that was moved or copied, trainings go on in a new experiment, lest
    their artefacts go to where the home was.
    """
    with file_lock(store_lock(place)):
        found = client.get_experiment_by_name(NAME)
        if found and _stands(found.artifact_location, place):
            return str(found.experiment_id)
        if found:
            client.rename_experiment(found.experiment_id, f"{NAME} {found.experiment_id}, before the move")
        return str(client.create_experiment(NAME, artifact_location=(place / ARTEFACTS).as_uri()))


def artefact(uri: str, place: Path) -> Path:
    """Return where an artefact stands in the home `place`, whatever was its place when MLflow noted `uri`."""
    _, _, inside = _path(uri).as_posix().rpartition(f"/{ARTEFACTS}/")
    return place / ARTEFACTS / inside


def _stands(location: str, place: Path) -> bool:
    """Whether the artefacts are here: noted under this path, or under another that leads here too."""
    noted, here = _path(location), place / ARTEFACTS
    return noted == here or (noted.exists() and here.exists() and noted.samefile(here))


def _path(uri: str) -> Path:
    return Path(url2pathname(urlsplit(uri).path))


def store_lock(place: Path) -> Path:
    """Return the lock under which what there is once in a store is made."""
    return place / "locks" / "store.lock"


def _made(place: Path) -> None:
    """Make the store beside its place and rename it: a kill leaves no half of it."""
    from mlflow import MlflowClient

    with file_lock(store_lock(place)):
        if not (place / STORE).exists():
            fresh = place / f".{STORE}.new"
            for leftover in place.glob(f"{fresh.name}*"):  # its journal too
                leftover.unlink()
            MlflowClient(_address(fresh), _address(fresh)).search_experiments()
            fresh.rename(place / STORE)


def _address(path: Path) -> str:
    return f"sqlite:///{path}"
