"""Tokens of callers, stored as hashes, each with a role and perhaps an expiry date and a list of traders."""

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
from typing import Any, Protocol

from features.clock import Clock
from features.errors import DataError, SettingError
from features.storage.atomic import atomic_file
from features.storage.lock import file_lock

FILE = "tokens.json"
SINCE = "tokens.since"
"""The file that says when the first token was made: a service that had tokens is not open without them."""
PREFIX = "ay_"
"""The prefix of every token, by which scanners of leaked secrets recognise it."""
PROVIDER_PREFIX = "oidc:"
"""The prefix of the names of callers whom an identity provider vouches for; no token has such a name."""


class Role(StrEnum):
    """The role of a caller."""

    RISK_UNIT = "risk_unit"
    AUDITOR = "auditor"
    DATA_SCIENTIST = "data_scientist"


@dataclass(frozen=True)
class Caller:
    """A caller: the name and roles of a token, and the traders that it is limited to (None for all).

    A limited caller asks as of the day of the snapshot alone, unless its token says `any_day`.
    """

    name: str
    roles: frozenset[Role]
    traders: frozenset[str] | None = None
    any_day: bool = False

    @property
    def role(self) -> str:
        """The roles as one text, as the log stores them."""
        return ",".join(sorted(self.roles))

    @property
    def is_limited(self) -> bool:
        """Whether there are traders of which it may learn nothing."""
        return self.traders is not None

    def may_see(self, trader_id: str) -> bool:
        """Whether the caller may ask about a trader."""
        return self.traders is None or trader_id in self.traders


LOCAL = Caller("this machine", frozenset(Role))
"""Whoever calls from the machine itself while there are no tokens."""
NOBODY = Caller("nobody", frozenset())
"""Whoever has not shown a token."""


@dataclass(frozen=True)
class Token:
    """A token as stored: never the secret, only its SHA-256 (it is 256 random bits, so that is enough).

    It is valid through the day `expires_on`, where it has one, and until `revoked_at`.
    """

    name: str
    role: Role
    sha256: str
    made_at: str
    traders: tuple[str, ...] | None = None
    expires_on: date | None = None
    revoked_at: str | None = None
    any_day: bool = False

    def is_valid(self, today: date) -> bool:
        """Whether it admits its caller on a day."""
        return self.revoked_at is None and (self.expires_on is None or today <= self.expires_on)

    def caller(self) -> Caller:
        """Return the caller that it stands for."""
        traders = None if self.traders is None else frozenset(self.traders)
        return Caller(self.name, frozenset({self.role}), traders, self.any_day)


class Provider(Protocol):
    """An identity provider, whose tokens are proved by its signature and are in no file of ours."""

    def caller(self, secret: str) -> Caller | None:
        """Return the caller of a token, None where it opens nothing."""


