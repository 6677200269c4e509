"""The current segment: opened, closed at the end of its month, and proved by name at every commit."""

import os
import secrets
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import DataError
from features.storage.atomic import atomic_file, target_lock
from serving.log import anchor, identity, store
from serving.log.anchor import START, Anchor
from serving.log.identity import HomeLog
from serving.log.key import SETTING, LogKey
from serving.log.proof import gone, refusal, require_whole
from serving.log.schema import schema_fault
from serving.log.segment import Segment, SegmentFile, segment_files, segment_path

BEGUN = "segment"
"""The name under which a segment is begun by one process at a time."""


@dataclass
class OpenFiles:
    """The files that a connection writes; another under one of their names would take no answer."""

    paths: tuple[Path, ...]
    _known: dict[Path, os.stat_result] = field(default_factory=dict, init=False)

    def fault(self) -> str | None:
        """Return what was moved, removed, replaced or cut since the last look; None where nothing was."""
        for path in self.paths:
            known = self._known.get(path)  # before the look: another thread may look too, and later
            try:
                status = path.stat()
            except OSError:
                return f"{path.name} is gone from its place"
            if known is not None and not os.path.samestat(status, known):
                return f"another file stands in the place of {path.name}"
            if known is not None and status.st_size < known.st_size:
                return f"{path.name} was cut short"
            self._known[path] = status
        return None


@dataclass(frozen=True)
class CurrentSegment:
    """The segment that is appended to.

    `previous` is the one before, to be read: a request may be sent again after the month has turned.
    """

    connection: sqlite3.Connection
    segment: Segment
    file: SegmentFile
    files: OpenFiles
    schema_version: int
    previous: sqlite3.Connection | None

    def fault(self) -> str | None:
        """Return why what is written now would not be in the log; None where it would."""
        if fault := self.files.fault():
            return fault
        if store.schema_version(self.connection) != self.schema_version:
            return schema_fault(self.connection, number=self.segment.number)
        return None

    def is_over(self, month: str) -> bool:
        """Whether the next segment is due: its month has passed, or another process has closed it."""
        return self.segment.month < month or store.closing_of(self.connection) is not None

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()
        if self.previous is not None:
            self.previous.close()


