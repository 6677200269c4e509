"""Sealed folders: a manifest of digests proves every byte before any content is parsed."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.errors import DataError
from features.storage.atomic import atomic_folder

MANIFEST = "manifest.json"
FORMAT = "audit-yield bundle 1"
MANIFEST_LIMIT = 1 << 20
"""Bytes; a bundle of a hundred files needs a hundredth of that."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.(json|arrow|txt)")
Files = Mapping[str, bytes]


def write_sealed(folder: Path, files: Files) -> str:
    """Write `files` and a manifest of them, whole or not at all; return the digest over all of it.

    The bytes depend on the files alone, not on time or path. Raises `OutputError` where the disk refuses.
    """
    manifest = _manifest(files)
    with atomic_folder(folder) as new_folder:
        for name, content in {**files, MANIFEST: _canonical(manifest)}.items():
            _write_through(new_folder / name, content)
    return str(manifest["digest"])


def read_sealed(folder: Path, *, digest: str | None = None) -> tuple[dict[str, bytes], str]:
    """Return the files of a sealed folder, by name, and its digest, after proving every byte of them.

    What is proven is what is returned: each file is read once. Raises `DataError`, before any content but
    the manifest's is parsed, for a file that is changed, missing, too many, a link or none of ours, and for
    a folder whose digest is not the given one.
    """
    try:
        manifest = _read_manifest(folder)
        files = {name: _content(folder / name, entry) for name, entry in manifest["files"].items()}
        unexpected = sorted({entry.name for entry in folder.iterdir()} - {MANIFEST, *files})
    except OSError as error:
        raise refusal(folder, f"cannot be read: {error.strerror or error}") from error
    if unexpected:
        raise refusal(folder, f"holds {unexpected[0]!r}, which its manifest does not name")
    if digest not in (None, manifest["digest"]):
        raise refusal(folder, f"has the digest {manifest['digest']}, not {digest}")
    return files, str(manifest["digest"])


def refusal(folder: Path, fault: str) -> DataError:
    """Return the error for a bundle that is not loaded because of a fault."""
    return DataError(
        f"The model in {folder} {fault}.",
        expected="a bundle exactly as audit-yield wrote it.",
        advice="Nothing of it was loaded. Publish it again with `audit-yield promote`, or train anew.",
    )


def sha256(content: bytes) -> str:
    """Return the digest by which a file is known."""
    return hashlib.sha256(content).hexdigest()


def _manifest(files: Files) -> dict[str, Any]:
    entries = {name: {"bytes": len(content), "sha256": sha256(content)} for name, content in files.items()}
    return {"format": FORMAT, "files": entries, "digest": sha256(_canonical(entries))}


def _canonical(value: object) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def _read_manifest(folder: Path) -> dict[str, Any]:
    content = _regular(folder / MANIFEST, MANIFEST_LIMIT)
    try:
        manifest = json.loads(content)
        entries = manifest["files"]
        valid = (
            manifest["format"] == FORMAT
            and manifest["digest"] == sha256(_canonical(entries))
            and _canonical(manifest) == content
            and all(NAME.fullmatch(name) and name != MANIFEST for name in entries)
            and all(set(entry) == {"bytes", "sha256"} for entry in entries.values())
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        valid = False
    if not valid:
        raise refusal(folder, f"has a {MANIFEST} that is damaged or not of the form '{FORMAT}'")
    return dict(manifest)


def _content(path: Path, entry: Mapping[str, Any]) -> bytes:
    content = _regular(path, entry["bytes"])
    if len(content) != entry["bytes"] or sha256(content) != entry["sha256"]:
        raise refusal(path.parent, f"has a changed file, {path.name!r}")
    return content


def _regular(path: Path, limit: int) -> bytes:
    """Return the content of a file that is no link, pipe or device, and at most `limit` bytes long."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise refusal(path.parent, f"has {path.name!r}, which is not a plain file")
        if state.st_size > limit:
            raise refusal(path.parent, f"has a changed file, {path.name!r}")
        return file.read(limit + 1)


def _write_through(path: Path, content: bytes) -> None:
    """Write to the disk itself: after a power cut a renamed folder has its content."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
