"""CSV as spreadsheets take it apart: separator, decimal sign, byte order mark; no cell is a formula."""

import codecs
import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from features.environment import CSV_BYTE_ORDER_MARK, CSV_DECIMAL, CSV_SEPARATOR, Variable
from features.errors import SettingError

VARIABLES: Mapping[str, Variable] = {
    "separator": CSV_SEPARATOR,
    "decimal": CSV_DECIMAL,
    "byte_order_mark": CSV_BYTE_ORDER_MARK,
}
CHOICES: Mapping[str, Mapping[str, str]] = {
    "separator": {"comma": ",", "semicolon": ";", "tab": "\t"},
    "decimal": {"point": ".", "comma": ","},
    "byte_order_mark": {"no": "", "yes": codecs.BOM_UTF8.decode("utf-8")},
}
"""What each part of the form may be, with the characters that it stands for."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


@dataclass(frozen=True)
class CsvForm:
    """How CSV is written, each part by the name of a choice in `CHOICES`.

    A spreadsheet takes CSV apart at the list separator of its locale: where the decimal sign is a comma, that
    is a semicolon. With a byte order mark it reads UTF-8 whatever its locale.
    """

    separator: str = CSV_SEPARATOR.default
    decimal: str = CSV_DECIMAL.default
    byte_order_mark: str = CSV_BYTE_ORDER_MARK.default

    @classmethod
    def read(
        cls, given: Mapping[str, str | None] | None = None, environment: Mapping[str, str] = os.environ
    ) -> Self:
        """Return the form with the parts that are given, the others as the environment says.

        Raises `SettingError` for a part that is no choice, and for a decimal comma between commas.
        """
        parts = {
            name: (given or {}).get(name) or variable.read(environment)
            for name, variable in VARIABLES.items()
        }
        for name, value in parts.items():
            if value not in CHOICES[name]:
                raise SettingError(
                    f"The {name.replace('_', ' ')} of CSV is '{value}'.",
                    expected=f"{' or '.join(CHOICES[name])}.",
                    advice=f"Correct {VARIABLES[name].name}, or remove it for the default.",
                )
        form = cls(**parts)
        if form.characters("separator") == form.characters("decimal"):
            raise SettingError(
                "CSV is to have a decimal comma between commas.",
                expected="another separator where the decimal sign is a comma.",
                advice=f"Choose a semicolon: separator=semicolon, or {CSV_SEPARATOR.name}=semicolon.",
            )
        return form

    def characters(self, part: str) -> str:
        """Return the characters that a part of the form stands for."""
        return CHOICES[part][getattr(self, part)]


def csv_blocks(tables: Iterable[pa.Table], form: CsvForm) -> Iterator[bytes]:
    """Yield tables of the same columns as one CSV, a block a table, the first one with the header."""
    decimal = form.characters("decimal")

    def cell(value: object) -> object:
        return str(value).replace(".", decimal) if isinstance(value, float) else inert(value)

    for number, table in enumerate(tables):
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=form.characters("separator"))
        if number == 0:
            text.write(form.characters("byte_order_mark"))
            writer.writerow(map(inert, table.column_names))
        for batch in table.to_batches():
            writer.writerows(map(cell, row) for row in zip(*(c.to_pylist() for c in batch), strict=True))
        yield text.getvalue().encode("utf-8")


def inert(value: object) -> object:
    """Return a cell value that no spreadsheet takes for a formula: an apostrophe makes it text."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
