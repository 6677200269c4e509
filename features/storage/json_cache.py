"""Caches as JSON files: plain data that can be computed again, sealed by a digest so that damage is seen."""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from features.errors import OutputError
from features.storage.atomic import atomic_file


def read_cached(path: Path) -> Any:
    """Return the content of a cache file; None where there is none, or it is damaged or another's."""
    try:
        sealed = json.loads(path.read_bytes())
        return sealed["content"] if sealed["sha256"] == _digest(path, sealed["content"]) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def write_cached(path: Path, content: Any) -> None:
    """Write plain data as a cache file, whole or not at all; a disk that refuses it costs time later only."""
    with contextlib.suppress(OSError, OutputError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as fresh:
            fresh.write_text(json.dumps({"sha256": _digest(path, content), "content": content}))


def _digest(path: Path, content: Any) -> str:
    """Cover the name too: a file that was copied over another is not taken for it."""
    return hashlib.sha256(json.dumps([path.name, content], sort_keys=True).encode()).hexdigest()
