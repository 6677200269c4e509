"""Forms of files: encoding, separator, lines above the header, names by position."""

from collections.abc import Mapping
from dataclasses import dataclass

from features.settings import Allowed

SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True, kw_only=True)
class FileForm:
    """How a file of text, or a sheet, is laid out; each default is the contract's own form.

    - `encoding`: of CSV files, any name Python knows; a byte order mark wins over it.
    - `separator`: between values, one character; else the one under which most columns are named.
    - `sheet`: of a spreadsheet, by its name; else that of the table's name, or the only one.
    - `skip_lines`: lines above the names of the columns.
    - `names`: the names of the columns by their position, where the file has no line of them.
    - `short_lines`: lines with fewer values than names are refused (`refuse`) or filled up (`fill`).
    """

    encoding: str = "utf-8"
    separator: str | None = None
    sheet: str | None = None
    skip_lines: int = 0
    names: tuple[str, ...] = ()
    short_lines: str = "refuse"


def _is_encoding(name: object) -> bool:
    try:
        return isinstance(name, str) and "a;1".encode(name).decode(name) == "a;1"
    except (LookupError, ValueError):
        return False


def _is_separator(mark: object) -> bool:
    return isinstance(mark, str) and len(mark) == 1 and mark not in '"\r\n' and not mark.isalnum()


def _are_names(names: object) -> bool:
    return isinstance(names, list) and bool(names) and all(isinstance(name, str) and name for name in names)


FILES: Mapping[str, Allowed] = {
    "encoding": (_is_encoding, "a text encoding such as latin-1"),
    "separator": (_is_separator, "one character such as ';'"),
    "sheet": (lambda name: isinstance(name, str) and bool(name), "the name of a sheet"),
    "skip_lines": (lambda lines: type(lines) is int and 0 <= lines <= 1000, "a number of lines, up to 1000"),
    "names": (_are_names, "a list of a name for each column of the file"),
    "short_lines": (lambda lines: lines in ("refuse", "fill"), "'refuse' or 'fill'"),
}
"""The condition on each setting of files, and the words for it."""
