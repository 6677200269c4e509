"""Key of the log: a secret outside the home, without which nobody can seal a row."""

import hmac
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import SettingError

SETTING = "AUDIT_YIELD_LOG_KEY"
LEAST = 32
"""Bytes of a key: as many as SHA-256 returns."""


@dataclass(frozen=True)
class LogKey:
    """A secret that seals digests; `name` tells two keys apart and reveals neither."""

    secret: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What a segment says of the key that seals it."""
        return self.seal(b"audit-yield log key")[:8].hex()

    def seal(self, digest: bytes) -> bytes:
        """Return the HMAC-SHA256 of a digest."""
        return hmac.digest(self.secret, digest, "sha256")

    def is_seal(self, seal: bytes, digest: bytes) -> bool:
        """Whether a seal is that of a digest."""
        return hmac.compare_digest(seal, self.seal(digest))


def read_key(setting: str, *, home: Path) -> LogKey | None:
    """Read the key from the file that the setting names; None where it names none.

    Raises `SettingError` where the file cannot be read, is too short, or lies in the home: whoever can write
    the log could read it there.
    """
    if not setting:
        return None
    path = Path(setting)
    if not path.is_absolute():
        raise _refusal(f"{SETTING} is '{setting}', which is another file in every folder.")
    if path.resolve().is_relative_to(home.resolve()):
        raise _refusal(f"{SETTING} names a file in the home, {path}.")
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise _refusal(f"{SETTING} names {path}, which cannot be read: {error.strerror}.") from error
    if len(secret) < LEAST:
        raise _refusal(f"The key in {path} has {len(secret)} bytes.")
    return LogKey(secret)


def require_key(setting: str, *, home: Path) -> LogKey:
    """Read the key as `read_key` does; raise `SettingError` where the setting names none."""
    key = read_key(setting, home=home)
    if key is None:
        raise _refusal("There is no key to seal the log with.")
    return key


def _refusal(problem: str) -> SettingError:
    return SettingError(
        problem,
        expected=f"the whole path of a file outside the home, with at least {LEAST} secret bytes.",
        advice=f"Make one: openssl rand -hex 32 > FILE; chmod 600 FILE; then set {SETTING} to it.",
    )
