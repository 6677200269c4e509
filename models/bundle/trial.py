"""Trial load: a bundle is loaded in a process of its own first, since a damaged one can crash its parser."""

import json
import os
import subprocess
import sys
from pathlib import Path

from features.errors import AuditYieldError, DataError
from models.bundle.artefact import load_bundle
from models.bundle.sealed import refusal

ROOT = Path(__file__).parents[2]
TIMEOUT = 120.0
"""Seconds; a model of 300 trees loads in two on a busy machine."""
REFUSED = 2
TRIAL = """
from features.lightgbm_import import import_lightgbm

import_lightgbm()

import sys
from models.bundle.trial import main

sys.exit(main())
"""
"""The program of the fresh Python: `-m` would import `models`, and LightGBM whole, before our first line."""


def trial_load(path: Path, *, digest: str | None = None, timeout: float = TIMEOUT) -> str:
    """Load the bundle in a fresh Python, golden rows and all; return its digest.

    Raises `DataError` where loading it is refused, ends the process or takes longer than `timeout` seconds.
    """
    command = [sys.executable, "-P", "-c", TRIAL, str(path.absolute()), digest or ""]
    roots = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    try:
        process = subprocess.run(  # noqa: S603  our own module, no shell
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # a dying parser prints what it stumbled over
            timeout=timeout,
            check=False,
            env={**os.environ, "PYTHONPATH": roots},
        )
    except subprocess.TimeoutExpired as error:
        raise refusal(path, f"was not loaded within {timeout:g} seconds") from error
    if process.returncode == REFUSED:
        raise DataError(**json.loads(process.stdout))
    if process.returncode:
        raise refusal(path, f"ended the process that tried to load it (status {process.returncode})")
    return str(json.loads(process.stdout)["digest"])


def main() -> int:
    """Load the bundle that the first argument names; print its digest or its error as JSON."""
    path, digest = sys.argv[1:]
    try:
        outcome = {"digest": load_bundle(Path(path), digest=digest or None).digest}
    except AuditYieldError as error:
        outcome = {"found": error.found, "expected": error.expected, "advice": error.advice}
    print(json.dumps(outcome))
    return 0 if "digest" in outcome else REFUSED
