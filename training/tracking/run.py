"""A training as a run of MLflow: what went in, how it fared, what came out; killed, it looks unfinished."""

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.clock import Clock
from features.storage.home import home
from features.storage.lock import file_lock
from features.storage.temporary import private_tempdir, temporary_folder
from models.bundle.artefact import Bundle, load_bundle
from models.prediction import SAID
from training.tracking.cleanup import LOCK, READY, lock_of, reap
from training.tracking.registry import MODEL
from training.tracking.store import NAME, experiment, quiet, store, store_lock

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("lightgbm", "numpy", "pyarrow")
ABOUT = (
    "The yield in money that a post-clearance audit of a trader is expected to bring. "
    "The alias champion is the model that serves; `audit-yield promote` moves it."
)


@dataclass(frozen=True)
class Run:
    """A training under way; what is logged to it stands in MLflow at once."""

    id: str
    place: Path
    client: "MlflowClient"
    clock: Clock

    def parameters(self, values: Mapping[str, Any]) -> None:
        """Log the settings of an experiment; MLflow keeps at most 6,000 characters of each."""
        from mlflow.entities import Param

        said = [Param(name, _text(value)) for name, value in values.items()]
        self.client.log_batch(self.id, params=said)

    def data(self, table: pa.Table, *, name: str, fingerprint: str) -> None:
        """Log what the model learns from: its columns, its size and its fingerprint, not its rows."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        columns = [{"name": each, "type": "double", "required": False} for each in table.column_names]
        kept = Dataset(
            name=name,
            digest=fingerprint[:36],
            source_type="warehouse",
            source=json.dumps({"fingerprint": fingerprint}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps({"num_rows": table.num_rows}),
        )
        training = [InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(self.id, [DatasetInput(kept, training)])

    def metrics(self, values: Mapping[str, float | None], *, step: int = 0) -> None:
        """Log numbers by name, as of a fold where `step` counts folds; what is not defined is left out."""
        from mlflow.entities import Metric

        now = int(self.clock().timestamp() * 1000)
        defined = {name: value for name, value in values.items() if value is not None and isfinite(value)}
        self.client.log_batch(self.id, metrics=[Metric(n, float(v), now, step) for n, v in defined.items()])

    def table(self, table: pa.Table, name: str) -> None:
        """Log a table as Parquet."""
        with temporary_folder() as folder:
            pq.write_table(table, folder / name)
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

    def register(self, folder: Path, *, said: Mapping[str, str], description: str) -> str:
        """Log the bundle in `folder` as data and register it; return the number of its version.

        `said` are tags: what `training.tracking.registry.Version` tells of a version. Until the run has ended
        well the version cannot be promoted.
        """
        bundle = load_bundle(folder)
        with file_lock(store_lock(self.place)):
            if not self.client.search_registered_models(f"name = '{NAME}'"):
                self.client.create_registered_model(NAME, description=ABOUT)
        model_id = self._logged(bundle, folder)
        found = self.client.create_model_version(
            NAME,
            f"models:/{model_id}",
            run_id=self.id,
            tags={"digest": bundle.digest, "feature_digest": bundle.feature_digest, **said},
            description=description,
            model_id=model_id,
        )
        self.client.set_model_version_tag(NAME, found.version, READY, "true")
        return str(found.version)

    def _logged(self, bundle: Bundle, folder: Path) -> str:
        """Log a bundle as data that `models.mlflow_loader` loads: no pickle and no code.

        The model is made first, in our experiment: else MLflow puts its files below the current folder.
        """
        import mlflow

        with quiet():
            begun = self.client.create_logged_model(
                experiment(self.client, self.place),
                name=MODEL,
                source_run_id=self.id,
                params=self.client.get_run(self.id).data.params,
            )
            made = mlflow.models.Model.log(
                None,
                mlflow.pyfunc,
                name=MODEL,
                model_id=begun.model_id,
                run_id=self.id,
                loader_module="models.mlflow_loader",
                data_path=str(folder),
                signature=_signature(bundle),
                input_example=bundle.golden.select(bundle.names).slice(0, 1).to_pandas(),
                pip_requirements=[f"{name}=={metadata.version(name)}" for name in REQUIREMENTS],
            )
        return str(made.model_id)


@contextmanager
def tracked(
    name: str, *, tags: Mapping[str, str] | None = None, place: Path | None = None, clock: Clock
) -> Iterator[Run]:
    """Yield a new run, after tidying up what was killed; the block's end is the run's.

    The run is FINISHED where the block ends well, KILLED where a person stops it, FAILED after an error. Its
    process holds a lock meanwhile, by which the next command knows a run whose process has died.
    """
    place = place or home()
    client = store(place)
    reap(client, place)
    with _own_lock(place) as lock, private_tempdir():
        own = {LOCK: lock, "mlflow.source.name": NAME, "mlflow.source.git.commit": revision()}
        made = client.create_run(experiment(client, place), run_name=name, tags=own | dict(tags or {}))
        status = "FAILED"
        try:
            yield Run(made.info.run_id, place, client, clock)
            status = "FINISHED"
        except KeyboardInterrupt:
            status = "KILLED"
            raise
        finally:
            client.set_terminated(made.info.run_id, status)
    reap(client, place)


@contextmanager
def _own_lock(place: Path) -> Iterator[str]:
    """Yield the name of a lock: held while the block runs, gone then, also where no run began."""
    name = uuid.uuid4().hex
    with file_lock(lock_of(place, name)):
        try:
            yield name
        finally:
            lock_of(place, name).unlink(missing_ok=True)


def revision() -> str:
    """Return the commit of the code, marked where it was changed since; 'unknown' outside a repository."""
    if not (ROOT / ".git").exists():
        return "unknown"
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() or "unknown"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _signature(bundle: Bundle) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    taken = Schema([ColSpec("double", name, required=False) for name in bundle.names])
    return ModelSignature(taken, Schema([ColSpec("double", name) for name in SAID]))