def open_current(folder: Path, *, month: str, key: LogKey | None, is_new_key: bool = False) -> CurrentSegment:
    """Open the segment to append to in a month, begun where there is none for that month.

    The earlier ones are not read. `is_new_key` begins a segment that the key seals after one that it did not
    seal, and so vouches for what is there. Raises `DataError` where the log is not as it was written, that of
    another home, or not sealed with the key; and as the disk and SQLite do.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target_lock(folder / BEGUN):
        home_log, files = identity.read_identity(folder), segment_files(folder)
        if home_log is not None and (not files or files[-1].number < home_log.segment):
            raise refusal(folder, f"segment {home_log.segment} of it is gone")
        if not files:
            first = Segment(secrets.token_hex(16), 1, month, Anchor(0, START), _name(key))
            return _begin(folder, first, key=key, previous=None)
        newest = files[-1]
        if newest.number == 0:
            _require_key("", key, is_new=is_new_key)
            return _after_earlier_release(folder, newest, month=month, key=key)
        previous = files[-2] if len(files) > 1 else None
        current = _attach(newest, key=key, previous=previous)
        try:
            _require_of_this_home(current, home_log)
            _require_key(current.segment.key, key, is_new=is_new_key)
            if current.segment.key == _name(key) and not current.is_over(month):
                return current
            end = store.close_segment(current.connection, current.segment, key=current.segment.own(key))
        except BaseException:
            current.close()
            raise
        current.close()
        following = Segment(current.segment.identity, newest.number + 1, month, end, _name(key))
        return _begin(folder, following, key=key, previous=newest)


def _begin(
    folder: Path, segment: Segment, *, key: LogKey | None, previous: SegmentFile | None
) -> CurrentSegment:
    """Make the files of a segment: a kill on the way leaves none, or what `_attach` takes up."""
    file = segment_path(folder, segment)
    with atomic_file(file.path) as fresh:
        store.create(fresh, segment, seal=key.seal(segment.digest) if key else b"")
    current = _attach(file, key=key, previous=previous)
    identity.write_identity(folder, HomeLog(segment.identity, segment.number))
    return current


def _attach(file: SegmentFile, *, key: LogKey | None, previous: SegmentFile | None) -> CurrentSegment:
    """Open a segment and prove its schema, its header and its newest rows."""
    folder = file.path.parent
    if not file.path.is_file():
        raise refusal(folder, gone(file))
    connection = store.open_to_write(file.path)
    try:
        if fault := schema_fault(connection, number=file.number):
            raise refusal(folder, fault)
        segment, _ = store.header(connection)
        if not file.anchor_path.exists() and store.head(connection, segment) == segment.start:
            anchor.begin(file.anchor_path, segment.start)
        require_whole(connection, file, key=key)
        databases = (file.path.with_name(file.path.name + part) for part in ("", "-wal", "-shm"))
        files = OpenFiles((*databases, file.anchor_path))
        if fault := files.fault():
            raise refusal(folder, fault)
        version = store.schema_version(connection)
        earlier = store.open_to_read(previous.path) if previous and previous.path.is_file() else None
    except BaseException:
        connection.close()
        raise
    return CurrentSegment(connection, segment, file, files, version, earlier)


def _after_earlier_release(
    folder: Path, file: SegmentFile, *, month: str, key: LogKey | None
) -> CurrentSegment:
    """Begin the first segment after the one file of an earlier release, which stays as it is."""
    if not file.path.is_file():
        raise refusal(folder, gone(file))
    with store.reading(file.path) as connection:
        if fault := schema_fault(connection, number=0):
            raise refusal(folder, fault)
        segment, _ = store.header(connection)
        require_whole(connection, file, key=None)
        end = store.head(connection, segment)
    first = Segment(secrets.token_hex(16), 1, month, end, _name(key))
    return _begin(folder, first, key=key, previous=file)


def _require_of_this_home(current: CurrentSegment, home_log: HomeLog | None) -> None:
    """Raise `DataError` for the log of another home; note a segment whose beginning a kill cut off."""
    segment, folder = current.segment, current.file.path.parent
    path = identity.identity_path(folder)
    if home_log is None and not (
        segment.number == 1 and store.head(current.connection, segment) == segment.start
    ):
        raise DataError(
            f"Nothing says that the prediction log in {folder} is that of this home: {path} is gone.",
            expected=f"a file that names the log {segment.identity}.",
            advice="Restore folder and file from one copy.",
        )
    if home_log is not None and home_log.identity != segment.identity:
        raise DataError(
            f"The prediction log in {folder} is that of another home: {segment.identity}.",
            expected=f"the log {home_log.identity}, as {path} names it.",
            advice="Put it back from a copy. Keep what is there: somebody put it in place.",
        )
    if home_log != (own := HomeLog(segment.identity, segment.number)):
        identity.write_identity(folder, own)


def _require_key(name: str, key: LogKey | None, *, is_new: bool) -> None:
    """Raise `DataError` where a segment is not sealed with the key: it may have been made anew without it."""
    if name == _name(key) or (key and is_new):
        return
    raise DataError(
        f"The newest segment of the prediction log is sealed with {f'the key {name}' if name else 'no key'}, "
        f"and {SETTING} names {f'the key {key.name}' if key else 'none'}.",
        expected="the key that seals the log.",
        advice="Set it. Where a key is new, verify the log, then say so once: audit-yield log seal."
        if key
        else "Set it: rows without a seal would prove less than those before them.",
    )


def _name(key: LogKey | None) -> str:
    return key.name if key else ""
