"""Code lists: what a source writes, and the contract's code for it, from a CSV file or as shipped."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from features.data.contract.countries import COUNTRIES
from features.data.mapping.files import SEPARATORS
from features.errors import SettingError, shortened

LARGEST_LIST = 5000
"""Lines of a code list: each is compared with each value."""
ISO_3166 = "iso-3166"
"""The name of the shipped list of countries: their names, three letters and numbers."""


def folded(word: str) -> str:
    """Return a word as words are compared: in small letters, without blanks around it."""
    return word.strip().lower()


def country_codes() -> Mapping[str, str]:
    """Return the two letters of a country for each word by which it is called.

    >>> codes = country_codes()
    >>> [codes[word] for word in ("morocco", "mar", "504", "76", "viet nam", "vietnam")]
    ['MA', 'MA', 'MA', 'BR', 'VN', 'VN']
    """
    return {folded(word): country.code for country in COUNTRIES.values() for word in country.words()}


def read_code_list(path: Path) -> Mapping[str, str]:
    """Return the contract's code for each word of a source; raise `SettingError` for a list that has none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise _unusable(path, f"cannot be read: {shortened(str(error))}") from error
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)) if any(row)]
    if wrong := [number for number, row in enumerate(rows, start=1) if len(row) != 2]:
        raise _unusable(path, f"has {len(rows[wrong[0] - 1])} values in line {wrong[0]}")
    if not 0 < len(rows) <= LARGEST_LIST:
        raise _unusable(path, f"has {len(rows):,} lines")
    codes: dict[str, str] = {}
    for word, code in rows:
        if codes.setdefault(folded(word), code.strip()) != code.strip():
            raise _unusable(path, f"gives '{shortened(word)}' two codes")
    return codes


def _separator(text: str) -> str:
    first = text.partition("\n")[0]
    return max(SEPARATORS, key=first.count)


def _unusable(path: Path, fault: str) -> SettingError:
    return SettingError(
        f"The code list {path.name} {fault}.",
        expected=f"a CSV file in UTF-8 of up to {LARGEST_LIST:,} lines: a word of the source, the contract's "
        "code.",
        advice="Correct the file; it stands beside the mapping.",
    )
