"""Conceal what is personal in a row: each trader's part under a key of its own, which can be destroyed."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from serving.log.codec import Packed, encoded
from serving.log.entry import Decision
from serving.log.trader_keys import TraderKey, TraderKeys, unreadable

NUMBERS = ("features", "outputs", "contributions")
Context = list[bytes]


def conceal(packed: Packed, keys: Sequence[TraderKey]) -> Packed:
    """Encrypt a row about traders, one key for each in their order.

    Identifiers become pseudonyms, and the numbers of each are encrypted with its key. Where the row is about
    one trader, purpose, detail and decision are its too; those of a list stay. The same row is the same bytes
    again, as AES-SIV has no nonce; what is encrypted is bound to its request.
    """
    if not keys:
        return packed
    about = json.loads(packed.about)
    bound = _context(about)
    concealed = b""
    if len(keys) == 1:
        words = {"decision": about["decision"]} | {
            name: about["asked"][name] for name in ("detail", "purpose")
        }
        concealed = keys[0].cipher.encrypt(encoded(words), [*bound, b"about"])
        about["asked"] |= {"detail": None, "purpose": None}
        about["decision"] = vars(Decision())
    about |= {"concealed": base64.b64encode(concealed).decode(), "traders": [key.pseudonym for key in keys]}
    return replace(packed, about=encoded(about), **_numbers(packed, keys, bound, AESSIV.encrypt))


def reveal(packed: Packed, keys: TraderKeys | None) -> Packed | None:
    """Decrypt a row; None where the key of one of its traders is not among `keys`.

    A row that is not concealed stays as it is: those about no trader, and those of releases before 0.2.0.
    Raises `DataError` where a key is not the one that it was concealed with.
    """
    about = json.loads(packed.about)
    if "concealed" not in about:
        return packed
    if keys is None:
        return None
    own = [key for each in about["traders"] if (key := keys.of_pseudonym(each))]
    if len(own) < len(about["traders"]):
        return None
    bound = _context(about)
    try:
        if concealed := base64.b64decode(about.pop("concealed")):
            words = json.loads(own[0].cipher.decrypt(concealed, [*bound, b"about"]))
            about["decision"] = words.pop("decision")
            about["asked"] |= words
        about["traders"] = [key.trader_id for key in own]
        return replace(packed, about=encoded(about), **_numbers(packed, own, bound, AESSIV.decrypt))
    except InvalidTag as error:
        raise unreadable(keys.path) from error


def without_traders(packed: Packed) -> Packed:
    """Return what a row still says when nobody can read the parts of its traders."""
    about = json.loads(packed.about)
    return Packed(encoded(about | {"traders": []}), b"", b"", b"")


def _context(about: dict[str, Any]) -> Context:
    """Return what a ciphertext is bound to: it decrypts in no other row."""
    return [about["asked"]["actor"].encode(), about["asked"]["request_id"].encode()]


def _numbers(
    packed: Packed,
    keys: Sequence[TraderKey],
    bound: Context,
    change: Callable[[AESSIV, bytes, Context], bytes],
) -> dict[str, bytes]:
    """Return the numbers of a row, the part of each trader changed with its key."""
    changed = {}
    for name in NUMBERS:
        content, context = getattr(packed, name), [*bound, name.encode()]
        size = len(content) // len(keys)
        if size:
            parts = [content[start : start + size] for start in range(0, len(content), size)]
            ciphers = [key.cipher for key in keys]
            changed[name] = b"".join(map(change, ciphers, parts, repeat(context)))
    return changed
