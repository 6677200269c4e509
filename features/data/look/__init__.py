"""Look: what files and databases hold, and the mapping that may read them, to be corrected by hand."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from features.data.look.excerpt import (
    DATABASE_FILES,
    ENDINGS,
    Excerpt,
    excerpts_of,
    like_each_other,
    table_excerpt,
)
from features.data.look.proposal import Proposal, propose
from features.data.look.report import to_json, to_text
from features.data.warehouse import open_stored
from features.data.warehouse.source import UnreadableError
from features.errors import DataError

__all__ = ["Proposal", "look", "to_json", "to_text"]


def look(locations: Sequence[str]) -> list[Proposal]:
    """Return what each source may be in the contract; a location is a file, a folder, or a database.

    Raises `DataError` for what cannot be looked at. Nothing is written, and no proposal is used by itself.
    """
    try:
        excerpts = [excerpt for location in locations for excerpt in _excerpts(location)]
    except UnreadableError as error:
        fault = error.faults[0]
        raise DataError(fault.found, expected=fault.expected, advice=fault.advice) from error
    proposals = [propose(group) for group in like_each_other(excerpts)]
    if not proposals:
        raise DataError(
            f"{', '.join(locations)} hold no table.",
            expected="files, sheets or tables with a row at least.",
            advice="Look at the files themselves, or at another address.",
        )
    return proposals


def _excerpts(location: str) -> Iterator[Excerpt]:
    path = Path(location)
    if "://" in location or path.name.endswith(DATABASE_FILES):
        with open_stored(location) as (kind, tables):
            yield from (table_excerpt(source, name, kind=kind) for name, source in tables)
    elif path.is_dir():
        for file in sorted(path.iterdir()):
            if file.is_file() and not file.name.startswith(".") and file.name.lower().endswith(ENDINGS):
                yield from excerpts_of(file)
    else:
        yield from excerpts_of(path)
