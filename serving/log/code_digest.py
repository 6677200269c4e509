"""Digest of the code: the sources of the packages that a prediction passes through."""

from functools import cache
from pathlib import Path

from features.digest import source_digest

ROOT = Path(__file__).parents[2]
PACKAGES = ("features", "models", "serving")


@cache
def code_digest() -> str:
    """Return the SHA-256 over the source files, by name and content."""
    return source_digest(ROOT, PACKAGES)
