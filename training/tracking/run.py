"""MLflow runs of trainings: parameters, data, metrics, artefacts, and the version they register."""

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.clock import Clock
from features.storage.lock import file_lock
from features.storage.temporary import private_tempdir, temporary_folder
from models.bundle.artefact import Bundle, load_bundle
from models.prediction import PER_TRADER
from training.tracking.cleanup import LOCK, READY, clean_up, lock_of
from training.tracking.registry import MODEL
from training.tracking.store import NAME, experiment, quiet, store, store_lock

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

ROOT = Path(__file__).parents[2]
CODE = ("features", "models")
"""The packages that `models.mlflow_loader` is of; a version carries them and loads without a clone."""
LEVEL = "level"
"""The tag that says what a run is: a training, a contender of its backtest, or a fold of one."""
REQUIREMENTS = (
    "duckdb",
    "ibis-framework",
    "lightgbm",
    "numpy",
    "packaging",
    "pyarrow",
    "pyarrow-hotfix",
    "scipy",
    "sqlglot",
)
"""What they import, pinned in the version."""
ABOUT = (
    "The yield in money that a post-clearance audit of a trader is expected to bring. "
    "The alias champion is the model that serves; `audit-yield promote` moves it."
)


@dataclass(frozen=True)
class Run:
    """A training under way; what is logged to it stands in MLflow at once."""

    id: str
    home: Path
    client: "MlflowClient"
    clock: Clock
    lock: str

    def parameters(self, values: Mapping[str, Any]) -> None:
        """Log the settings of an experiment; MLflow keeps at most 6,000 characters of each."""
        from mlflow.entities import Param

        parameters = [Param(name, _text(value)) for name, value in values.items()]
        self.client.log_batch(self.id, params=parameters)

    def data(self, table: pa.Table, *, name: str, fingerprint: str) -> None:
        """Log the training data: its columns, its size and its fingerprint, not its rows."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        columns = [{"name": each, "type": "double", "required": False} for each in table.column_names]
        dataset = Dataset(
            name=name,
            digest=fingerprint[:36],
            source_type="warehouse",
            source=json.dumps({"fingerprint": fingerprint}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps({"num_rows": table.num_rows}),
        )
        training = [InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(self.id, [DatasetInput(dataset, training)])

    def metrics(self, values: Mapping[str, float | None], *, step: int = 0) -> None:
        """Log numbers by name, as of a fold where `step` counts folds; what is not defined is left out."""
        from mlflow.entities import Metric

        now = int(self.clock().timestamp() * 1000)
        defined = {name: value for name, value in values.items() if value is not None and isfinite(value)}
        self.client.log_batch(self.id, metrics=[Metric(n, float(v), now, step) for n, v in defined.items()])

    def curve(self, name: str, values: Sequence[float], *, steps: Sequence[int]) -> None:
        """Log a metric at every step; MLflow draws the curves of several runs over each other."""
        from mlflow.entities import Metric

        now = int(self.clock().timestamp() * 1000)
        points = [Metric(name, value, now, step) for value, step in zip(values, steps, strict=True)]
        self.client.log_batch(self.id, metrics=points)

    @contextmanager
    def nested(self, name: str, *, level: str) -> Iterator["Run"]:
        """Yield a run below this one, which ends with the block; `level` is a tag to search by."""
        from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

        tags = {LOCK: self.lock, LEVEL: level, MLFLOW_PARENT_RUN_ID: self.id}
        run = self.client.create_run(experiment(self.client, self.home), run_name=name, tags=tags)
        yield replace(self, id=run.info.run_id)
        self.client.set_terminated(run.info.run_id, "FINISHED")

    def file(self, content: bytes, name: str) -> None:
        """Log bytes under a file's name."""
        with temporary_folder() as folder:
            (folder / name).write_bytes(content)
            self.client.log_artifact(self.id, str(folder / name))

    def text(self, content: str, name: str) -> None:
        """Log a text under a file's name, which may name a folder too."""
        self.client.log_text(self.id, content, name)

    def json(self, value: Any, name: str) -> None:
        """Log data as JSON under a file's name."""
        self.text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", name)

    def figures(self, drawn: Mapping[str, "Figure"]) -> None:
        """Log each figure under its name, as a picture to look at (PNG) and one to print (SVG)."""
        with temporary_folder() as folder:
            for name, figure in drawn.items():
                for form in ("png", "svg"):
                    figure.savefig(folder / f"{name}.{form}", bbox_inches="tight")
            self.client.log_artifacts(self.id, str(folder), "plots")

    def describe(self, markdown: str) -> None:
        """Set the words that MLflow shows on the run's first page."""
        self.client.set_tag(self.id, "mlflow.note.content", markdown)

    def register(self, folder: Path, *, tags: Mapping[str, str], description: str) -> str:
        """Log the bundle in `folder` as data and register it; return the number of its version.

        `tags` are the values of a `training.tracking.registry.ModelVersion`. Until the run has ended well the
        version cannot be promoted.
        """
        bundle = load_bundle(folder)
        with file_lock(store_lock(self.home)):
            if not self.client.search_registered_models(f"name = '{NAME}'"):
                self.client.create_registered_model(NAME, description=ABOUT)
        model_id = self._log_model(bundle, folder)
        registered = self.client.create_model_version(
            NAME,
            f"models:/{model_id}",
            run_id=self.id,
            tags={"digest": bundle.digest, "feature_digest": bundle.feature_digest, **tags},
            description=description,
            model_id=model_id,
        )
        self.client.set_model_version_tag(NAME, registered.version, READY, "true")
        return str(registered.version)

    def _log_model(self, bundle: Bundle, folder: Path) -> str:
        """Log a bundle as data that `models.mlflow_loader` loads, with the loader's code and no pickle.

        The model is made first, in our experiment: else MLflow puts its files below the current folder.
        """
        import mlflow

        with quiet():
            logged_model = self.client.create_logged_model(
                experiment(self.client, self.home),
                name=MODEL,
                source_run_id=self.id,
                params=self.client.get_run(self.id).data.params,
            )
            model = mlflow.models.Model.log(
                None,
                mlflow.pyfunc,
                name=MODEL,
                model_id=logged_model.model_id,
                run_id=self.id,
                loader_module="models.mlflow_loader",
                code_paths=[str(ROOT / package) for package in CODE],
                data_path=str(folder),
                signature=_signature(bundle),
                input_example=bundle.golden.select(bundle.names).slice(0, 1).to_pandas(),
                pip_requirements=[f"{name}=={metadata.version(name)}" for name in REQUIREMENTS],
            )
        return str(model.model_id)


