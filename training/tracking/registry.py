"""The versions of the model: what each was trained on, how it fared, and which of them serves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import DataError, SettingError
from features.storage.home import home
from models.bundle.artefact import Bundle, load_bundle
from training.tracking.cleanup import promotable, reap
from training.tracking.store import ARTEFACTS, NAME, artefact, store

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHALLENGER = "challenger"
MODEL = "model"
"""The name of a bundle that is logged to a run."""
OUT_OF_FOLD, LEAKS = "out_of_fold.parquet", "leaks.json"
"""What a run must keep for the gate: `OutOfFold.table()`, and the report of the leak alarm."""


@dataclass(frozen=True)
class Version:
    """A version of the model in the registry.

    - `aliases`: champion serves, challenger is the one registered last that does not.
    - `kind`: the family of the model; `as_of`: it learned from what was known before that day; `digest`: of
      its bundle.
    - `captured`: out of fold, the yield of the first twentieth of audits as a share of the most possible;
      `calibration`: the money predicted for each unit found; `leak`: what the leak alarm said.
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


def models(place: Path | None = None) -> tuple[Version, ...]:
    """Return the finished versions, the newest first, after tidying up what was killed."""
    place = place or home()
    client = store(place)
    reap(client, place)
    return versions(client)


def lines(found: Sequence[Version]) -> Iterator[str]:
    """Describe versions to a person: a line each."""
    if not found:
        yield "No model yet: `audit-yield train` makes one."
        return
    yield f"{'':8}{'':12}{'model':14}{'as of':12}{'captured 5 %':>13}{'calibration':>13}  leaks"
    for each in found:
        yield (
            f"{each.version:8}{' '.join(each.aliases):12}{each.kind:14}{each.as_of:12}"
            f"{each.captured:>13}{each.calibration:>13}  {each.leak}"
        )


def versions(client: "MlflowClient") -> tuple[Version, ...]:
    """Return the finished versions in the registry, the newest first."""
    found = [each for each in client.search_model_versions(f"name = '{NAME}'") if promotable(client, each)]
    aliases = client.get_registered_model(NAME).aliases if found else {}
    return tuple(
        _version(each, aliases) for each in sorted(found, key=lambda each: int(each.version), reverse=True)
    )


def version(client: "MlflowClient", named: str) -> Version:
    """Return the finished version of a number or an alias; raises `SettingError` where there is none."""
    for each in versions(client):
        if named == each.version or named in each.aliases:
            return each
    raise SettingError(
        f"There is no finished model '{named}'.",
        expected="the number or the alias of a version.",
        advice="See `audit-yield models`.",
    )


def kept_folder(found: Version, *, place: Path) -> Path:
    """Return the folder of a version's bundle; raises `DataError` where MLflow no longer has it."""
    data = _kept(store(place).get_model_version_download_uri(NAME, found.version), "data", place=place)
    [folder] = data.iterdir()
    return folder


def kept_file(found: Version, name: str, *, place: Path) -> Path:
    """Return a file of a version's run; raises `DataError` where MLflow no longer has it."""
    return _kept(store(place).get_run(found.run_id).info.artifact_uri, name, place=place)


def kept_bundle(found: Version, *, place: Path) -> Bundle:
    """Load a version's bundle; raises `DataError` where it is not the one that was registered."""
    return load_bundle(kept_folder(found, place=place), digest=found.digest)


def _kept(uri: str, name: str, *, place: Path) -> Path:
    kept = artefact(uri, place) / name
    if not kept.exists():
        raise DataError(
            f"MLflow no longer has {name} of a model: {kept} is not there.",
            expected="the artefacts of its training where that put them.",
            advice=f"Put the folder {ARTEFACTS} of the home back, or train anew.",
        )
    return kept


def _version(found: Any, aliases: dict[str, Any]) -> Version:
    own = sorted(alias for alias, number in aliases.items() if str(number) == str(found.version))
    said = {name: found.tags.get(name, "-") for name in Version.__annotations__}
    return Version(
        **said | {"version": str(found.version), "run_id": found.run_id or "", "aliases": tuple(own)}
    )
