"""Dialects: how an administration names and writes its tables, as declared in its mapping.toml."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from features.data.contract import TABLES, Table
from features.data.mapping.code_list import ISO_3166
from features.data.mapping.files import FILES, FileForm
from features.data.mapping.form import VALUES, Form
from features.data.mapping.tables import TableMapping, form_faults, read_table
from features.errors import SettingError, unknown
from features.settings import Allowed, frozen, raise_all, read_toml, setting_faults

FILE_NAME = "mapping.toml"
EARLIER_NAME = "dialect.toml"
"""A file of this name, which had settings of the whole source alone, is read as a mapping."""
RATE = r"[0-9]{1,11}(\.[0-9]{1,8})?"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a source names and writes its tables; each default is the contract's own form.

    - `ignore`: columns to pass over, as `table.column`.
    - `currency`: the reporting currency, ISO 4217.
    - `currency_column`: the column that names a row's currency where rows differ.
    - `rates`: what one unit of another currency is worth in the reporting currency, as decimal text.
    - `frequent_share`: a trader or seller on a larger share of the lines is noted.
    - `amount_factor`: an amount more than this many times the next largest of its column is noted.
    - `countries`: codes beside those of ISO 3166-1 that stand for a country of their own.
    - `unknown_country_share`: other codes are noted on lines up to this share, and refused above it.
    - `expected_notes`: notes of plausibility that are right and not told again, as `table.column.note`.
    """

    ignore: tuple[str, ...] = ()
    currency: str | None = None
    currency_column: str | None = None
    rates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    frequent_share: float = 0.25
    amount_factor: float = 100.0
    countries: tuple[str, ...] = ()
    unknown_country_share: float = 0.05
    expected_notes: tuple[str, ...] = ()
    form: Form = field(default_factory=Form)
    """How values are written in tables without a mapping of their own."""
    file_form: FileForm = field(default_factory=FileForm)
    """How files without a mapping of their own are laid out."""
    tables: Mapping[str, TableMapping] = field(default_factory=lambda: MappingProxyType({}))
    """The mappings of tables, by the name of the table."""
    code_lists: tuple[str, ...] = ()
    """The names of the files with code lists, which are no tables."""
    file: str = FILE_NAME
    """The name of the file that declares it, for people."""

    @classmethod
    def read(cls, path: Path, *, tables: Mapping[str, Table] = TABLES) -> Self:
        """Read a mapping; raise `SettingError` with everything in it that cannot be used."""
        dialect = cls.of(read_toml(path), tables=tables, folder=path.parent)
        return replace(dialect, file=path.name)

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Read the mapping of a folder of tables; without one the tables are in the contract's own form."""
        files = [folder / name for name in (FILE_NAME, EARLIER_NAME) if (folder / name).exists()]
        if len(files) > 1:
            raise SettingError(
                f"{folder.name} holds both {FILE_NAME} and {EARLIER_NAME}.",
                expected=f"one of them: {FILE_NAME} takes every setting that {EARLIER_NAME} has.",
                advice=f"Move its lines to the top of {FILE_NAME}, and remove it.",
            )
        return cls.read(files[0]) if files else cls()

    @classmethod
    def of(
        cls,
        settings: Mapping[str, Any],
        *,
        tables: Mapping[str, Table] = TABLES,
        folder: Path = Path(),
    ) -> Self:
        """Build a dialect from plain settings; raise `SettingError` with all that cannot be used.

        `tables` are those that it may map, by name; code lists stand in `folder`.
        """
        faults: list[SettingError] = []
        own = {name: value for name, value in settings.items() if name not in tables}
        wrong = {name for name in own if any(setting_faults({name: own[name]}, SETTINGS, owner="mapping"))}
        faults += _source_faults(own, tables)
        valid = frozen({name: value for name, value in own.items() if name not in wrong})
        form = Form(**{name: valid[name] for name in VALUES if name in valid})
        file_form = FileForm(**{name: valid[name] for name in FILES if name in valid})
        faults += form_faults(form, "The mapping")
        mapped = {
            name: read_table(
                settings[name], tables[name], folder=folder, form=form, file_form=file_form, faults=faults
            )
            for name in tables
            if isinstance(settings.get(name), Mapping)
        }
        faults += [_no_table(name) for name in tables if name in settings and name not in mapped]
        raise_all(faults)
        source = {name: valid[name] for name in SOURCE if name in valid}
        lists = tuple(_code_lists(settings))
        return cls(form=form, file_form=file_form, tables=mapped, code_lists=lists, **source)

    def table_form(self, table: str) -> Form:
        """Return how values are written in a table, where its columns do not say otherwise."""
        return self.tables[table].form if table in self.tables else self.form

    def column_form(self, table: str, column: str) -> Form:
        """Return how the values of a column are written."""
        mapping = self.tables.get(table)
        if mapping is None:
            return self.form
        return mapping.columns[column].result_form if column in mapping.columns else mapping.form

    def files_of(self, table: str) -> FileForm:
        """Return how the files of a table are laid out."""
        return self.tables[table].file_form if table in self.tables else self.file_form

    def is_declared_absent(self, table: str, column: str) -> bool:
        """Return whether a source says that it lacks a column."""
        return table in self.tables and column in self.tables[table].absent

    def setting(self, line: str, *, table: str | None = None) -> str:
        """Return the sentence that tells people where to declare a setting."""
        where = f" under [{table}]" if table else ""
        return f"Declare {line}{where} in {self.file}."


