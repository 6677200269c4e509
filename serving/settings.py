"""Settings of the service, read from environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from features.errors import SettingError

PREFIX = "AUDIT_YIELD_"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Address, limits and letterhead of the service; each is an environment variable AUDIT_YIELD_<NAME>.

    - `host`, `port`: where it listens; without tokens only loopback is taken.
    - `hosts`: the names by which callers may call it, divided by commas; a call to any other name, or from a
      page of any other origin, is refused.
    - `body_limit`: bytes of a request; `body_seconds`, `header_seconds`: until they must have come.
    - `answer_seconds`: until an answer must be there; a what-if builds all features of a trader anew.
    - `read_seconds`: until the caller must have read it; else the connection is ended.
    - `concurrency`: answers in the making at once; `threads`: of them, those that are long (pages, many
      traders).
    - `token_concurrency`: of the answers in the making, those of one token; `token_bytes`: bytes held for it,
      of bodies and of answers not read yet.
    - `log_key`: the file of the key that seals the prediction log, outside the home; without one a log can be
      made anew by whoever can write it.
    - `currency`: the ISO 4217 code of the reporting currency, named in the OpenAPI document where it is set.
    - `notice_office`, `notice_legal_basis`: named on the notice to a trader, where they are set.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    hosts: tuple[str, ...] = LOOPBACK
    body_limit: int = 2 * 1024 * 1024
    body_seconds: float = 10.0
    header_seconds: float = 10.0
    answer_seconds: float = 120.0
    read_seconds: float = 60.0
    concurrency: int = 64
    threads: int = 2
    token_concurrency: int = 16
    token_bytes: int = 64 * 1024 * 1024
    log_key: str = ""
    currency: str = ""
    notice_office: str = ""
    notice_legal_basis: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; raises `SettingError` for a value that cannot be used."""
        values = {}
        for field in fields(cls):
            name = f"{PREFIX}{field.name.upper()}"
            if text := environment.get(name, "").strip():
                values[field.name] = _value(name, text, like=field.default)
        return cls(**values)  # type: ignore[arg-type]


def _value(name: str, text: str, *, like: object) -> object:
    if isinstance(like, tuple):
        return tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if isinstance(like, str):
        return text
    kind = int if isinstance(like, int) else float
    try:
        value = kind(text)
    except ValueError:
        value = kind(0)
    if not 0 < value < float("inf"):
        raise SettingError(
            f"{name} is '{text}'.",
            expected=f"a {'whole ' if kind is int else ''}number above 0, such as {like}.",
            advice=f"Set {name} to one, or leave it out.",
        )
    return value
