"""Promotion: the gate, then the model that serves is another, in one step."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.clock import Clock
from features.errors import SettingError
from features.storage.home import home
from features.storage.lock import file_lock, try_file_lock
from models.bundle.champion import PUBLISHED, Champion, point_to
from models.bundle.sealed import read_sealed, write_sealed
from models.bundle.trial import trial_load
from models.prediction import Prediction
from training.backtest.out_of_fold import ORACLE
from training.leaks.alarm import LeakReport
from training.promotion.gate import Check, gate, paired, read
from training.tracking.cleanup import CHAMPION, reap
from training.tracking.registry import (
    CHALLENGER,
    LEAKS,
    OUT_OF_FOLD,
    Version,
    kept_file,
    kept_folder,
    version,
    versions,
)
from training.tracking.store import NAME, store

if TYPE_CHECKING:
    from mlflow import MlflowClient

OURS = ("hurdle", "tweedie")
"""Kinds that are no baseline: a first model need not beat its own kin."""
MONEY = ("measure", "with_penalties")


@dataclass(frozen=True)
class Promotion:
    """What came of a promotion: `promoted` where the gate passed, or was `forced` for a reason."""

    version: str
    before: str | None
    checks: tuple[Check, ...]
    forced: str | None

    @property
    def promoted(self) -> bool:
        """Whether the version now serves."""
        return self.forced is not None or all(check.passed for check in self.checks)

    def content(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return asdict(self) | {"promoted": self.promoted}


def promote(
    named: str | None = None, *, force: str | None = None, place: Path | None = None, clock: Clock
) -> Promotion:
    """Make a version the champion if it passes the gate: the challenger, or the one `named`.

    `force` is a reason to promote it even so; it is kept with the version. The version's bundle is then
    published, loaded on trial, and the pointer flipped: the old champion serves until all of that is done.
    Raises `SettingError` where there is no such version or the reason is empty, `OutputError` where another
    promotion is under way, `DataError` where the bundle is damaged.
    """
    if force is not None and not force.strip():
        raise SettingError(
            "The reason to promote it all the same is empty.",
            expected="a sentence that says why, for those who ask later.",
            advice='Give one: --force "reason".',
        )
    place = place or home()
    client = store(place)
    with try_file_lock(_lock(place), doing="promotion"):
        return _promoted(client, place, named=named, force=force, clock=clock)


def offer(registered: str, *, place: Path | None = None, clock: Clock) -> Promotion | None:
    """Make a new version the challenger; where nothing serves yet, promote it if it passes the gate."""
    place = place or home()
    client = store(place)
    with file_lock(
        _lock(place)
    ):  # of two trainings at once the second waits, and sees what the first promoted
        client.set_registered_model_alias(NAME, CHALLENGER, registered)
        if _with_alias(client, CHAMPION) is None:
            return _promoted(client, place, named=registered, clock=clock)
    return None


def lines(done: Promotion) -> Iterator[str]:
    """Tell a person what was checked and what serves now."""
    for check in done.checks:
        yield f"{'passed' if check.passed else 'FAILED':8}{check.name}: {check.sentence}"
    if not done.promoted:
        yield f"Version {done.version} is not promoted; {_serves(done.before)}."
        yield 'To promote it all the same: audit-yield promote --force "reason".'
    else:
        why = f", forced: {done.forced}" if done.forced else ""
        yield f"Version {done.version} serves now{why}; before, {_serves(done.before)}."


def _lock(place: Path) -> Path:
    return place / "locks" / "promotion.lock"


def _promoted(
    client: "MlflowClient", place: Path, *, named: str | None, force: str | None = None, clock: Clock
) -> Promotion:
    reap(client, place)
    found = _asked(client, named)
    serving = _with_alias(client, CHAMPION)
    checks = _checks(client, found, serving, place=place)
    done = Promotion(found.version, serving.version if serving else None, checks, force)
    _record(client, done, at=_moment(clock))
    if done.promoted:
        _serve(client, place, found, at=_moment(clock))
    return done


def _serves(version: str | None) -> str:
    return f"version {version} served" if version else "none served"


def _asked(client: "MlflowClient", named: str | None) -> Version:
    if named is None and (challenger := _with_alias(client, CHALLENGER)):
        return challenger
    newest = next(iter(versions(client)), None)
    return newest if named is None and newest else version(client, named or CHALLENGER)


def _with_alias(client: "MlflowClient", alias: str) -> Version | None:
    return next((each for each in versions(client) if alias in each.aliases), None)


def _checks(
    client: "MlflowClient", found: Version, serving: Version | None, *, place: Path
) -> tuple[Check, ...]:
    leaks = LeakReport.from_json(kept_file(found, LEAKS, place=place).read_text(encoding="utf-8"))
    tested = pq.read_table(kept_file(found, OUT_OF_FOLD, place=place))
    own = _of(tested, found.kind)
    if serving is None:
        return gate(read(own), rivals=_baselines(tested, own=found.kind), leaks=leaks)
    theirs = pq.read_table(kept_file(serving, OUT_OF_FOLD, place=place))
    both, said = paired(own, _of(theirs, serving.kind))
    rivals = {f"version {serving.version}": said}
    return (_same_money(client, found, serving), *gate(both, rivals=rivals, leaks=leaks))


def _of(tested: pa.Table, kind: str) -> pa.Table:
    return tested.filter(pc.equal(tested["model"], kind))


def _baselines(tested: pa.Table, *, own: str) -> dict[str, Prediction]:
    kinds = [kind for kind in tested["model"].unique().to_pylist() if kind not in (*OURS, ORACLE, own)]
    return {kind: next(iter(read(_of(tested, kind)).predictions.values())) for kind in kinds}


def _same_money(client: "MlflowClient", *found: Version) -> Check:
    """Models of what was claimed and of what was paid cannot be held against each other."""
    parameters = [client.get_run(each.run_id).data.params for each in found]
    measured = [" ".join(f"{name} {each.get(name)}" for name in MONEY) for each in parameters]
    return Check("same money", len(set(measured)) == 1, "; ".join(dict.fromkeys(measured)))


def _record(client: "MlflowClient", done: Promotion, *, at: str) -> None:
    """Keep with the version what was seen and why it was decided so, before anything changes."""
    said: dict[str, Any] = asdict(done) | {"at": at, "promoted": done.promoted}
    client.set_model_version_tag(NAME, done.version, "promotion", json.dumps(said, ensure_ascii=False))
    if done.forced:
        client.set_model_version_tag(NAME, done.version, "forced", done.forced)


def _serve(client: "MlflowClient", place: Path, found: Version, *, at: str) -> None:
    """Publish the bundle, prove that it loads, flip the pointer; the alias follows."""
    files, digest = read_sealed(kept_folder(found, place=place), digest=found.digest)
    folder = Path(PUBLISHED) / found.version
    write_sealed(place / folder, files)
    trial_load(place / folder, digest=digest)
    feature_digest = json.loads(files["about.json"])["feature_digest"]
    point_to(place, Champion(found.version, str(folder), digest, feature_digest, at))
    client.set_registered_model_alias(NAME, CHAMPION, found.version)
    if CHALLENGER in found.aliases:
        client.delete_registered_model_alias(NAME, CHALLENGER)


def _moment(clock: Clock) -> str:
    return clock().isoformat(timespec="seconds")
