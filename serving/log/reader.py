"""Log reader: one prediction by its id, or all of a trader's."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from features.errors import DataError
from serving.log import store, trader_keys
from serving.log.codec import taken, unpack
from serving.log.conceal import reveal, without_traders
from serving.log.entry import LogEntry
from serving.log.segment import FILE, segment_files
from serving.log.store import LogRow
from serving.log.trader_keys import TraderKeys

FOLDER = "log"
"""The folder of the log below the home."""
RECENT = 24
"""Segments in which the predictions of a trader are looked for: two years, each some milliseconds."""
RETRIED = 2
"""Segments in which an earlier answer to a request is looked for: nobody sends one again after a month."""
ID = re.compile(r"(\d{1,18})-(\d{1,9})-([0-9a-f]{8})")


@dataclass(frozen=True)
class LoggedPrediction:
    """One prediction as it was logged.

    `entry` is the answer as if it had been about this trader alone; `position` is the trader's in the whole
    answer, None where it was about no trader. `sequence` gives the order, whatever the clock said; `code` is
    the digest of the code that answered. `pseudonym` is that of a trader whose key is gone, None for any
    other: then `entry` holds what the row says of no trader.
    """

    prediction_id: str
    sequence: int
    position: int | None
    logged_at: datetime
    code: str
    entry: LogEntry
    pseudonym: str | None = None


def read(folder: Path, prediction_id: str) -> LoggedPrediction:
    """Return a logged prediction.

    Raises `DataError` where the log has none of that id, or the keys beside it are not its own.
    """
    parts = ID.fullmatch(prediction_id)
    row = _row(folder, int(parts[1])) if parts else None
    if row is None:
        raise _unknown(folder, prediction_id)
    traders = len(json.loads(row.packed.about)["traders"])
    prediction_ids = ids(row, traders)
    if prediction_id not in prediction_ids:
        raise _unknown(folder, prediction_id)
    position = prediction_ids.index(prediction_id) if traders else None
    with trader_keys.reading(folder) as keys:
        own = row if position is None else replace(row, packed=taken(row.packed, position))
        return _logged(own, position, keys)


def of_trader(folder: Path, trader_id: str, *, limit: int) -> tuple[LoggedPrediction, ...]:
    """Return the predictions of a trader in recent segments, without the features and reasons of `read`.

    The newest first, at most `limit`.
    """
    logged: list[LoggedPrediction] = []
    with trader_keys.reading(folder) as keys:
        names = _names(trader_id, keys)
        for path in islice(_databases(folder), RECENT):
            if len(logged) == limit:
                break
            with store.reading(path) as connection:
                rows = store.of_trader(connection, names, limit - len(logged))
                logged += [_logged(row, position, keys) for row, position in rows]
    return tuple(logged)


def of_endpoint(folder: Path, endpoint: str, *, after: int = 0) -> tuple[LoggedPrediction, ...]:
    """Return what an endpoint logged about one trader each, after a row, the newest first.

    Reads the segments whole.
    """
    logged: list[LoggedPrediction] = []
    with trader_keys.reading(folder) as keys:
        for path in _databases(folder):
            with store.reading(path) as connection:
                rows = store.of_endpoint(connection, endpoint, after=after)
                logged += [_logged(row, 0, keys) for row in rows]
    return tuple(logged)


def of_endpoint_and_traders(
    folder: Path, endpoint: str, trader_ids: Iterable[str]
) -> tuple[LoggedPrediction, ...]:
    """Return what an endpoint logged about one of some traders each in recent segments, the newest first."""
    logged: list[LoggedPrediction] = []
    with trader_keys.reading(folder) as keys:
        names = [name for trader_id in trader_ids for name in _names(trader_id, keys)]
        for path in islice(_databases(folder), RECENT):
            with store.reading(path) as connection:
                rows = store.of_endpoint_and_traders(connection, endpoint, names)
                logged += [_logged(row, 0, keys) for row in rows]
    return tuple(logged)


def _names(trader_id: str, keys: TraderKeys | None) -> list[str]:
    """Return the names under which rows are about a trader: its identifier, and its pseudonym."""
    key = keys.of_trader(trader_id) if keys else None
    return [trader_id, key.pseudonym] if key else [trader_id]


def of_request(folder: Path, actor: str, request_id: str) -> LogRow | None:
    """Return the row of an actor's request id in the newest segments."""
    for path in islice(_databases(folder), RETRIED):
        with store.reading(path) as connection:
            if row := store.of_request(connection, actor, request_id):
                return row
    return None


def has_concealed(folder: Path) -> bool:
    """Whether rows of a log are under keys of traders; those of 0.1.0 are under none, and not read."""
    for path in _databases(folder):
        if path.name != FILE:
            with store.reading(path) as connection:
                if store.has_concealed(connection):
                    return True
    return False


def _row(folder: Path, sequence: int) -> LogRow | None:
    for path in _databases(folder):
        with store.reading(path) as connection:
            if row := store.row_at(connection, sequence):
                return row
    return None


def _databases(folder: Path) -> Iterator[Path]:
    """Yield the databases that are there, the newest first."""
    return (file.path for file in reversed(segment_files(folder)) if file.path.is_file())


def ids(row: LogRow, traders: int) -> tuple[str, ...]:
    """Return the prediction ids of a row: one a trader, or the one of an answer about none."""
    return tuple(_id(row, position) for position in range(traders)) or (_id(row, None),)


def _id(row: LogRow, position: int | None) -> str:
    """Name the row, the position from 1, and enough of the digest to find a mistyped or foreign id."""
    return f"{row.sequence}-{0 if position is None else position + 1}-{row.digest[:4].hex()}"


def _logged(row: LogRow, position: int | None, keys: TraderKeys | None) -> LoggedPrediction:
    """Return the prediction of a row about one trader or none."""
    revealed = reveal(row.packed, keys)
    about = json.loads(row.packed.about)
    return LoggedPrediction(
        prediction_id=_id(row, position),
        sequence=row.sequence,
        position=position,
        logged_at=datetime.fromisoformat(row.logged_at),
        code=about["code"],
        entry=unpack(without_traders(row.packed) if revealed is None else revealed),
        pseudonym=about["traders"][0] if revealed is None else None,
    )


def _unknown(folder: Path, prediction_id: str) -> DataError:
    return DataError(
        f"The log in {folder.name} has no prediction '{prediction_id}'.",
        expected="an id as an answer or a page names it, such as 17-1-9f86d081.",
        advice="Look at its digits again; an older log, or months removed from this one, may be kept "
        "elsewhere: name the folder with --log.",
    )
