"""Dialects: how an administration writes its tables where that differs from the contract, as declared."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from features.errors import SettingError
from features.settings import Allowed, read_toml, validate_settings

FILE_NAME = "dialect.toml"
ISO_DATES = "yyyy-mm-dd"
RATE = r"[0-9]{1,11}(\.[0-9]{1,8})?"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The declared habits of a source; each default is the contract's own form.

    - `encoding`: of CSV files, any name Python knows; a byte order mark wins over it.
    - `decimal`: the decimal mark in text, `.` or `,`.
    - `dates`: days in text, such as `yyyy-mm-dd`, `dd.mm.yyyy` or `yyyymmdd`.
    - `times`: a time of day on a day is refused (`refuse`) or left out (`drop`).
    - `hs_digits`: HS codes that lost their leading zero are filled up to this many digits; 0 fills nothing.
    - `ignore`: columns to pass over, as `table.column`.
    - `currency`: the reporting currency, ISO 4217.
    - `currency_column`: the column that names a row's currency where rows differ.
    - `rates`: what one unit of another currency is worth in the reporting currency, as decimal text.
    - `frequent_share`: a trader or seller on a larger share of the lines is noted.
    - `amount_factor`: an amount more than this many times the next largest of its column is noted.
    - `expected_notes`: notes of plausibility that are right and not told again, as `table.column.note`.
    """

    encoding: str = "utf-8"
    decimal: str = "."
    dates: str = ISO_DATES
    times: str = "refuse"
    hs_digits: int = 0
    ignore: tuple[str, ...] = ()
    currency: str | None = None
    currency_column: str | None = None
    rates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    frequent_share: float = 0.25
    amount_factor: float = 100.0
    expected_notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file with these names as keys; raise `SettingError` where it cannot be used."""
        return cls.of(read_toml(path))

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Build a dialect from plain settings, checked."""
        dialect = cls(**validate_settings(settings, SETTINGS, owner="dialect"))
        if dialect.currency_column and not dialect.currency:
            raise SettingError(
                f"The dialect names a currency_column, '{dialect.currency_column}', and no currency.",
                expected="currency, the reporting currency.",
                advice='Add a line such as: currency = "EUR".',
            )
        return dialect


def _is_encoding(name: object) -> bool:
    try:
        return isinstance(name, str) and "a;1".encode(name).decode(name) == "a;1"
    except (LookupError, ValueError):
        return False


def _is_date_form(form: object) -> bool:
    return (
        isinstance(form, str)
        and all(form.count(part) == 1 for part in ("yyyy", "mm", "dd"))
        and len(form.replace("yyyy", "").replace("mm", "").replace("dd", "")) in (0, 2)
    )


def _are_columns(names: object) -> bool:
    return isinstance(names, Sequence) and all(
        isinstance(name, str) and re.fullmatch(r"[a-z_]+\.(.|\n)+", name) for name in names
    )


def _is_name(text: object) -> bool:
    return isinstance(text, str) and bool(text)


def _is_currency(code: object) -> bool:
    return isinstance(code, str) and bool(re.fullmatch("[A-Z]{3}", code))


def _are_rates(rates: object) -> bool:
    return isinstance(rates, Mapping) and all(
        isinstance(rate, str) and re.fullmatch(RATE, rate) and float(rate) > 0 for rate in rates.values()
    )


def _is_hs_digits(digits: object) -> bool:
    return type(digits) is int and digits in (0, *range(6, 11))


def _are_notes(names: object) -> bool:
    return isinstance(names, Sequence) and all(
        isinstance(name, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+", name) for name in names
    )


def _is_number(value: object, *, above: float, up_to: float) -> bool:
    return type(value) in (int, float) and above < value <= up_to  # type: ignore[operator]


SETTINGS: Mapping[str, Allowed] = {
    "encoding": (_is_encoding, "a text encoding such as latin-1"),
    "decimal": (lambda mark: mark in (".", ","), "'.' or ','"),
    "dates": (_is_date_form, "yyyy, mm and dd once each, as in dd.mm.yyyy"),
    "times": (lambda times: times in ("refuse", "drop"), "'refuse' or 'drop'"),
    "hs_digits": (_is_hs_digits, "0 or 6 to 10"),
    "ignore": (_are_columns, 'a list of columns such as ["declarations.remark"]'),
    "currency": (_is_currency, "three capital letters, ISO 4217"),
    "currency_column": (_is_name, "the name of a column"),
    "rates": (_are_rates, 'decimal text of up to 11 digits and 8 decimals such as { USD = "0.9143" }'),
    "frequent_share": (partial(_is_number, above=0, up_to=1), "a number above 0, up to 1"),
    "amount_factor": (partial(_is_number, above=1, up_to=1e15), "a number above 1, up to 1e15"),
    "expected_notes": (_are_notes, 'a list such as ["declarations.duty_rate.rate_above_one"]'),
}
"""The condition on each setting, and the words for it."""
