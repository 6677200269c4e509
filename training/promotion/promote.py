"""Promotion: a version that passes the gate is published and becomes champion in one step."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from features.clock import Clock
from features.errors import DataError, SettingError
from features.storage.lock import file_lock, try_file_lock
from models.bundle.champion import PUBLISHED, Champion, point_to
from models.bundle.sealed import read_sealed, write_sealed
from models.bundle.trial import trial_load
from models.prediction import Prediction
from training.analyst.model import ANALYST
from training.backtest.out_of_fold import ORACLE
from training.labels.report import LabelReport
from training.leaks.alarm import LeakReport
from training.promotion.gate import MARGIN, gate, pair_predictions, read_out_of_fold
from training.promotion.verdict import Check, GateVerdict, may_serve, overall, verdict_line
from training.tracking.cleanup import CHAMPION, clean_up
from training.tracking.registry import (
    CHALLENGER,
    LABELS,
    LEAKS,
    ModelVersion,
    bundle_folder,
    evidence,
    out_of_fold,
    version,
    versions,
)
from training.tracking.store import NAME, store

if TYPE_CHECKING:
    from mlflow import MlflowClient

OURS = ("hurdle", "tweedie")
"""Kinds that are no baseline: a first model need not beat one of these."""
MONEY = ("measure", "with_penalties")
COVERAGE = 0.9
"""What the intervals of a run promise that did not record it."""


@dataclass(frozen=True)
class Promotion:
    """The result of a promotion: `promoted` where the model may serve, or was `forced` for a reason."""

    version: str
    before: str | None
    checks: tuple[Check, ...]
    forced: str | None

    @property
    def promoted(self) -> bool:
        """Whether the version now serves."""
        return self.forced is not None or may_serve(self.verdict, is_first=self.before is None)

    @property
    def verdict(self) -> GateVerdict:
        """What the gate decided."""
        return overall(self.checks)

    def line(self) -> str:
        """Return the verdict with its ground, as one line."""
        return verdict_line(self.checks, is_first=self.before is None)

    def content(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {"verdict": self.verdict, **asdict(self), "promoted": self.promoted}

    def to_text(self) -> Iterator[str]:
        """Yield the verdict, what was checked and what serves now, as lines for a terminal."""
        yield self.line()
        for check in self.checks:
            yield f"  {check.verdict.lower():13}{check.name}: {check.sentence}"
        if not self.promoted:
            yield f"Version {self.version} is not promoted; {_serves(self.before)}."
            yield 'To promote it all the same: audit-yield promote --force "reason".'
        else:
            reason = f", forced: {self.forced}" if self.forced else ""
            yield f"Version {self.version} serves now{reason}; before, {_serves(self.before)}."


def promote(
    named: str | None = None,
    *,
    force: str | None = None,
    margin: float = MARGIN,
    home: Path,
    clock: Clock,
) -> Promotion:
    """Make a version the champion if it passes the gate: the challenger, or the one `named`.

    It must be shown to be no worse than the champion by `margin` (`training.promotion.gate.MARGIN`).
    `force` is a reason to promote it even so; it is stored with the version. The version's bundle is then
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
    client = store(home)
    with try_file_lock(_lock(home), doing="promotion"):
        return _promote(client, home, named=named, force=force, margin=margin, clock=clock)


def offer(registered: str, *, home: Path, clock: Clock) -> Promotion | None:
    """Make a new version the challenger; where nothing serves yet, promote it unless the gate refuses it."""
    client = store(home)
    # of two trainings at once the second waits, and sees what the first promoted
    with file_lock(_lock(home)):
        client.set_registered_model_alias(NAME, CHALLENGER, registered)
        if _with_alias(client, CHAMPION) is None:
            return _promote(client, home, named=registered, clock=clock)
    return None


def _lock(home: Path) -> Path:
    return home / "locks" / "promotion.lock"


def _promote(
    client: "MlflowClient",
    home: Path,
    *,
    named: str | None,
    force: str | None = None,
    margin: float = MARGIN,
    clock: Clock,
) -> Promotion:
    clean_up(client, home)
    candidate = _requested_version(client, named)
    serving = _with_alias(client, CHAMPION)
    checks = _checks(client, candidate, serving, margin=margin, home=home)
    promotion = Promotion(candidate.version, serving.version if serving else None, checks, force)
    _record(client, promotion, at=_moment(clock))
    if promotion.promoted:
        _serve(client, home, candidate, at=_moment(clock))
    return promotion


def _serves(version: str | None) -> str:
    return f"version {version} served" if version else "none served"


