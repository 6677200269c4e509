"""Who may call the service: tokens, kept as hashes, each with a role, perhaps an end and certain traders."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from features.clock import Clock
from features.errors import DataError, SettingError
from features.storage.atomic import atomic_file
from features.storage.lock import file_lock

FILE = "tokens.json"
MARK = "ay_"
"""What every token starts with, so that scanners of leaked secrets find it."""


class Role(StrEnum):
    """What a caller does."""

    RISK_UNIT = "risk_unit"
    AUDITOR = "auditor"
    DATA_SCIENTIST = "data_scientist"


@dataclass(frozen=True)
class Caller:
    """Who calls: the name and roles of a token, and the traders that it is limited to (None for all)."""

    name: str
    roles: frozenset[Role]
    traders: frozenset[str] | None = None

    @property
    def role(self) -> str:
        """The roles in one word, as the log keeps them."""
        return ",".join(sorted(self.roles))

    def may_see(self, trader_id: str) -> bool:
        """Whether the caller may ask about a trader."""
        return self.traders is None or trader_id in self.traders


LOCAL = Caller("this machine", frozenset(Role))
"""Whoever calls from the machine itself while there are no tokens."""


@dataclass(frozen=True)
class Token:
    """What is kept of a token: never the secret, only its SHA-256 (it is 256 random bits, so that is enough).

    It holds through the day `expires_on`, where it has one, and until `revoked_at`.
    """

    name: str
    role: Role
    sha256: str
    made_at: str
    traders: tuple[str, ...] | None = None
    expires_on: date | None = None
    revoked_at: str | None = None

    def holds(self, today: date) -> bool:
        """Whether it opens anything on a day."""
        return self.revoked_at is None and (self.expires_on is None or today <= self.expires_on)

    def caller(self) -> Caller:
        """Return who calls with it."""
        traders = None if self.traders is None else frozenset(self.traders)
        return Caller(self.name, frozenset({self.role}), traders)


class Tokens:
    """The tokens of a home, read anew whenever their file changes: a revoked one is refused at once.

    Once there were tokens, a file that is gone or damaged opens nothing to anybody.
    """

    def __init__(self, home: Path, *, clock: Clock) -> None:
        self.path = home / FILE
        self._clock = clock
        self._stamp: tuple[int, int] | None = None
        self._tokens = self._read()
        self.required = self.path.exists()

    def caller(self, secret: str) -> Caller | None:
        """Return who calls with a secret, None where it opens nothing; takes the same time for any secret."""
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
        today, found = self._clock().date(), None
        for token in self._current():
            if hmac.compare_digest(token.sha256, digest) and token.holds(today):
                found = token
        return found.caller() if found else None

    def are_required(self) -> bool:
        """Whether callers must have one: they must from the first token ever seen here on."""
        self.required = self.required or self.path.exists()
        return self.required

    def _current(self) -> tuple[Token, ...]:
        try:
            if self._stamp != _stamp(self.path):
                self._tokens = self._read()
        except (DataError, OSError):
            return ()
        return self._tokens

    def _read(self) -> tuple[Token, ...]:
        stamp = _stamp(self.path) if self.path.exists() else None
        tokens = read_tokens(self.path)
        self._stamp = stamp  # only what could be read counts as read
        return tokens


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def read_tokens(path: Path) -> tuple[Token, ...]:
    """Return the tokens of a file, none where there is no file; raises `DataError` where it is damaged."""
    try:
        return tuple(_token(each) for each in json.loads(path.read_bytes()))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{path.name} does not say who may call the service.",
            expected="the file as `audit-yield token` wrote it.",
            advice="Put back a copy of it, or remove it and make new tokens.",
        ) from error


def _token(values: dict[str, object]) -> Token:
    traders, expires_on = values.pop("traders"), values.pop("expires_on")
    return Token(
        **{**values, "role": Role(str(values["role"]))},  # type: ignore[arg-type]
        traders=None if traders is None else tuple(traders),  # type: ignore[arg-type]
        expires_on=None if expires_on is None else date.fromisoformat(str(expires_on)),
    )


def new_token(
    home: Path,
    name: str,
    *,
    role: Role,
    now: datetime,
    traders: Iterable[str] | None = None,
    expires_on: date | None = None,
) -> str:
    """Make a token and return its secret, which is shown this once and kept nowhere.

    Raises `SettingError` for a name that is taken or is none.
    """
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise SettingError(
            f"'{name}' is no name for a token.",
            expected="up to 100 letters that can be printed: whose it is, and for what.",
            advice="Choose another name.",
        )
    secret = MARK + secrets.token_urlsafe(32)
    made = Token(
        name=name,
        role=role,
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        made_at=_second(now),
        traders=None if traders is None else tuple(sorted(set(traders))),
        expires_on=expires_on,
    )
    with _alone(home):
        known = read_tokens(home / FILE)
        if any(token.name == name for token in known):
            raise SettingError(
                f"There is a token '{name}' already.",
                expected="a name of its own for every token, also after one was revoked: the log names it.",
                advice=f"Choose another name, such as '{name}-2'.",
            )
        _write(home / FILE, (*known, made))
    return secret


def revoke_token(home: Path, name: str, *, now: datetime) -> None:
    """Make a token open nothing from now on; raises `SettingError` where there is none that does."""
    with _alone(home):
        known = read_tokens(home / FILE)
        if not any(token.name == name and token.revoked_at is None for token in known):
            raise SettingError(
                f"There is no token '{name}' that opens anything.",
                expected="the name of a token.",
                advice="`audit-yield token list` shows them.",
            )
        _write(home / FILE, [replace(t, revoked_at=_second(now)) if t.name == name else t for t in known])


def token_lines(tokens: Iterable[Token], *, today: date) -> Iterator[str]:
    """Describe tokens to a person, a line each."""
    for token in tokens:
        state = "revoked" if token.revoked_at else "holds" if token.holds(today) else "expired"
        limits = [] if token.traders is None else [f"limited to traders {', '.join(token.traders)}"]
        limits += [] if token.expires_on is None else [f"until {token.expires_on}"]
        yield ", ".join([f"{token.name}: {token.role}", state, *limits, f"made {token.made_at[:10]}"])


def told_tokens(tokens: Iterable[Token]) -> list[dict[str, Any]]:
    """Return tokens as plain data for JSON, without their hashes."""
    return [{name: value for name, value in asdict(each).items() if name != "sha256"} for each in tokens]


def _alone(home: Path) -> AbstractContextManager[None]:
    """Read and write as one: of two changes at once none may undo the other."""
    return file_lock(home / "locks" / "tokens.lock")


def _write(path: Path, tokens: Iterable[Token]) -> None:
    """Write the file beside its place and rename it; nobody else may read it."""
    unchanged = "Free some space; the tokens are unchanged."
    with (
        atomic_file(path, advice=unchanged) as fresh,
        open(fresh, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file,
    ):
        json.dump([asdict(token) for token in tokens], file, indent=1, default=str)
        file.flush()
        os.fsync(file.fileno())


def _second(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
