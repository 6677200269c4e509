"""Remove old segments: whole and closed ones, after a row that says so; the chain stays provable."""

import asyncio
import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from uuid import uuid4

from features.clock import Clock
from features.storage.atomic import output_errors
from serving.log import store
from serving.log.entry import Access, LogEntry
from serving.log.key import LogKey
from serving.log.proof import PRUNING
from serving.log.segment import SegmentFile, segment_files
from serving.log.writer import PredictionLog


def prune(
    folder: Path, *, before: date, actor: str, clock: Clock, key: LogKey | None
) -> tuple[SegmentFile, ...]:
    """Remove the oldest segments of which every row was logged before a day; return them.

    Removes closed segments alone, and none after one that stays. A row of the log names them first, with
    their last digests and `actor`, who removes them. A kill on the way leaves that row, and files that count
    as removed. Raises as `PredictionLog` does.
    """
    log = PredictionLog(folder, clock=clock, key=key)
    try:
        old = _old(folder, before=datetime.combine(before, time(), UTC).isoformat())
        if old:
            detail = json.dumps([{"segment": file.number, "end": end, "by": actor} for file, end in old])
            access = Access(PRUNING, f"prune-{uuid4().hex}", PRUNING, "service", detail=detail)
            asyncio.run(log.append(LogEntry(access)))
    finally:
        log.close()
    for file, _ in old:
        with output_errors(file.path):
            # the database first: its anchors say what is gone until it is
            for ending in (".sqlite-wal", ".sqlite-shm", ".sqlite", ".anchor"):
                file.path.with_suffix(ending).unlink(missing_ok=True)
    return tuple(file for file, _ in old)


def _old(folder: Path, *, before: str) -> list[tuple[SegmentFile, str]]:
    """Return the segments that may go, the oldest first, each with the line of its end."""
    old = []
    for file in segment_files(folder)[:-1]:
        if not file.path.is_file():
            continue
        with store.reading(file.path) as connection:
            if store.newest_moment(connection) >= before:
                break
            old.append((file, store.head(connection, store.header(connection)[0]).line))
    return old