def _requested_version(client: "MlflowClient", named: str | None) -> ModelVersion:
    if named is None and (challenger := _with_alias(client, CHALLENGER)):
        return challenger
    newest = next(iter(versions(client)), None)
    return newest if named is None and newest else version(client, named or CHALLENGER)


def _with_alias(client: "MlflowClient", alias: str) -> ModelVersion | None:
    return next((each for each in versions(client) if alias in each.aliases), None)


def _checks(
    client: "MlflowClient",
    candidate: ModelVersion,
    serving: ModelVersion | None,
    *,
    margin: float,
    home: Path,
) -> tuple[Check, ...]:
    try:
        leaks = LeakReport.from_json(evidence(candidate, LEAKS, home=home).decode())
        labels = LabelReport.from_json(evidence(candidate, LABELS, home=home).decode())
        tested, *theirs = (out_of_fold(each, home=home) for each in (candidate, serving) if each)
    except DataError as error:
        return (Check("evidence", GateVerdict.REFUSED, f"{error.found} {error.advice}"),)
    own = _of(tested, candidate.kind)
    promised = float(client.get_run(candidate.run_id).data.params.get("coverage", COVERAGE))
    if serving is None:
        rivals = _baselines(tested, own=candidate.kind)
        return gate(read_out_of_fold(own), rivals=rivals, leaks=leaks, labels=labels, coverage=promised)
    both, prediction = pair_predictions(own, _of(theirs[0], serving.kind))
    champion = f"version {serving.version}"
    checks = gate(
        both,
        rivals={champion: prediction, **_analyst(tested, both.audits["audit_id"])},
        champion=champion,
        leaks=leaks,
        labels=labels,
        coverage=promised,
        margin=margin,
    )
    return (_same_money(client, candidate, serving), *checks)


def _of(tested: pa.Table, kind: str) -> pa.Table:
    return tested.filter(pc.equal(tested["model"], kind))


def _baselines(tested: pa.Table, *, own: str) -> dict[str, Prediction]:
    kinds = [kind for kind in tested["model"].unique().to_pylist() if kind not in (*OURS, ORACLE, own)]
    return {kind: next(iter(read_out_of_fold(_of(tested, kind)).predictions.values())) for kind in kinds}


def _analyst(tested: pa.Table, audits: pa.ChunkedArray) -> dict[str, Prediction]:
    """Return the analyst's prediction for some of the audits tested; none of a run that had no analyst."""
    by_analyst = _of(tested, ANALYST)
    rows = by_analyst.filter(pc.is_in(by_analyst["audit_id"], audits))
    return dict(read_out_of_fold(rows).predictions) if rows.num_rows else {}


def _same_money(client: "MlflowClient", *compared: ModelVersion) -> Check:
    """Check that both models learned the same money: assessed and collected amounts cannot be compared."""
    parameters = [client.get_run(each.run_id).data.params for each in compared]
    measured = [" ".join(f"{name} {each.get(name)}" for name in MONEY) for each in parameters]
    verdict = GateVerdict.PASSED if len(set(measured)) == 1 else GateVerdict.REFUSED
    return Check("same money", verdict, "; ".join(dict.fromkeys(measured)))


def _record(client: "MlflowClient", promotion: Promotion, *, at: str) -> None:
    """Store the checks and the decision as tags of the version, before anything changes."""
    decision = promotion.content() | {"at": at}
    client.set_model_version_tag(NAME, promotion.version, "gate", promotion.line())
    client.set_model_version_tag(
        NAME, promotion.version, "promotion", json.dumps(decision, ensure_ascii=False)
    )
    if promotion.forced:
        client.set_model_version_tag(NAME, promotion.version, "forced", promotion.forced)


def _serve(client: "MlflowClient", home: Path, candidate: ModelVersion, *, at: str) -> None:
    """Publish the bundle, prove that it loads, flip the pointer; the alias follows."""
    files, digest = read_sealed(bundle_folder(candidate, home=home), digest=candidate.digest)
    folder = Path(PUBLISHED) / candidate.version
    write_sealed(home / folder, files)
    trial_load(home / folder, digest=digest)
    feature_digest = json.loads(files["about.json"])["feature_digest"]
    point_to(home, Champion(candidate.version, str(folder), digest, feature_digest, at))
    client.set_registered_model_alias(NAME, CHAMPION, candidate.version)
    if CHALLENGER in candidate.aliases:
        client.delete_registered_model_alias(NAME, CHALLENGER)


def _moment(clock: Clock) -> str:
    return clock().isoformat(timespec="seconds")
