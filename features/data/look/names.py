"""Names: how alike the name of a column of a source is to what sources call a column of the contract."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from features.data.contract import Column, Table
from features.settings import read_toml

WORDS = Path(__file__).with_name("words.toml")
TOKENS = re.compile(r"[^\W\d_]+|[0-9]+")
SHORTEST_PART = 5
"""Letters of a word that counts inside a longer one, such as `dutiablevalue` in `DUTIABLEVALUEPHP`."""


def likeness(name: str, table: Table, column: Column) -> float:
    """Return from 0 to 1 how alike a name is to those by which a column of the contract is called.

    1 is the same name; words of the name that are one count by their share of its letters.

    >>> from features.data.contract import TABLES
    >>> lines = TABLES["declarations"]
    >>> [likeness(name, lines, lines["hs_code"]) for name in ("HS_CODE", "HSCode", "Importer")]
    [1.0, 1.0, 0.0]
    >>> round(likeness("USD_CIF", lines, lines["customs_value"]), 2)
    0.75
    """
    tokens = _tokens(name)
    whole = "".join(tokens)
    words = _words(table.name, column.name)
    if not whole or (whole not in words and whole in _words("others", "names")):
        return 0.0
    return max(_scores(tokens, whole, words), default=0.0)


def _scores(tokens: list[str], whole: str, words: frozenset[str]) -> Iterator[float]:
    if whole in words:
        yield 1.0
    for start in range(len(tokens)):
        for end in range(start + 1, len(tokens) + 1):
            run = "".join(tokens[start:end])
            if run in words and run != whole:
                yield 0.5 + 0.5 * len(run) / len(whole) if len(tokens) > 1 else 0.0
    for word in words:
        if len(word) >= SHORTEST_PART and word in whole and word != whole:
            yield 0.4 + 0.5 * len(word) / len(whole)


def _tokens(name: str) -> list[str]:
    """Return the words of a name in small letters, without accents."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return TOKENS.findall(plain)


@cache
def _words(table: str, column: str) -> frozenset[str]:
    own = [column, *_shipped().get(table, {}).get(column, [])]
    return frozenset("".join(_tokens(word)) for word in own)


@cache
def _shipped() -> Mapping[str, Mapping[str, list[str]]]:
    return read_toml(WORDS)
