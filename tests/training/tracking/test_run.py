"""A run says in MLflow how it ended, and what went in and came out."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from features.errors import DataError, OutputError
from features.storage.home import home
from features.storage.lock import file_lock, is_locked, try_file_lock
from models.bundle.artefact import load_bundle
from tests.clock import now
from tests.models.tiny import rows, saved
from tests.training.trained import SAID
from training.tracking.registry import kept_bundle, kept_file, kept_folder, models
from training.tracking.run import revision, tracked
from training.tracking.store import NAME, experiment, store


def statuses(place: Path) -> list[str]:
    client = store(place)
    return [run.info.status for run in client.search_runs([experiment(client, place)])]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED"), (SystemExit, "FAILED")]
)
def test_a_training_that_is_broken_off_says_so_and_leaves_no_version(
    error: type[BaseException], status: str, place: Path, tmp_path: Path
):
    saved(tmp_path / "bundle")

    def train() -> None:
        with tracked("broken", place=place, clock=now) as run:
            run.register(tmp_path / "bundle", said=SAID, description="")
            raise error

    with pytest.raises(error):
        train()
    assert statuses(place) == [status]
    assert models(place) == ()


def test_a_run_keeps_what_is_logged_to_it(place: Path):
    with tracked("hurdle to 2024", place=place, tags={"kind": "hurdle"}, clock=now) as run:
        run.parameters({"seed": 1, "parameters": {"growth": {"bags": 2}}, "model": "hurdle"})
        run.data(rows(), name="audits", fingerprint="f" * 64)
        run.metrics({"all/gini": 0.5, "all/width": None, "all/coverage": float("nan")})
        run.metrics({"fold/gini": 0.4}, step=1)
        run.table(pa.table({"a": [1]}), "a.parquet")
        run.json({"é": [1]}, "b.json")
        run.describe("# A model")
    client = store(place)
    kept = client.get_run(run.id)
    assert (kept.info.run_name, kept.info.status) == ("hurdle to 2024", "FINISHED")
    assert kept.data.params == {"seed": "1", "parameters": '{"growth": {"bags": 2}}', "model": "hurdle"}
    assert kept.data.metrics == {"all/gini": 0.5, "fold/gini": 0.4}
    assert kept.data.tags["mlflow.note.content"] == "# A model"
    assert kept.data.tags["mlflow.source.git.commit"] == revision()
    [used] = kept.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("audits", "f" * 36)
    assert json.loads(Path(client.download_artifacts(run.id, "b.json", str(place.parent))).read_text()) == {
        "é": [1]
    }
    assert {each.path for each in client.list_artifacts(run.id)} == {"a.parquet", "b.json"}


def test_a_model_is_kept_in_the_home_wherever_one_stands(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    saved(tmp_path / "bundle")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with tracked("hurdle to 2024", place=place, clock=now) as run:
        run.register(tmp_path / "bundle", said=SAID, description="")
    [version] = models(place)
    client = store(place)
    [kept] = client.search_logged_models([experiment(client, place)])
    assert (kept.source_run_id, str(kept.status)) == (version.run_id, "READY")
    assert kept_folder(version, place=place).is_relative_to(place / "artefacts")
    assert list(elsewhere.iterdir()) == []


def test_a_run_of_another_process_that_is_alive_is_left_alone(place: Path):
    with tracked("alive", place=place, clock=now):
        assert models(place) == ()
        assert statuses(place) == ["RUNNING"]
    assert statuses(place) == ["FINISHED"]
    assert not list((place / "locks").glob("?" * 32 + ".lock"))


def test_a_persons_own_run_is_left_alone(place: Path):
    client = store(place)
    client.create_run(experiment(client, place))
    models(place)
    assert statuses(place) == ["RUNNING"]


def test_a_version_that_a_person_registered_without_a_run_is_left_alone_and_not_offered(place: Path):
    client = store(place)
    client.create_registered_model(NAME)
    client.create_model_version(NAME, "file:///elsewhere", run_id="0" * 32, tags={"ready": "true"})
    client.create_model_version(NAME, "file:///elsewhere")
    assert models(place) == ()
    assert len(client.search_model_versions(f"name = '{NAME}'")) == 2


def test_a_lock_is_held_while_its_block_runs(tmp_path: Path):
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
):
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


def test_the_store_stands_in_the_home_with_its_artefacts_beside(place: Path):
    client = store(place)
    found = client.get_experiment(experiment(client, place))
    assert found.name == NAME
    assert found.artifact_location == (place / "artefacts").as_uri()
    assert sorted(path.name for path in place.iterdir()) == ["locks", "mlflow.db"]


def test_a_store_that_a_kill_left_half_made_is_made_anew(tmp_path: Path):
    place = tmp_path / "home"
    place.mkdir()
    for leftover in (".mlflow.db.new", ".mlflow.db.new-journal"):
        (place / leftover).write_bytes(b"half")
    assert store(place).search_registered_models() == []
    assert sorted(path.name for path in place.iterdir()) == ["locks", "mlflow.db"]


def test_a_model_whose_artefacts_are_gone_is_said_to_be_gone(place: Path, tmp_path: Path):
    saved(tmp_path / "bundle")
    with tracked("gone", place=place, clock=now) as run:
        run.register(tmp_path / "bundle", said=SAID, description="")
    [version] = models(place)
    shutil.rmtree(place / "artefacts")
    with pytest.raises(DataError, match="MLflow no longer has"):
        kept_bundle(version, place=place)


def test_where_git_is_not_installed_the_code_has_no_revision(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    assert revision() == "unknown"


def test_a_home_that_was_moved_keeps_its_models_and_takes_new_ones(place: Path, tmp_path: Path):
    saved(tmp_path / "bundle")
    with tracked("before", place=place, clock=now) as run:
        run.register(tmp_path / "bundle", said=SAID, description="")
    moved = place.rename(tmp_path / "moved")
    [version] = models(moved)
    assert kept_bundle(version, place=moved).names == load_bundle(tmp_path / "bundle").names
    with tracked("after", place=moved, clock=now) as run:
        run.json({}, "leaks.json")
        run.register(tmp_path / "bundle", said=SAID, description="")
    new, old = models(moved)
    assert (new.version, old.version) == ("2", "1")
    assert kept_file(new, "leaks.json", place=moved).is_relative_to(moved)
    assert not place.exists()


def test_a_home_reached_by_two_paths_is_one(place: Path, tmp_path: Path):
    with tracked("by one path", place=place, clock=now) as run:
        run.json({}, "leaks.json")
    other = tmp_path / "other"
    other.symlink_to(place)
    assert experiment(store(other), other) == experiment(store(place), place)
