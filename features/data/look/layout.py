"""Layouts: which line of a file or sheet names its columns, and what separates the values of a line."""

import csv
import io
from collections import Counter
from collections.abc import Sequence

from features.data.mapping.files import SEPARATORS
from features.data.warehouse.header import LINES_SEARCHED

Line = Sequence[str | None]


def separator_of(text: str) -> str:
    r"""Return the separator under which most lines have the same number of values, and more than one.

    >>> separator_of("Register of imports, 2024\\na;b;c\\n1;2,5;3\\n")
    ';'
    """
    return max(SEPARATORS, key=lambda separator: _agreement(text_lines(text, separator)))


def _agreement(lines: Sequence[Line]) -> tuple[float, int]:
    widths = Counter(len(line) for line in lines if len(line) > 1)
    if not widths:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda each: (each[1], each[0]))
    return count / len(lines), width


def text_lines(text: str, separator: str) -> list[list[str]]:
    """Return the lines of a text, taken apart; those that cannot be are left out."""
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return []


def header_line(lines: Sequence[Line]) -> int | None:
    """Return the number of lines above the one that names the columns; None where no line does.

    It is the first that is nearly as wide as the widest, and holds words alone.

    >>> header_line([["Imports", None], [None, None], ["Entry", "Day"], ["A1", "2024-02-14"]])
    2
    >>> header_line([["A1", "12.5"], ["A2", "13"]]) is None
    True
    """
    start = lines[:LINES_SEARCHED]
    widths = [sum(1 for cell in line if cell and cell.strip()) for line in start]
    widest = max(widths, default=0)
    for number, (line, width) in enumerate(zip(start, widths, strict=True)):
        if width > 1 and width * 10 >= widest * 7 and all(_is_word(cell) for cell in line if cell):
            return number
    return None


def _is_word(cell: str) -> bool:
    """Return whether a value may be a name: it has letters, and more of them than digits."""
    letters = sum(c.isalpha() for c in cell)
    return letters > 0 and letters >= sum(c.isdigit() for c in cell)
