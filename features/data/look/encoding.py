"""Encodings: in which of those that exports are written a text reads as words."""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from features.data.warehouse.text_file import marked_encoding

CANDIDATES = ("cp1252", "cp1250", "cp1251", "cp1254", "cp1256", "cp932", "gb18030")
"""Encodings beside UTF-8, those of one byte a letter first: other text seldom reads well in them."""
WORD = re.compile(r"[^\W\d_]+")
FLIP = re.compile(r"[a-z\u00df-\u00ff\u0430-\u045f][A-Z\u00c0-\u00de\u0400-\u042f]")
FOREIGN_LATIN = re.compile(r"[\u0080-\u024f]")


def encodings(content: bytes) -> Sequence[str]:
    """Return the encodings in which a text may be written, the likeliest first; one alone is sure.

    >>> encodings("Zürich;Genève".encode()), encodings("Zürich;Genève".encode("cp1252"))
    (['utf-8'], ['cp1252', 'cp1250', 'cp1254', 'cp1256'])
    >>> encodings("Страна;Китай".encode("cp1251"))[0]
    'cp1251'
    """
    if marked_encoding(content) or _decoded(content, "utf-8") is not None:
        return ["utf-8"]
    oddities = {name: _oddity(text) for name in CANDIDATES if (text := _decoded(content, name)) is not None}
    fewest = min(oddities.values(), default=0)
    return [name for name, oddity in oddities.items() if oddity <= fewest]


def _decoded(content: bytes, encoding: str) -> str | None:
    """Return the beginning of a text, whose last letter may be cut; None where it is not in an encoding."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError:
        return None


def _oddity(text: str) -> int:
    """Return how often a text looks misread: signs for letters, capitals in words, accents, mixed scripts."""
    signs = sum(ord(letter) > 127 and unicodedata.category(letter)[0] not in "LPZ" for letter in text)
    words = [word for word in WORD.findall(text) if len(word) > 1]
    accented = sum(len(FOREIGN_LATIN.findall(word)) * 2 > len(word) for word in words)
    mixed = sum(len({_script(letter) for letter in word}) > 1 for word in words)
    return signs + len(FLIP.findall(text)) + accented + mixed


@cache
def _script(letter: str) -> str:
    """Return the script of a letter, such as LATIN; those that Japanese mixes are one."""
    script = unicodedata.name(letter, "NONE").partition(" ")[0]
    return "CJK" if script in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") else script
