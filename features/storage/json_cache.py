"""JSON caches: files of values that can be computed again, each with a digest that reveals damage."""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from features.errors import OutputError
from features.storage.atomic import atomic_file


def read_cached(path: Path) -> Any:
    """Return the content of a cache file; None where it is missing, damaged or a copy of another one."""
    try:
        sealed = json.loads(path.read_bytes())
        return sealed["content"] if sealed["sha256"] == _digest(path, sealed["content"]) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def write_cached(path: Path, content: Any) -> None:
    """Write plain data atomically as a cache file; where the disk refuses it, there is no cache."""
    with contextlib.suppress(OSError, OutputError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as fresh:
            fresh.write_text(sealed(path, content))


def sealed(path: Path, content: Any) -> str:
    """Return the text of a cache file: plain data, and the digest that `read_cached` holds it against."""
    return json.dumps({"sha256": _digest(path, content), "content": content})


def _digest(path: Path, content: Any) -> str:
    """Return the digest of name and content, so that a copy under another name is not accepted."""
    return hashlib.sha256(json.dumps([path.name, content], sort_keys=True).encode()).hexdigest()
