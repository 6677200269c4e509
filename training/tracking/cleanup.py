"""Cleanup after trainings that were killed: unfinished runs and versions are marked or removed."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.storage.lock import file_lock, is_locked
from models.bundle.champion import read_champion
from training.tracking.store import NAME, experiment

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

LOCK = "audit-yield.lock"
"""The tag that names the lock file which a run's process holds as long as it lives."""
READY = "ready"
CHAMPION = "champion"
PAGE = 1_000


@dataclass(frozen=True)
class Cleanup:
    """The result of a cleanup: ids of runs marked killed, versions removed, and where the alias was reset."""

    runs: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    champion: str | None = None


def clean_up(client: "MlflowClient", home: Path) -> Cleanup:
    """Mark dead runs as killed, remove unfinished versions, let the alias follow what serves.

    Only runs of our trainings are touched; of two commands at once the second waits.
    """
    with file_lock(home / "locks" / "reaper.lock"):
        return Cleanup(_runs(client, home), _versions(client, home), _champion(client, home))


def promotable(client: "MlflowClient", version: Any) -> bool:
    """Return whether the training of a version ended well: the end of its run is the last step."""
    return READY in version.tags and _status(client, version.run_id) == "FINISHED"


def lock_of(home: Path, name: str) -> Path:
    """Return the lock file of a run."""
    return home / "locks" / f"{name}.lock"


def _runs(client: "MlflowClient", home: Path) -> tuple[str, ...]:
    experiment_id = experiment(client, home)
    running = client.search_runs([experiment_id], "attributes.status = 'RUNNING'", max_results=PAGE)
    unlocked = [run for run in running if LOCK in run.data.tags and not _alive(run, home)]
    # read the status again: a run may have ended just now
    dead = [run for run in unlocked if _status(client, run.info.run_id) == "RUNNING"]
    for run in dead:
        client.set_terminated(run.info.run_id, "KILLED")
        lock_of(home, run.data.tags[LOCK]).unlink(missing_ok=True)
    return tuple(run.info.run_id for run in dead)


def _versions(client: "MlflowClient", home: Path) -> tuple[str, ...]:
    removed = []
    for version in client.search_model_versions(f"name = '{NAME}'"):
        run = _run(client, version.run_id)
        if run and LOCK in run.data.tags and not _alive(run, home) and not promotable(client, version):
            client.delete_model_version(NAME, version.version)
            removed.append(str(version.version))
    return tuple(removed)


def _champion(client: "MlflowClient", home: Path) -> str | None:
    """Reset the alias where it is not at what serves, and log a warning of it.

    A kill between the flip of the pointer and that of the alias left it behind, or a person moved it.
    """
    champion = read_champion(home)
    if champion is None or not client.search_registered_models(f"name = '{NAME}'"):
        return None
    aliases = client.get_registered_model(NAME).aliases
    registered = {str(version.version) for version in client.search_model_versions(f"name = '{NAME}'")}
    if str(aliases.get(CHAMPION)) == champion.version or champion.version not in registered:
        return None
    if moved_to := aliases.get(CHAMPION):
        logger.warning(
            "The alias champion stood at version %s in MLflow, but version %s serves: only "
            "`audit-yield promote` changes that. The alias is at version %s again.",
            moved_to,
            champion.version,
            champion.version,
        )
    client.set_registered_model_alias(NAME, CHAMPION, champion.version)
    return champion.version


def _alive(run: Any, home: Path) -> bool:
    return run.info.status == "RUNNING" and is_locked(lock_of(home, run.data.tags[LOCK]))


def _status(client: "MlflowClient", run_id: str | None) -> str | None:
    run = _run(client, run_id)
    return run and str(run.info.status)


def _run(client: "MlflowClient", run_id: str | None) -> Any:
    """Return a run; None where a person has removed it for good."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id) if run_id else None
    except MlflowException:
        return None