class Tokens:
    """The tokens of a home, read again whenever their file changes: a revoked one is refused at once.

    Those of a `provider` are taken beside them. Once there were tokens, a file that is gone or damaged admits
    nobody. Where the service is `open`, no tokens are asked for.
    """

    def __init__(
        self, home: Path, *, clock: Clock, is_open: bool = False, provider: Provider | None = None
    ) -> None:
        self.path, self.since_path = home / FILE, home / SINCE
        self._clock, self._is_open, self._provider = clock, is_open, provider
        self._stamp: tuple[int, int] | None = None
        self._tokens = self._read()
        self._were_made = False

    def caller(self, secret: str) -> Caller | None:
        """Return the caller of a secret, None without a valid token; takes the same time for any of ours."""
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
        today, match = self._clock().astimezone().date(), None
        for token in self._current():
            if hmac.compare_digest(token.sha256, digest) and token.is_valid(today):
                match = token
        if match:
            return match.caller()
        return self._provider.caller(secret) if self._provider else None

    def are_required(self) -> bool:
        """Whether callers need a token, unless it is open: with a provider, or once a token was made here."""
        return not self._is_open and (self._provider is not None or self._have_been_made())

    def require_file(self) -> None:
        """Raise `DataError` where tokens were made, are required and their file is gone.

        A home of an older version that has the file is marked as one that had tokens.
        """
        if self._is_open or not self._have_been_made():
            return
        if self.path.exists():
            _mark(self.since_path, self._clock())
            return
        since = self.since_path.read_text(encoding="utf-8", errors="replace").strip()
        raise DataError(
            f"{FILE} is gone from {self.path.parent.name}: callers have needed a token since {since[:10]}.",
            expected="the file as `audit-yield token` wrote it.",
            advice="Put back a copy of it, or make new tokens: audit-yield token new NAME --role ROLE. To "
            "answer this machine without any: audit-yield serve DATA --open.",
        )

    def _have_been_made(self) -> bool:
        self._were_made = self._were_made or self.path.exists() or self.since_path.exists()
        return self._were_made

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
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


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
    any_day: bool = False,
) -> str:
    """Make a token and return its secret, which is shown this once and stored nowhere.

    Raises `SettingError` for a name that is taken or is none.
    """
    # the log means callers without a token of ours by them
    reserved = name in (LOCAL.name, NOBODY.name) or name.startswith(PROVIDER_PREFIX)
    if reserved or not name.strip() or len(name) > 100 or not name.isprintable():
        raise SettingError(
            f"'{name}' is no name for a token.",
            expected="up to 100 letters that can be printed: whose it is, and for what.",
            advice="Choose another name.",
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        name=name,
        role=role,
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        made_at=_second(now),
        traders=None if traders is None else tuple(sorted(set(traders))),
        expires_on=expires_on,
        any_day=any_day,
    )
    with _exclusive(home):
        tokens = read_tokens(home / FILE)
        if any(each.name == name for each in tokens):
            raise SettingError(
                f"There is a token '{name}' already.",
                expected="a name of its own for every token, also after one was revoked: the log names it.",
                advice=f"Choose another name, such as '{name}-2'.",
            )
        _mark(home / SINCE, now)
        _write(home / FILE, (*tokens, token))
    return secret


def revoke_token(home: Path, name: str, *, now: datetime) -> None:
    """Revoke a token from now on; raises `SettingError` where there is none to revoke."""
    with _exclusive(home):
        tokens = read_tokens(home / FILE)
        if not any(token.name == name and token.revoked_at is None for token in tokens):
            raise SettingError(
                f"There is no token '{name}' that opens anything.",
                expected="the name of a token.",
                advice="`audit-yield token list` shows them.",
            )
        _write(home / FILE, [replace(t, revoked_at=_second(now)) if t.name == name else t for t in tokens])


def to_text(tokens: Iterable[Token], *, today: date) -> Iterator[str]:
    """Describe tokens to a person, a line each."""
    for token in tokens:
        state = "revoked" if token.revoked_at else "holds" if token.is_valid(today) else "expired"
        limits = [] if token.traders is None else [f"limited to traders {', '.join(token.traders)}"]
        limits += ["any day"] if token.any_day else []
        limits += [] if token.expires_on is None else [f"until {token.expires_on}"]
        yield ", ".join([f"{token.name}: {token.role}", state, *limits, f"made {token.made_at[:10]}"])


def to_plain(tokens: Iterable[Token]) -> list[dict[str, Any]]:
    """Return tokens as plain data for JSON, without their hashes."""
    return [{name: value for name, value in asdict(each).items() if name != "sha256"} for each in tokens]


def _exclusive(home: Path) -> AbstractContextManager[None]:
    """Lock the tokens, to read and write as one: of two changes at once none may undo the other."""
    return file_lock(home / "locks" / "tokens.lock")


def _write(path: Path, tokens: Iterable[Token]) -> None:
    """Write the file atomically, readable by its owner alone."""
    unchanged = "Free some space; the tokens are unchanged."
    with (
        atomic_file(path, advice=unchanged) as fresh,
        open(fresh, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file,
    ):
        json.dump([asdict(token) for token in tokens], file, indent=1, default=str)
        file.flush()
        os.fsync(file.fileno())


def _mark(path: Path, now: datetime) -> None:
    """Write when the first token was made, where that is not written yet."""
    if not path.exists():
        with atomic_file(path, advice="Free some space; no token was made.") as fresh:
            fresh.write_text(f"{_second(now)}\n", encoding="utf-8")


def _second(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
