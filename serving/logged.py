"""What was logged, read again: one prediction by its id, or all of a trader's."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.errors import DataError
from serving import log_store
from serving.entry import Entry
from serving.log_row import unpack
from serving.log_store import Row

PLACE, FILE, ANCHOR = "log", "predictions.sqlite", "predictions.anchor"
"""The folder of the log below the home, and its files."""
ID = re.compile(r"(\d{1,18})-(\d{1,9})-([0-9a-f]{8})")


@dataclass(frozen=True)
class Logged:
    """One prediction as it was logged.

    `entry` is the whole answer; `place` the trader's in it, None where it spoke of none. `sequence` gives the
    order, whatever the clock said; `code` is the digest of the code that answered.
    """

    prediction_id: str
    sequence: int
    place: int | None
    logged_at: datetime
    code: str
    entry: Entry

    @property
    def alone(self) -> Entry:
        """The entry as if it had been about this trader alone."""
        return self.entry if self.place is None else self.entry.only(self.place)


def read(folder: Path, prediction_id: str) -> Logged:
    """Return what was logged of a prediction; raises `DataError` where the log has none of that id."""
    parts = ID.fullmatch(prediction_id)
    if parts is None or not (folder / FILE).is_file():
        raise _unknown(folder, prediction_id)
    with log_store.reading(folder / FILE) as connection:
        row = log_store.at(connection, int(parts[1]))
    place = int(parts[2]) - 1 if int(parts[2]) else None
    logged = row and _logged(row, place)
    if not row or not logged or prediction_id not in ids(row, len(logged.entry.trader_ids)):
        raise _unknown(folder, prediction_id)
    return logged


def of_trader(folder: Path, trader_id: str, *, limit: int) -> tuple[Logged, ...]:
    """Return what was logged of a trader, the newest first."""
    with log_store.reading(folder / FILE) as connection:
        return tuple(_logged(row, place) for row, place in log_store.of_trader(connection, trader_id, limit))


def ids(row: Row, traders: int) -> tuple[str, ...]:
    """Return the prediction ids of a row: one a trader, or the one of an answer that spoke of none."""
    return tuple(_id(row, place) for place in range(traders)) or (_id(row, None),)


def _id(row: Row, place: int | None) -> str:
    """Name the row, the place from 1, and enough of the digest to find a mistyped or foreign id."""
    return f"{row.sequence}-{0 if place is None else place + 1}-{row.digest[:4].hex()}"


def _logged(row: Row, place: int | None) -> Logged:
    return Logged(
        prediction_id=_id(row, place),
        sequence=row.sequence,
        place=place,
        logged_at=datetime.fromisoformat(row.logged_at),
        code=json.loads(row.packed.about)["code"],
        entry=unpack(row.packed),
    )


def _unknown(folder: Path, prediction_id: str) -> DataError:
    return DataError(
        f"The log in {folder.name} has no prediction '{prediction_id}'.",
        expected="an id as an answer or a page names it, such as 17-1-9f86d081.",
        advice="Look at its digits again; an older log may be kept elsewhere: name it with --log.",
    )
