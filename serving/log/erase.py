"""Erase one trader from the log: its key is destroyed, the rows stay, and a row records it."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from features.clock import Clock
from features.storage.atomic import output_errors
from serving.log import store
from serving.log.key import LogKey
from serving.log.segment import segment_files
from serving.log.trader_keys import keys_path, open_keys
from serving.log.writer import PredictionLog


@dataclass(frozen=True)
class Erased:
    """What an erasure did: the pseudonym that was the trader's, None where no row was under its key.

    `naming` are the segments of which rows still name the trader, until they are removed: rows written before
    there were keys, and words that a caller chose.
    """

    pseudonym: str | None
    naming: tuple[str, ...]


def erase(folder: Path, trader_id: str, *, actor: str, clock: Clock, key: LogKey | None) -> Erased:
    """Destroy the key of a trader, so that nobody reads any more what the log said of it until now.

    The service may run: its next answer about the trader is under a new key. A kill on the way leaves the key
    destroyed and a note beside the keys, which the next start of the log records. Raises as `PredictionLog`
    does, before anything is destroyed.
    """
    PredictionLog(folder, clock=clock, key=key).close()
    with output_errors(keys_path(folder)), closing(open_keys(folder)) as keys:
        pseudonym = keys.destroy(trader_id, actor=actor, erased_at=clock().isoformat())
    PredictionLog(folder, clock=clock, key=key).close()  # records it
    return Erased(pseudonym, tuple(_naming(folder, trader_id)))


def to_text(erased: Erased, trader_id: str) -> Iterator[str]:
    """Describe the outcome of an erasure to a person."""
    if erased.pseudonym:
        yield f"Erased: what the log said of {trader_id}. A row records it, of {erased.pseudonym}."
        yield "Destroy the copies of log.keys that are older than this, wherever they are kept."
    else:
        yield f"No row of the log is under a key of {trader_id}."
    if erased.naming:
        yield (
            f"✗ Rows of {', '.join(erased.naming)} name {trader_id} still: those written before 0.2.0, or "
            "words that a caller chose (a search, the purpose of a list, a path that was refused). They go "
            "with their month: audit-yield log prune."
        )


def _naming(folder: Path, trader_id: str) -> Iterator[str]:
    """Yield the segments of which a row names a trader itself; reads them all."""
    text = json.dumps(trader_id, ensure_ascii=False)[1:-1]
    name = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
    for file in segment_files(folder):
        if file.path.is_file():
            with store.reading(file.path) as connection:
                if any(name.search(about) for about in store.mentioning(connection, text)):
                    yield file.name
