"""Settings of the service, read from environment variables."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Self, TypeVar

from features.errors import SettingError
from features.language import LANGUAGES

PREFIX = "AUDIT_YIELD_"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
Value = TypeVar("Value")
MEANING, ONE_OF = "meaning", "one_of"
"""Keys of a field's metadata: what it means, as docs/settings.md shows it, and the texts that it may be."""


def setting(default: Value, meaning: str, *, one_of: Sequence[str] = ()) -> Value:
    """Return the field of a setting: what it is without a variable, and what it means, in one sentence."""
    made: Value = field(default=default, metadata={MEANING: meaning, ONE_OF: tuple(one_of)})
    return made


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Address, limits and letterhead of the service; each is an environment variable AUDIT_YIELD_<NAME>."""

    host: str = setting(
        "127.0.0.1", "the address at which it listens; any other than this machine's own needs tokens"
    )
    port: int = setting(3000, "the port")
    hosts: tuple[str, ...] = setting(
        LOOPBACK,
        "the names by which callers may call it, divided by commas; calls to other names, or from pages of "
        "other origins, are refused",
    )
    body_limit: int = setting(2 * 1024 * 1024, "bytes of a request")
    body_seconds: float = setting(10.0, "until the body must have come")
    header_seconds: float = setting(10.0, "until the headers must have come")
    answer_seconds: float = setting(
        120.0, "until an answer must be there; a what-if builds all features of a trader anew"
    )
    read_seconds: float = setting(60.0, "until the caller must have read it; else the connection is ended")
    concurrency: int = setting(64, "answers in the making at once; more get a 429")
    threads: int = setting(2, "of them, those that are long (pages, many traders)")
    token_concurrency: int = setting(
        16, "of the answers in the making, those of one token; it alone gets the 429"
    )
    token_bytes: int = setting(
        64 * 1024 * 1024, "bytes of bodies, and of answers not read yet, that are held for one token"
    )
    process_log: str = setting(
        "text",
        "how the process writes what happens to it, to standard output: for people, or as JSON, a line each",
        one_of=("text", "json"),
    )
    log_key: str = setting(
        "", "the whole path of a file outside the home, with the key that seals the prediction log"
    )
    currency: str = setting("", "the ISO 4217 code of the reporting currency, named in `/openapi.json`")
    languages: tuple[str, ...] = setting(
        tuple(LANGUAGES),
        "the languages of pages that are offered, divided by commas; the first is taken where a browser "
        "likes none of them",
        one_of=tuple(LANGUAGES),
    )
    notice_office: str = setting("", "the office that the notice to a trader names, with its address")
    notice_legal_basis: str = setting(
        "", "the law under which the estimate is made and used, as the notice names it"
    )
    oidc_issuer: str = setting(
        "", "the identity provider whose tokens admit callers too: what their `iss` says, to the letter"
    )
    oidc_audience: str = setting("", "the name under which that provider knows this service: what `aud` has")
    oidc_keys: str = setting(
        "", "where its public keys are: its `jwks_uri`, which is https, or the whole path of a file"
    )
    oidc_algorithms: tuple[str, ...] = setting(
        ("RS256", "PS256", "ES256"), "the signatures that are taken, divided by commas"
    )
    oidc_leeway_seconds: float = setting(30.0, "by how much its clock may differ from this one")
    oidc_roles_claim: str = setting(
        "roles", "the claim with the roles of a caller; dots lead into it, as in `realm_access.roles`"
    )
    oidc_roles: tuple[str, ...] = setting(
        ("risk_unit=risk_unit", "auditor=auditor", "data_scientist=data_scientist"),
        "what its roles or groups are here, each THEIRS=OURS, divided by commas",
    )
    oidc_traders_claim: str = setting(
        "",
        "the claim with the traders that a caller is limited to; `*` in it stands for all, and where it is "
        "named a token without it opens nothing",
    )

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; raises `SettingError` for a value that cannot be used."""
        values = {}
        for each in fields(cls):
            name = variable(each.name)
            if text := environment.get(name, "").strip():
                values[each.name] = _value(name, text, like=each.default, one_of=each.metadata[ONE_OF])
        return cls(**values)  # type: ignore[arg-type]


def variable(name: str) -> str:
    """Return the environment variable of a setting.

    >>> variable("port")
    'AUDIT_YIELD_PORT'
    """
    return f"{PREFIX}{name.upper()}"


def _value(name: str, text: str, *, like: object, one_of: Sequence[str]) -> object:
    if isinstance(like, tuple):
        parts = (part.strip() for part in text.split(",") if part.strip())
        return tuple(_value(name, part, like="", one_of=one_of) for part in parts)
    if one_of and text not in one_of:
        raise SettingError(
            f"{name} is '{text}'.",
            expected=f"one of {', '.join(one_of)}.",
            advice=f"Set {name} to one of them, or leave it out.",
        )
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