@contextmanager
def tracked(name: str, *, home: Path, clock: Clock) -> Iterator[Run]:
    """Yield a new run, after a cleanup of what was killed; it ends with the block.

    The run is FINISHED where the block ends well, KILLED where a person stops it, FAILED after an error. Its
    process holds a lock meanwhile, by which the next command knows a run whose process has died.
    """
    client = store(home)
    clean_up(client, home)
    with _own_lock(home) as lock, private_tempdir():
        tags = {
            LOCK: lock,
            LEVEL: "training",
            "mlflow.source.name": NAME,
            "mlflow.source.git.commit": revision(),
        }
        run = client.create_run(experiment(client, home), run_name=name, tags=tags)
        status = "FAILED"
        try:
            yield Run(run.info.run_id, home, client, clock, lock)
            status = "FINISHED"
        except KeyboardInterrupt:
            status = "KILLED"
            raise
        finally:
            client.set_terminated(run.info.run_id, status)
    clean_up(client, home)


@contextmanager
def _own_lock(home: Path) -> Iterator[str]:
    """Yield the name of a lock: held while the block runs, gone then, also where no run began."""
    name = uuid.uuid4().hex
    with file_lock(lock_of(home, name)):
        try:
            yield name
        finally:
            lock_of(home, name).unlink(missing_ok=True)


def revision() -> str:
    """Return the commit of the code, marked where it was changed since; 'unknown' outside a repository."""
    if not (ROOT / ".git").exists():
        return "unknown"
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return process.stdout.strip() or "unknown"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _signature(bundle: Bundle) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("double", name, required=False) for name in bundle.names])
    return ModelSignature(inputs, Schema([ColSpec("double", name) for name in PER_TRADER]))
