"""What was logged, read again: one prediction by its id, or all of a trader's."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.errors import DataError
from serving.log import store
from serving.log.codec import unpack
from serving.log.entry import Entry
from serving.log.store import Row

PLACE, FILE, ANCHOR = "log", "predictions.sqlite", "predictions.anchor"
"""The folder of the log below the home, and its files."""
ID = re.compile(r"(\d{1,18})-(\d{1,9})-([0-9a-f]{8})")


@dataclass(frozen=True)
class Logged:
    """One prediction as it was logged.

    `alone` is the answer as if it had been about this trader alone; `place` is the trader's in it, None where
    it spoke of none. `sequence` gives the order, whatever the clock said; `code` is the digest of the code
    that answered.
    """

    prediction_id: str
    sequence: int
    place: int | None
    logged_at: datetime
    code: str
    alone: Entry


def read(folder: Path, prediction_id: str) -> Logged:
    """Return what was logged of a prediction; raises `DataError` where the log has none of that id."""
    parts = ID.fullmatch(prediction_id)
    row = _row(folder, int(parts[1])) if parts else None
    if parts is None or row is None:
        raise _unknown(folder, prediction_id)
    entry = unpack(row.packed)
    known = ids(row, len(entry.trader_ids))
    if prediction_id not in known:
        raise _unknown(folder, prediction_id)
    place = known.index(prediction_id) if entry.trader_ids else None
    return _logged(row, place, entry if place is None else entry.only(place))


def of_trader(folder: Path, trader_id: str, *, limit: int) -> tuple[Logged, ...]:
    """Return what was said of a trader, the newest first, without features and reasons; `read` has those."""
    with store.reading(folder / FILE) as connection:
        found = store.of_trader(connection, trader_id, limit)
        return tuple(_logged(row, place, unpack(row.packed)) for row, place in found)


def _row(folder: Path, sequence: int) -> Row | None:
    if not (folder / FILE).is_file():
        return None
    with store.reading(folder / FILE) as connection:
        return store.at(connection, sequence)


def ids(row: Row, traders: int) -> tuple[str, ...]:
    """Return the prediction ids of a row: one a trader, or the one of an answer that spoke of none."""
    return tuple(_id(row, place) for place in range(traders)) or (_id(row, None),)


def _id(row: Row, place: int | None) -> str:
    """Name the row, the place from 1, and enough of the digest to find a mistyped or foreign id."""
    return f"{row.sequence}-{0 if place is None else place + 1}-{row.digest[:4].hex()}"


def _logged(row: Row, place: int | None, alone: Entry) -> Logged:
    return Logged(
        prediction_id=_id(row, place),
        sequence=row.sequence,
        place=place,
        logged_at=datetime.fromisoformat(row.logged_at),
        code=json.loads(row.packed.about)["code"],
        alone=alone,
    )


def _unknown(folder: Path, prediction_id: str) -> DataError:
    return DataError(
        f"The log in {folder.name} has no prediction '{prediction_id}'.",
        expected="an id as an answer or a page names it, such as 17-1-9f86d081.",
        advice="Look at its digits again; an older log may be kept elsewhere: name it with --log.",
    )
