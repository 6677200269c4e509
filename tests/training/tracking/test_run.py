"""A run says in MLflow how it ended, and what went in and came out."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from features.errors import DataError, OutputError
from features.storage.home import home
from features.storage.lock import file_lock, is_locked, try_file_lock
from models.bundle.artefact import load_bundle
from tests.clock import now
from tests.models.tiny import rows, saved
from tests.optional import not_none
from tests.training.trained import TAGS
from training.tracking.registry import (
    bundle_folder,
    models,
    registered_bundle,
    run_file,
)
from training.tracking.run import revision, tracked
from training.tracking.store import NAME, PATHS, STORE, experiment, registered_versions, store


def statuses(home: Path) -> list[str]:
    client = store(home)
    return [run.info.status for run in client.search_runs([experiment(client, home)])]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED"), (SystemExit, "FAILED")]
)
def test_a_training_that_is_broken_off_says_so_and_leaves_no_version(
    error: type[BaseException], status: str, home: Path, tmp_path: Path
) -> None:
    saved(tmp_path / "bundle")

    def train() -> None:
        with tracked("broken", home=home, clock=now) as run:
            run.register(tmp_path / "bundle", tags=TAGS, description="")
            raise error

    with pytest.raises(error):
        train()
    assert statuses(home) == [status]
    assert models(home) == ()


def test_a_run_keeps_what_is_logged_to_it(home: Path) -> None:
    with tracked("hurdle to 2024", home=home, clock=now) as run:
        run.parameters({"seed": 1, "parameters": {"growth": {"bags": 2}}, "model": "hurdle"})
        run.data(rows(), name="audits", fingerprint="f" * 64)
        run.metrics({"all/gini": 0.5, "all/width": None, "all/coverage": float("nan")})
        run.metrics({"fold/gini": 0.4}, step=1)
        run.file(b"1", "a.bin")
        run.json({"é": [1]}, "b.json")
        run.describe("# A model")
    client = store(home)
    logged = client.get_run(run.id)
    assert (logged.info.run_name, logged.info.status) == ("hurdle to 2024", "FINISHED")
    assert logged.data.params == {"seed": "1", "parameters": '{"growth": {"bags": 2}}', "model": "hurdle"}
    assert logged.data.metrics == {"all/gini": 0.5, "fold/gini": 0.4}
    assert logged.data.tags["mlflow.note.content"] == "# A model"
    assert logged.data.tags["mlflow.source.git.commit"] == revision()
    [used] = not_none(logged.inputs).dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("audits", "f" * 36)
    assert json.loads(Path(client.download_artifacts(run.id, "b.json", str(home.parent))).read_text()) == {
        "é": [1]
    }
    assert {each.path for each in client.list_artifacts(run.id)} == {"a.bin", "b.json"}


def test_a_model_is_kept_in_the_home_wherever_one_stands(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path / "bundle")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with tracked("hurdle to 2024", home=home, clock=now) as run:
        run.register(tmp_path / "bundle", tags=TAGS, description="")
    [version] = models(home)
    client = store(home)
    [logged_model] = client.search_logged_models([experiment(client, home)])
    assert (logged_model.source_run_id, str(logged_model.status)) == (version.run_id, "READY")
    assert bundle_folder(version, home=home).is_relative_to(home / "artefacts")
    assert list(elsewhere.iterdir()) == []


def test_a_run_of_another_process_that_is_alive_is_left_alone(home: Path) -> None:
    with tracked("alive", home=home, clock=now):
        assert models(home) == ()
        assert statuses(home) == ["RUNNING"]
    assert statuses(home) == ["FINISHED"]
    assert not list((home / "locks").glob("?" * 32 + ".lock"))


def test_a_persons_own_run_is_left_alone(home: Path) -> None:
    client = store(home)
    client.create_run(experiment(client, home))
    models(home)
    assert statuses(home) == ["RUNNING"]


def test_a_version_that_a_person_registered_without_a_run_is_left_alone_and_not_offered(home: Path) -> None:
    client = store(home)
    client.create_registered_model(NAME)
    client.create_model_version(NAME, "file:///elsewhere", run_id="0" * 32, tags={"ready": "true"})
    client.create_model_version(NAME, "file:///elsewhere")
    assert models(home) == ()
    assert len(client.search_model_versions(f"name = '{NAME}'")) == 2
    assert registered_versions(home) == ("2", "1")


def test_a_lock_is_held_while_its_block_runs(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "a.lock"
    assert not is_locked(path)
    with file_lock(path):
        assert is_locked(path)
        with (
            pytest.raises(OutputError, match="Another tidying is under way"),
            try_file_lock(path, doing="tidying"),
        ):
            pytest.fail("the lock was had twice")
    assert not is_locked(path)


def test_the_home_is_the_folder_named_else_one_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUDIT_YIELD_HOME", raising=False)
    assert home() == tmp_path / "mlruns"
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(tmp_path / "a" / "b"))
    assert home() == tmp_path / "a" / "b"
    assert home().is_dir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="cannot be made"):
        home()


def test_the_store_stands_in_the_home_with_its_artefacts_beside(home: Path) -> None:
    client = store(home)
    actual = client.get_experiment(experiment(client, home))
    assert actual.name == NAME
    assert actual.artifact_location == (home / "artefacts").as_uri()
    assert sorted(path.name for path in home.iterdir()) == ["locks", "mlflow.db"]


def test_a_store_that_a_kill_left_half_made_is_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for leftover in (".mlflow.db.new", ".mlflow.db.new-journal"):
        (home / leftover).write_bytes(b"half")
    assert store(home).search_registered_models() == []
    assert sorted(path.name for path in home.iterdir()) == ["locks", "mlflow.db"]


def test_a_model_whose_artefacts_are_gone_is_said_to_be_gone(home: Path, tmp_path: Path) -> None:
    saved(tmp_path / "bundle")
    with tracked("gone", home=home, clock=now) as run:
        run.register(tmp_path / "bundle", tags=TAGS, description="")
    [version] = models(home)
    shutil.rmtree(home / "artefacts")
    with pytest.raises(DataError, match="MLflow no longer has"):
        registered_bundle(version, home=home)


def test_where_git_is_not_installed_the_code_has_no_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert revision() == "unknown"


def test_a_home_that_was_moved_keeps_its_models_and_takes_new_ones(home: Path, tmp_path: Path) -> None:
    saved(tmp_path / "bundle")
    with tracked("before", home=home, clock=now) as run:
        run.register(tmp_path / "bundle", tags=TAGS, description="")
    moved = home.rename(tmp_path / "moved")
    [version] = models(moved)
    assert registered_bundle(version, home=moved).names == load_bundle(tmp_path / "bundle").names
    with tracked("after", home=moved, clock=now) as run:
        run.json({}, "leaks.json")
        run.register(tmp_path / "bundle", tags=TAGS, description="")
    new, old = models(moved)
    assert (new.version, old.version) == ("2", "1")
    assert run_file(new, "leaks.json", home=moved).is_relative_to(moved)
    assert not home.exists()
    assert str(home) not in "\n".join(dump(moved))


def test_a_copy_of_a_home_is_a_home_of_its_own(home: Path, tmp_path: Path) -> None:
    saved(tmp_path / "bundle")
    with tracked("before", home=home, clock=now) as run:
        run.register(tmp_path / "bundle", tags=TAGS, description="")
    before = dump(home)
    copied = Path(shutil.copytree(home, tmp_path / "copied"))
    models(copied)
    assert str(home) not in "\n".join(dump(copied))
    assert dump(home) == before


def dump(home: Path) -> list[str]:
    """The paths that MLflow's store holds."""
    with closing(sqlite3.connect(home / STORE)) as connection:
        return [
            str(value)
            for table, column in PATHS
            for [value] in connection.execute(f"SELECT {column} FROM {table}")  # noqa: S608  names of our own
        ]


def test_a_home_reached_by_two_paths_is_one(home: Path, tmp_path: Path) -> None:
    with tracked("by one path", home=home, clock=now) as run:
        run.json({}, "leaks.json")
    other = tmp_path / "other"
    other.symlink_to(home)
    assert experiment(store(other), other) == experiment(store(home), home)
