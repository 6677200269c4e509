"""Registry of model versions: their data, scores and aliases, and their files in MLflow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import DataError, SettingError
from models.bundle.artefact import Bundle, load_bundle, sealed_evidence
from models.bundle.sealed import sha256
from training.tracking.cleanup import clean_up, promotable
from training.tracking.store import ARTEFACTS, NAME, artefact, store

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHALLENGER = "challenger"
MODEL = "model"
"""The name of a bundle that is logged to a run."""
OUT_OF_FOLD, LEAKS, LABELS = "out_of_fold.parquet", "leaks.json", "labels.json"
"""Artefacts of a run that the gate reads: `OutOfFold.table()`, and the reports of leak and label alarms."""


@dataclass(frozen=True)
class ModelVersion:
    """A version of the model in the registry.

    - `aliases`: champion serves, challenger is the one registered last that does not.
    - `kind`: the family of the model; `as_of`: it learned from what was known before that day; `digest`: of
      its bundle.
    - `captured`: out of fold, the yield of the first twentieth of audits as a share of the most possible;
      `calibration`: the money predicted for each unit found; `leak`: the alarms that are raised.
    - `gate`: its last verdict, as one line.
    """

    version: str
    run_id: str
    aliases: tuple[str, ...]
    kind: str
    as_of: str
    digest: str
    captured: str
    calibration: str
    leak: str
    gate: str


def models(home: Path) -> tuple[ModelVersion, ...]:
    """Return the finished versions, the newest first, after a cleanup of what was killed."""
    client = store(home)
    clean_up(client, home)
    return versions(client)


def versions_to_text(listed: Sequence[ModelVersion]) -> Iterator[str]:
    """Yield a line for each version, under a heading, for a terminal."""
    if not listed:
        yield "No model yet: `audit-yield train` makes one."
        return
    yield f"{'':8}{'':12}{'model':14}{'as of':12}{'captured 5 %':>13}{'calibration':>13}  leaks"
    for each in listed:
        yield (
            f"{each.version:8}{' '.join(each.aliases):12}{each.kind:14}{each.as_of:12}"
            f"{each.captured:>13}{each.calibration:>13}  {each.leak}"
        )


def versions(client: "MlflowClient") -> tuple[ModelVersion, ...]:
    """Return the finished versions in the registry, the newest first."""
    finished = [each for each in client.search_model_versions(f"name = '{NAME}'") if promotable(client, each)]
    aliases = client.get_registered_model(NAME).aliases if finished else {}
    return tuple(
        _version(each, aliases) for each in sorted(finished, key=lambda each: int(each.version), reverse=True)
    )


def version(client: "MlflowClient", named: str) -> ModelVersion:
    """Return the finished version of a number or an alias; raises `SettingError` where there is none."""
    for each in versions(client):
        if named == each.version or named in each.aliases:
            return each
    raise SettingError(
        f"There is no finished model '{named}'.",
        expected="the number or the alias of a version.",
        advice="See `audit-yield models`.",
    )


def bundle_folder(model_version: ModelVersion, *, home: Path) -> Path:
    """Return the folder of a version's bundle; raises `DataError` where MLflow no longer has it."""
    data = _existing(
        store(home).get_model_version_download_uri(NAME, model_version.version), "data", home=home
    )
    [folder] = data.iterdir()
    return folder


def run_file(model_version: ModelVersion, name: str, *, home: Path) -> Path:
    """Return a file of a version's run; raises `DataError` where MLflow no longer has it."""
    return _existing(store(home).get_run(model_version.run_id).info.artifact_uri, name, home=home)


def evidence(model_version: ModelVersion, name: str, *, home: Path) -> bytes:
    """Return a file by which a version is judged, its bytes proved by the digest sealed in its bundle.

    Raises `DataError` where file or bundle is changed since the training, or missing.
    """
    content = run_file(model_version, name, home=home).read_bytes()
    digests = sealed_evidence(bundle_folder(model_version, home=home), digest=model_version.digest)
    if digests.get(name) != sha256(content):
        raise DataError(
            f"{name} of version {model_version.version} is not the one that its training sealed.",
            expected="the file as `audit-yield train` wrote it.",
            advice="Put it back from a copy, or train anew.",
        )
    return content


def out_of_fold(model_version: ModelVersion, *, home: Path) -> pa.Table:
    """Return what all models predicted in the training of a version; raises as `evidence` does."""
    return pq.read_table(pa.BufferReader(evidence(model_version, OUT_OF_FOLD, home=home)))


def own_out_of_fold(model_version: ModelVersion, *, home: Path) -> pa.Table:
    """Return of these predictions the version's own; raises as `evidence` does."""
    tested = out_of_fold(model_version, home=home)
    return tested.filter(pc.equal(tested["model"], model_version.kind))


def registered_bundle(model_version: ModelVersion, *, home: Path) -> Bundle:
    """Load a version's bundle; raises `DataError` where it is not the one that was registered."""
    return load_bundle(bundle_folder(model_version, home=home), digest=model_version.digest)


def _existing(uri: str, name: str, *, home: Path) -> Path:
    path = artefact(uri, home) / name
    if not path.exists():
        raise DataError(
            f"MLflow no longer has {name} of a model: {path} is not there.",
            expected="the artefacts of its training where that put them.",
            advice=f"Put the folder {ARTEFACTS} of the home back, or train anew.",
        )
    return path


def _version(registered: Any, aliases: dict[str, Any]) -> ModelVersion:
    own = sorted(alias for alias, number in aliases.items() if str(number) == str(registered.version))
    tags = {name: registered.tags.get(name, "-") for name in ModelVersion.__annotations__}
    return ModelVersion(
        **tags
        | {"version": str(registered.version), "run_id": registered.run_id or "", "aliases": tuple(own)}
    )
