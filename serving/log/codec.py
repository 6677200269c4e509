"""Encode log entries as bytes and decode them: numbers bit for bit, all else as canonical JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from models.prediction import PER_TRADER, Floats, Prediction
from serving.log.entry import Access, AnswerBasis, Decision, LogEntry

DOUBLE = np.dtype("<f8")
CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Packed:
    """An entry as bytes: `about` is JSON, the others little-endian doubles, row by row; empty for none."""

    about: bytes
    features: bytes
    outputs: bytes
    contributions: bytes

    @property
    def digest(self) -> bytes:
        """The SHA-256 over all of it; each part goes in with its length: none can borrow from the next."""
        digest = hashlib.sha256()
        for part in (self.about, self.features, self.outputs, self.contributions):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.digest()


def pack(entry: LogEntry, *, code: str) -> Packed:
    """Encode an entry as bytes; `code` is the digest of the code that answered."""
    prediction = entry.prediction
    about = {
        "asked": vars(entry.access),
        "basis": entry.basis and vars(entry.basis) | {"as_of": entry.basis.as_of.isoformat()},
        "code": code,
        "traders": entry.trader_ids,
        "types": prediction.types if prediction else (),
        "base": entry.base,
        "decision": vars(entry.decision),
    }
    return Packed(
        about=encoded(about),
        features=_bytes(entry.features),
        outputs=_bytes(None if prediction is None else prediction.matrix),
        contributions=_bytes(entry.contributions),
    )


def encoded(about: Mapping[str, Any]) -> bytes:
    """Encode as canonical JSON; raises `ValueError` for numbers that JSON lacks."""
    return CANONICAL.encode(about).encode()


def taken(packed: Packed, position: int) -> Packed:
    """Return an entry as if it had been about the trader at one position alone."""
    about = json.loads(packed.about)
    traders = about["traders"]

    def own(content: bytes) -> bytes:
        size = len(content) // len(traders)
        return content[position * size : (position + 1) * size]

    return Packed(
        encoded(about | {"traders": [traders[position]]}),
        own(packed.features),
        own(packed.outputs),
        own(packed.contributions),
    )


def unpack(packed: Packed) -> LogEntry:
    """Decode an entry, bit for bit as it was."""
    about = json.loads(packed.about)
    traders = tuple(about["traders"])
    return LogEntry(
        access=Access(**about["asked"]),
        basis=_basis(about["basis"]),
        trader_ids=traders,
        features=_rows(packed.features, len(traders)),
        prediction=_prediction(_rows(packed.outputs, len(traders)), tuple(about["types"])),
        contributions=_rows(packed.contributions, len(traders)),
        base=about["base"],
        decision=Decision(**about["decision"]),
    )


def _prediction(rows: Floats | None, types: tuple[str, ...]) -> Prediction | None:
    if rows is None:
        return None
    numbers = rows.shape[1] - len(types)  # four before 0.2.0: those that an older row lacks are NaN
    absent = np.full(len(rows), np.nan)
    whole = {name: rows[:, k] if k < numbers else absent for k, name in enumerate(PER_TRADER)}
    return Prediction(**whole, by_type=rows[:, numbers:], types=types)


def _basis(values: Mapping[str, Any] | None) -> AnswerBasis | None:
    return None if values is None else AnswerBasis(**{**values, "as_of": date.fromisoformat(values["as_of"])})


def _bytes(values: Floats | None) -> bytes:
    return b"" if values is None else np.ascontiguousarray(values, DOUBLE).tobytes()


def _rows(content: bytes, rows: int) -> Floats | None:
    return np.frombuffer(content, DOUBLE).reshape(rows, -1).astype(np.float64) if content else None