def _code_lists(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of files with code lists, wherever in the settings they stand."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _code_lists(value)
        elif name == "codes":
            lists = value if isinstance(value, list) else [value]
            yield from (each for each in lists if isinstance(each, str) and each != ISO_3166)


def _source_faults(settings: Mapping[str, Any], tables: Iterable[str]) -> Iterable[SettingError]:
    """Yield what is wrong with the settings of a whole source, names that are no table's among them."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and name not in SETTINGS:
            yield unknown(name, tables, what="The mapping has no table")
        else:
            yield from setting_faults({name: value}, SETTINGS, owner="mapping")
    if settings.get("currency_column") and not settings.get("currency"):
        yield SettingError(
            f"The mapping names a currency_column, '{settings['currency_column']}', and no currency.",
            expected="currency, the reporting currency.",
            advice='Add a line such as: currency = "EUR".',
        )


def _no_table(name: str) -> SettingError:
    return SettingError(
        f"The mapping has {name} as a setting.",
        expected=f"[{name}], a table of settings.",
        advice=f"Write [{name}] on a line of its own, and its settings below.",
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


def _are_countries(codes: object) -> bool:
    return isinstance(codes, Sequence) and all(
        isinstance(code, str) and re.fullmatch("[A-Z]{2}", code) for code in codes
    )


def _are_notes(names: object) -> bool:
    return isinstance(names, Sequence) and all(
        isinstance(name, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+", name) for name in names
    )


def _is_number(value: object, *, above: float, up_to: float) -> bool:
    return type(value) in (int, float) and above < value <= up_to  # type: ignore[operator]


SOURCE: Mapping[str, Allowed] = {
    "ignore": (_are_columns, 'a list of columns such as ["declarations.remark"]'),
    "currency": (_is_currency, "three capital letters, ISO 4217"),
    "currency_column": (_is_name, "the name of a column"),
    "rates": (_are_rates, 'decimal text of up to 11 digits and 8 decimals such as { USD = "0.9143" }'),
    "frequent_share": (partial(_is_number, above=0, up_to=1), "a number above 0, up to 1"),
    "amount_factor": (partial(_is_number, above=1, up_to=1e15), "a number above 1, up to 1e15"),
    "countries": (_are_countries, 'a list of two capital letters each such as ["XK", "EU"]'),
    "unknown_country_share": (partial(_is_number, above=0, up_to=1), "a number above 0, up to 1"),
    "expected_notes": (_are_notes, 'a list such as ["declarations.duty_rate.rate_above_one"]'),
}
"""The condition on each setting of the whole source alone, and the words for it."""
SETTINGS: Mapping[str, Allowed] = {**FILES, **VALUES, **SOURCE}
"""The condition on each setting at the top of a mapping, and the words for it."""
