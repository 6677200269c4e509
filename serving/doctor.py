"""Diagnosis of an installation: what is installed, what the machine gives, and what the home holds."""

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from features.errors import AuditYieldError
from features.storage.home import home_path
from models.bundle.artefact import load_bundle
from models.bundle.champion import POINTER, read_champion
from models.treeshap import compiled
from serving.access.identity_provider import identity_provider
from serving.access.tokens import FILE, read_tokens
from serving.log.key import read_key
from serving.log.reader import FOLDER
from serving.settings import PREFIX, Settings

PACKAGE = "audit-yield"
LEAST_FREE = 2 * 1024**3
"""Bytes: below, a training or a day's snapshot of a middling administration may not fit."""
AHEAD_SECONDS = 120.0
"""A file that is younger than now by more was written under another clock."""


@dataclass(frozen=True)
class Diagnosis:
    """What is the case with a subject: `fine`, to be `noted`, or `wrong`, and then with what to do."""

    subject: str
    state: Literal["fine", "noted", "wrong"]
    sentence: str
    advice: str = ""


def diagnose(*, now: datetime) -> tuple[Diagnosis, ...]:
    """Look at this installation and its home, and change nothing."""
    home = home_path()
    looks: tuple[tuple[str, Callable[[], Diagnosis]], ...] = (
        ("version", _version),
        ("packages", lambda: _packages("")),
        *((f"extra {name}", lambda name=name: _packages(name)) for name in ("training", "postgres", "spark")),
        ("kernel", _kernel),
        ("settings", _settings),
        ("home", lambda: _home(home)),
        ("disk", lambda: _disk("disk", home)),
        ("temporary files", lambda: _disk("temporary files", Path(tempfile.gettempdir()))),
        ("clock", lambda: _clock(home, now=now)),
        ("champion", lambda: _champion(home)),
        ("tokens", lambda: _tokens(home, now=now)),
        ("identity provider", lambda: _identity_provider(now=now)),
        ("log", lambda: _log(home)),
    )
    return tuple(_looked_at(subject, look) for subject, look in looks)


def to_text(diagnoses: Sequence[Diagnosis]) -> Iterator[str]:
    """Yield a line for each, and what to do below it, for a terminal."""
    marks = {"fine": " ", "noted": "-", "wrong": "!"}
    for each in diagnoses:
        yield f"{marks[each.state]} {each.subject:17}  {each.sentence}"
        if each.advice:
            yield f"{'':19}  → {each.advice}"
    wrong = sum(each.state == "wrong" for each in diagnoses)
    yield f"{wrong} of {len(diagnoses)} are wrong." if wrong else "Nothing is wrong."


def _looked_at(subject: str, look: Callable[[], Diagnosis]) -> Diagnosis:
    try:
        return look()
    except AuditYieldError as error:
        return Diagnosis(subject, "wrong", error.found, f"Expected: {error.expected} {error.advice}")
    except OSError as error:
        return Diagnosis(subject, "wrong", f"The system refused: {error}.", "Put that right.")


def _version() -> Diagnosis:
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    try:
        return Diagnosis("version", "fine", f"{PACKAGE} {metadata.version(PACKAGE)}, {system}")
    except metadata.PackageNotFoundError:
        return Diagnosis("version", "noted", f"source files that were not installed, {system}")


def _packages(extra: str) -> Diagnosis:
    """Hold the packages that the base, or an extra, asks for against those installed."""
    subject = f"extra {extra}" if extra else "packages"
    try:
        written = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return Diagnosis(subject, "noted", "unknown, for audit-yield was not installed")
    wanted = [
        each
        for each in map(Requirement, written)
        if (each.marker.evaluate({"extra": extra}) if each.marker else not extra)
    ]
    faults = [fault for each in wanted if (fault := _fault(each))]
    if not faults:
        return Diagnosis(subject, "fine", f"{len(wanted)} packages, as asked for")
    if extra and all(fault.endswith("is missing") for fault in faults):
        return Diagnosis(
            subject, "noted", "not installed", f"Where it is needed, install {PACKAGE}[{extra}]."
        )
    return Diagnosis(subject, "wrong", "; ".join(faults), "Install audit-yield again, with its lock file.")


