"""MLflow's store in the home: its client, experiment and artefacts."""

import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)
"""Tables and columns of the store that hold whole paths."""
QUIET = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""MLflow reports nothing to anyone, loads no pickle and draws no bars."""


def store(home: Path) -> "MlflowClient":
    """Return a client of MLflow's store in a home, made where it is not there.

    MLflow is imported here and nowhere before: it takes six seconds, and only tracking needs it. To make the
    store takes as long again.
    """
    os.environ.update(QUIET)
    with quiet():
        import mlflow

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # a traceback of what they then raise
        _create_store(home)
        mlflow.set_tracking_uri(_sqlite_url(home / STORE))
        mlflow.set_registry_uri(_sqlite_url(home / STORE))
        return mlflow.MlflowClient()


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress warnings of MLflow's dependencies about each other: no user can act on them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def registered_versions(home: Path) -> tuple[str, ...]:
    """Return the numbers of the versions in a home, the newest first; none where there is no store yet.

    Read from the store itself, for a shell that completes them waits: MLflow takes six seconds to import.
    """
    if not (home / STORE).exists():
        return ()
    numbers = "SELECT version FROM model_versions WHERE name = ? ORDER BY version DESC"
    with closing(sqlite3.connect(f"{(home / STORE).as_uri()}?mode=ro", uri=True)) as connection:
        return tuple(f"{number}" for (number,) in connection.execute(numbers, [NAME]))


def experiment(client: "MlflowClient", home: Path) -> str:
    """Return the id of the experiment in a home, with its artefacts beside the store.

    MLflow keeps whole paths: in a home that was moved or copied they are set to where it is now, lest
    `models:/…` and new trainings look where it was.
    """
    with file_lock(store_lock(home)):
        current = client.get_experiment_by_name(NAME)
        if current is None:
            return str(client.create_experiment(NAME, artifact_location=(home / ARTEFACTS).as_uri()))
        if not _is_artefact_folder(current.artifact_location, home):
            _relocate(home, old=current.artifact_location)
        return str(current.experiment_id)


def _relocate(home: Path, *, old: str) -> None:
    """Set all paths below the artefact folder `old`, a URI, to that of a home, in one transaction."""
    paths = {"old": old, "new": (home / ARTEFACTS).as_uri(), "length": len(old)}
    with closing(sqlite3.connect(home / STORE)) as connection, connection:
        for table, column in PATHS:
            connection.execute(
                f"UPDATE {table} SET {column} = :new || substr({column}, :length + 1) "  # noqa: S608  of PATHS
                f"WHERE {column} = :old OR substr({column}, 1, :length + 1) = :old || '/'",
                paths,
            )


def artefact(uri: str, home: Path) -> Path:
    """Return the path of an artefact in a home, wherever the home was when MLflow stored `uri`."""
    _, _, inside = _path(uri).as_posix().rpartition(f"/{ARTEFACTS}/")
    return home / ARTEFACTS / inside


def _is_artefact_folder(location: str, home: Path) -> bool:
    """Return whether a stored location is this home's artefact folder, by this path or another."""
    stored, here = _path(location), home / ARTEFACTS
    return stored == here or (stored.exists() and here.exists() and stored.samefile(here))


def _path(uri: str) -> Path:
    return Path(url2pathname(urlsplit(uri).path))


def store_lock(home: Path) -> Path:
    """Return the lock file under which the store, the experiment and the model are created."""
    return home / "locks" / "store.lock"


def _create_store(home: Path) -> None:
    """Create the store under another name and rename it: a kill leaves no half of it."""
    from mlflow import MlflowClient

    with file_lock(store_lock(home)):
        if not (home / STORE).exists():
            new_store = home / f".{STORE}.new"
            for leftover in home.glob(f"{new_store.name}*"):  # its journal too
                leftover.unlink()
            MlflowClient(_sqlite_url(new_store), _sqlite_url(new_store)).search_experiments()
            new_store.rename(home / STORE)


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"
