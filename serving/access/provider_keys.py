"""Public keys of an identity provider: read now and then, never for a request, and kept while it is down."""

import asyncio
import http.client
import json
import logging
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from features.errors import DataError, SettingError
from serving.metrics import PROVIDER_FAULT

REFRESH_SECONDS = 300.0
"""Between two reads; a key that was withdrawn opens nothing after."""
LEAST_SECONDS = 30.0
"""Between two reads, however many tokens name a key that is not known, and however often a read fails."""
KEPT_SECONDS = 86_400.0
"""Keys that could not be read anew for so long open nothing: nobody would know that they were withdrawn."""
READ_SECONDS = 10.0
LARGEST = 262_144
"""Bytes; a set has two or three keys, of less than 5,000 with their certificates."""
ASYMMETRIC = ("RSA", "EC", "OKP")
"""Kinds of keys with a public half; of a shared secret in a set anybody could make tokens."""
logger = logging.getLogger(__name__)


class ProviderKeys:
    """The key set (RFC 7517) at `location`, an https address or the path of a file."""

    def __init__(self, location: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        _require_address(location)
        self.location, self._clock = location, clock
        self._keys: KeySet | None = None
        self._read_at = self._tried_at = float("-inf")
        self._wanted = False
        self.fault: str | None = None

    def current(self) -> KeySet | None:
        """Return the keys that were read last, None before the first and where that is too long ago."""
        return self._keys if self._clock() - self._read_at <= KEPT_SECONDS else None

    def want(self) -> None:
        """Ask for a read before its time: a token names a key that is not known."""
        self._wanted = True

    def is_due(self) -> bool:
        """Whether it is time to read."""
        is_behind = self._wanted or self.fault is not None
        return self._clock() - self._tried_at >= (LEAST_SECONDS if is_behind else REFRESH_SECONDS)

    def refresh(self) -> None:
        """Read the keys; where that fails, those that were read before go on and `fault` says why."""
        self._tried_at, self._wanted = self._clock(), False
        try:
            self._keys = _key_set(_content(self.location))
        # what a network, a file, and a document that is no key set may raise
        except (OSError, http.client.HTTPException, JoseError, ValueError, TypeError, KeyError) as error:
            if self.fault is None:
                logger.warning(
                    "The keys of the identity provider cannot be read: %s. %s",
                    error,
                    "Those read before are good for a day." if self.current() else "Its tokens open nothing.",
                )
            self.fault = f"{error}"
        else:
            if self.fault is not None:
                logger.info("The keys of the identity provider can be read again.")
            self._read_at, self.fault = self._clock(), None
        PROVIDER_FAULT.set(self.fault is not None)

    def start(self) -> None:
        """Read the keys for the first time; raises `DataError` for a file that cannot be read.

        A provider that is down may be up again in a minute, and others have tokens of ours.
        """
        if Path(self.location).is_absolute():
            self.require()
        else:
            self.refresh()

    def require(self) -> None:
        """Read the keys; raises `DataError` where that fails."""
        self.refresh()
        if self.fault is not None:
            raise DataError(
                f"The keys of the identity provider cannot be read at {self.location}: {self.fault}.",
                expected="a set of public keys (RFC 7517), as the provider's `jwks_uri` has it.",
                advice="Correct AUDIT_YIELD_OIDC_KEYS, or let this machine reach it.",
            )

    async def watch(self, *, every: float) -> None:
        """Read the keys whenever it is time to, off the event loop; looks every so many seconds."""
        while True:
            if self.is_due():
                await asyncio.to_thread(self.refresh)
            await asyncio.sleep(every)


def _require_address(location: str) -> None:
    address = urlsplit(location)
    is_own = address.scheme == "http" and address.hostname in ("localhost", "127.0.0.1", "::1")
    if address.scheme != "https" and not is_own and not Path(location).is_absolute():
        raise SettingError(
            f"AUDIT_YIELD_OIDC_KEYS is '{location}'.",
            expected="an address that begins with https://, or the whole path of a file.",
            advice="The provider's /.well-known/openid-configuration names it as `jwks_uri`.",
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it may lead away from the address that is trusted."""

    def redirect_request(self, *_: object) -> None:
        """Go nowhere."""


def _content(location: str) -> bytes:
    if Path(location).is_absolute():
        return Path(location).read_bytes()
    opener = urllib.request.build_opener(_NoRedirect())
    with opener.open(location, timeout=READ_SECONDS) as response:
        content: bytes = response.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST:,} bytes")
    return content


def _key_set(content: bytes) -> KeySet:
    keys = [each for each in json.loads(content)["keys"] if each.get("kty") in ASYMMETRIC]
    return KeySet.import_key_set({"keys": keys})