def _fault(wanted: Requirement) -> str | None:
    try:
        installed = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    fits = wanted.specifier.contains(installed, prereleases=True)
    return None if fits else f"{wanted.name} is {installed}, not {wanted.specifier}"


def _kernel() -> Diagnosis:
    if compiled.library():
        return Diagnosis("kernel", "fine", "explanations by the compiled kernel")
    sentence, _, advice = compiled.SLOWER.partition(". ")
    return Diagnosis("kernel", "noted", f"{sentence}.", advice)


def _settings() -> Diagnosis:
    Settings.read()
    names = sorted(name for name in os.environ if name.startswith(PREFIX))
    return Diagnosis("settings", "fine", ", ".join(names) if names else "all by default")


def _home(home: Path) -> Diagnosis:
    if not home.exists():
        return Diagnosis("home", "noted", f"{home} is not there yet", "The first training makes it.")
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        return Diagnosis("home", "wrong", f"{home} cannot be read and written", "Let this user do both.")
    if home.stat().st_mode & 0o002:
        return Diagnosis("home", "wrong", f"{home} can be written by everybody", f"chmod o-w '{home}'")
    return Diagnosis("home", "fine", str(home))


def _disk(subject: str, folder: Path) -> Diagnosis:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    sentence = f"{free / 1024**3:,.1f} GiB free at {there}"
    if free >= LEAST_FREE:
        return Diagnosis(subject, "fine", sentence)
    return Diagnosis(
        subject, "wrong", sentence, f"Free some: {LEAST_FREE / 1024**3:.0f} GiB are little already."
    )


def _clock(home: Path, *, now: datetime) -> Diagnosis:
    """Hold the clock against the youngest file of the home: what was known is a matter of days."""
    files = [path for path in (home, home / POINTER, home / FOLDER) if path.exists()]
    ahead = max((path.stat().st_mtime - now.timestamp() for path in files), default=0.0)
    if ahead > AHEAD_SECONDS:
        return Diagnosis(
            "clock",
            "wrong",
            f"{now:%Y-%m-%d %H:%M} UTC, {ahead / 60:,.0f} minutes before the home was last written",
            "Set the clock: what counts as known depends on the day.",
        )
    return Diagnosis("clock", "fine", f"{now:%Y-%m-%d %H:%M} UTC")


def _champion(home: Path) -> Diagnosis:
    champion = read_champion(home)
    if champion is None:
        return Diagnosis("champion", "noted", "no model serves yet", "`audit-yield run` trains one.")
    bundle = load_bundle(home / champion.folder, digest=champion.digest)
    bundle.features()
    return Diagnosis(
        "champion", "fine", f"version {champion.version}, {bundle.model.kind}, loads and predicts as sealed"
    )


def _tokens(home: Path, *, now: datetime) -> Diagnosis:
    valid = [each for each in read_tokens(home / FILE) if each.is_valid(now.date())]
    if not valid:
        return Diagnosis("tokens", "noted", "none valid: the service answers this machine alone")
    return Diagnosis("tokens", "fine", f"{len(valid)} valid")


def _identity_provider(*, now: datetime) -> Diagnosis:
    provider = identity_provider(Settings.read(), clock=lambda: now)
    if provider is None:
        return Diagnosis("identity provider", "fine", "none: tokens are made here alone")
    provider.keys.require()
    return Diagnosis("identity provider", "fine", f"{provider.issuer}, its keys can be read")


def _log(home: Path) -> Diagnosis:
    folder = home / FOLDER
    if not folder.exists():
        return Diagnosis("log", "noted", "nothing was predicted yet")
    if read_key(Settings.read().log_key, home=home) is None:
        return Diagnosis(
            "log",
            "noted",
            f"{folder}, without a key",
            "With AUDIT_YIELD_LOG_KEY nobody can make it anew; `audit-yield log verify` proves it.",
        )
    return Diagnosis("log", "fine", f"{folder}, sealed with a key; `audit-yield log verify` proves it")
