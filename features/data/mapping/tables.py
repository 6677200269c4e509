"""Mappings of tables: which files and columns of a source become a table of the contract, and its columns."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from features.data.contract import Column, Table
from features.data.mapping.code_list import ISO_3166, country_codes, folded, read_code_list
from features.data.mapping.days import SERIALS, DayForm
from features.data.mapping.files import FILES, FileForm
from features.data.mapping.form import UNITS, VALUES, Form, are_texts, is_text
from features.data.mapping.months import LANGUAGES
from features.errors import SettingError, unknown
from features.settings import Allowed, setting_faults

SOURCES = ("column", "join", "sum", "value", "count")
"""Settings of a column that say where its values come from: one of them, or none for its own name."""
EVERYTHING = "*"
JOINED_BY = "-"
NEVER_ABSENT = ("declarations", "traders")
DERIVED_ABSENT = ("registered_on",)
"""Columns of traders that declarations do not tell."""


@dataclass(frozen=True, kw_only=True)
class ColumnMapping:
    """What a column of the contract is made of, in a source with columns of other names.

    One of: a `column` of the source, of whose values `pattern` may take a part; several columns joined into
    a key (`join`, with the text `by` between them); amounts added up (`sum`); a `value` that is the same on
    all rows; a `count` of the rows within the rest of the key. `form` is how its values are written.
    """

    column: str | None = None
    pattern: str | None = None
    join: tuple["ColumnMapping", ...] = ()
    by: str = JOINED_BY
    sum: tuple[str, ...] = ()
    value: str | None = None
    count: bool = False
    form: Form = field(default_factory=Form)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the source that it reads."""
        own = (self.column,) if self.column else ()
        return (*own, *self.sum, *(name for part in self.join for name in part.columns))

    @property
    def result_form(self) -> Form:
        """The form of the values that come out: those that are worked out are in the contract's own."""
        return Form() if self.sum or self.value is not None or self.count else self.form


Columns = Mapping[str, ColumnMapping]


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class TableMapping:
    """How a source names what the contract has in a table.

    - `files`: the files in the folder of DATA, such as `register-*.csv`; else those of the table's name.
    - `table`: the table of a database, with its schema where that is not on the search path.
    - `absent`: columns that the source does not have, or `true`: it has no such table.
    - `ignore`: columns of the source that no column of the contract is made of; `["*"]` for all others.
    - `keep`: rows that have one of these words in each of these columns; others are left out.
    - `leave_out`: rows that have one of these words in any of these columns are left out.
    - `order_by`: columns of a database in whose order rows are counted.
    - `from`: for traders: `"declarations"`, each importer from its first line on.
    - `columns`: what each column of the contract is made of.
    - `later`: columns of the same rows that hold a later version: of a row that differs there.
    """

    files: str | None = None
    table: str | None = None
    is_absent: bool = False
    absent: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)
    leave_out: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)
    order_by: tuple[str, ...] = ()
    derived_from: str | None = None
    columns: Columns = field(default_factory=_nothing)
    later: tuple[Columns, ...] = ()
    form: Form = field(default_factory=Form)
    file_form: FileForm = field(default_factory=FileForm)

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The columns of the source that it reads, each once."""
        specified = [*self.columns.values(), *(each for later in self.later for each in later.values())]
        names = (name for each in specified for name in each.columns)
        return tuple(dict.fromkeys((*names, *self.keep, *self.leave_out, *self.order_by)))

    @property
    def ignores_everything(self) -> bool:
        """Whether all columns of the source that are not named may be passed over."""
        return EVERYTHING in self.ignore


def _is_pattern_of_files(value: object) -> bool:
    return is_text(value) and not re.search(r"[/\\]", str(value))


def _is_absent(value: object) -> bool:
    return value is True or are_texts(value)


def _are_any_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


def _are_words(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(words, list) and all(isinstance(word, str) for word in words) for words in value.values()
    )


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


TABLE: Mapping[str, Allowed] = {
    "files": (_is_pattern_of_files, 'a name without folders such as "register-*.csv"'),
    "table": (is_text, 'a name such as "customs.sad_item"'),
    "absent": (_is_absent, 'true, or a list of columns of the contract such as ["duty_rate"]'),
    "ignore": (are_texts, 'a list of columns of the source such as ["REMARK"], or ["*"]'),
    "keep": (_are_words, 'columns of the source with lists of words, such as FLOW = ["IM"]'),
    "leave_out": (_are_words, 'columns of the source with lists of words, such as ENTRY = ["TOTAL*", ""]'),
    "order_by": (are_texts, "a list of columns of the source"),
    "from": (lambda name: name == "declarations", "'declarations', and of traders alone"),
    "columns": (lambda value: isinstance(value, Mapping), "columns of the contract"),
    "later": (_are_tables, "columns of the contract under [[….later]]"),
    **VALUES,
    **FILES,
}
"""The condition on each setting of a table, and the words for it."""


def _is_value(value: object) -> bool:
    return isinstance(value, str | int | float | date)


def _is_pattern(value: object) -> bool:
    try:
        return isinstance(value, str) and re.compile(value).groups == 1
    except re.error:
        return False


def _are_parts(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(
            is_text(part)
            or (isinstance(part, Mapping) and set(part) <= {"column", "pattern"} and "column" in part)
            for part in value
        )
    )


def _are_codes(value: object) -> bool:
    lists = value if isinstance(value, list) else [value]
    return bool(lists) and all(is_text(each) or isinstance(each, Mapping) for each in lists)


COLUMN: Mapping[str, Allowed] = {
    "column": (is_text, "the name of a column of the source"),
    "pattern": (_is_pattern, "a regular expression with one group, the part that counts"),
    "join": (_are_parts, 'a list of columns such as ["OFFICE", { column = "DAY", pattern = "^([0-9]{4})" }]'),
    "by": (lambda by: isinstance(by, str), "the text between the parts of a key"),
    "sum": (lambda names: are_texts(names) and len(names) > 1, "a list of columns"),  # type: ignore[arg-type]
    "value": (_is_value, "a text, a number or a day"),
    "count": (lambda value: value is True, "true"),
    "unit": (lambda unit: unit in UNITS, f"one of {', '.join(UNITS)}"),
    "remove": (is_text, 'the characters that are left out, such as ". \'"'),
    "unknown": (_are_any_texts, 'a list of words such as ["0", "UNKNOWN"], or [""] for no value'),
    "codes": (
        _are_codes,
        f'a CSV file of two columns such as "countries.csv", {{ "1" = "green" }}, "{ISO_3166}" for the names '
        "and numbers of countries, or a list of such, of which the first that has a word counts",
    ),
    **VALUES,
}
"""The condition on each setting of a column, and the words for it."""


def read_table(
    settings: Mapping[str, Any],
    table: Table,
    *,
    folder: Path,
    form: Form,
    file_form: FileForm,
    faults: list[SettingError],
) -> TableMapping:
    """Read the settings of one table; what is wrong with them is added to `faults`.

    `form` and `file_form` hold where the table says nothing else; code lists stand in `folder`.
    """
    owner = f"[{table.name}] of the mapping"
    valid = _valid(settings, TABLE, owner, faults)
    own_form = _form(valid, form, owner, faults)
    own_file_form = replace(file_form, **_among(valid, FILES))
    faults += _absent_faults(valid, table, owner)

    def columns(given: Mapping[str, Any], where: str) -> Columns:
        faults.extend(
            unknown(name, table.names, what=f"{where} names no column of the contract:")
            for name in given
            if name not in table.names
        )
        return {
            name: _read_column(
                value, table[name], folder=folder, form=own_form, owner=f"{where} {name}", faults=faults
            )
            for name, value in given.items()
            if name in table.names
        }

    absent = valid.get("absent", ())
    if "from" in valid and table.name == "traders":
        absent = (*absent, *DERIVED_ABSENT)
    return TableMapping(
        files=valid.get("files"),
        table=valid.get("table"),
        is_absent=absent is True,
        absent=() if absent is True else absent,
        ignore=valid.get("ignore", ()),
        keep=_words(valid.get("keep", {})),
        leave_out=_words(valid.get("leave_out", {})),
        order_by=valid.get("order_by", ()),
        derived_from=valid.get("from"),
        columns=columns(valid.get("columns", {}), f"[{table.name}.columns]"),
        later=tuple(columns(each, f"[[{table.name}.later]]") for each in valid.get("later", ())),
        form=own_form,
        file_form=own_file_form,
    )


def _valid(
    settings: Mapping[str, Any], allowed: Mapping[str, Allowed], owner: str, faults: list[SettingError]
) -> dict[str, Any]:
    """Return the settings that can be used, lists as tuples; report the others."""
    valid: dict[str, Any] = {}
    for name, value in settings.items():
        wrong = list(setting_faults({name: value}, allowed, owner=owner))
        faults += wrong
        if not wrong:
            valid[name] = tuple(value) if isinstance(value, list) else value
    return valid


def _among(settings: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: settings[name] for name in names if name in settings}


def _form(settings: Mapping[str, Any], form: Form, owner: str, faults: list[SettingError]) -> Form:
    """Return a form with other settings; report those that do not go together."""
    changed = replace(form, **_among(settings, VALUES))
    if changed != form:
        faults += form_faults(changed, owner)
    return changed


def form_faults(form: Form, owner: str) -> Iterator[SettingError]:
    """Yield what settings of a form lack, or contradict."""
    days = [DayForm.of(each) for each in form.day_forms if each not in SERIALS]
    if any(day.year == "yy" for day in days) and form.pivot is None:
        yield SettingError(
            f"{owner}: dates have two-digit years, and there is no pivot.",
            expected="pivot, the first two-digit year that is of the last century.",
            advice="Add a line such as: pivot = 50.",
        )
    if any(day.month == "mon" for day in days) and not form.months:
        yield SettingError(
            f"{owner}: dates have names of months, and months does not say in which languages.",
            expected=f"months, a list of languages ({', '.join(LANGUAGES)}) or of twelve names.",
            advice='Add a line such as: months = ["en"].',
        )
    if form.thousands == form.decimal:
        yield SettingError(
            f"{owner}: '{form.decimal}' is both the decimal mark and the mark between thousands.",
            expected="two marks that differ.",
            advice="Declare decimal, thousands or both.",
        )


def _absent_faults(settings: Mapping[str, Any], table: Table, owner: str) -> Iterator[SettingError]:
    """Yield what cannot be declared absent: unknown columns, and those without which a row says nothing."""
    absent = settings.get("absent", ())
    if absent is True:
        if table.name in NEVER_ABSENT:
            yield SettingError(
                f"{owner} is declared absent.",
                expected="lines of trade and traders; only other tables may be absent.",
                advice='Where there is no register of traders, declare from = "declarations" under '
                "[traders].",
            )
        return
    needed = {
        *table.key,
        *(column.default for column in table.columns),
        *(r.column for r in table.references),
    }
    for name in absent:
        if name not in table.names:
            yield unknown(name, table.names, what=f"{owner} declares absent what the contract does not have:")
        elif name in needed:
            yield SettingError(
                f"{owner} declares {name} absent.",
                expected="columns without which a row still says who did what, and when.",
                advice=f'Give it a column, or one value for all rows: {name} = {{ value = "…" }}.',
            )


def _words(words: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    return {column: tuple(map(folded, each)) for column, each in words.items()}


def _read_column(
    value: object, column: Column, *, folder: Path, form: Form, owner: str, faults: list[SettingError]
) -> ColumnMapping:
    """Read what a column of the contract is made of: the name of a column, or a table of settings."""
    if isinstance(value, str) and value:
        return ColumnMapping(column=value, form=form)
    if not isinstance(value, Mapping):
        faults.append(_no_column(owner))
        return ColumnMapping(column=column.name, form=form)
    valid = _valid(value, COLUMN, owner, faults)
    sources = [name for name in SOURCES if name in valid]
    if len(sources) > 1:
        faults.append(_several_sources(owner, sources))
    faults += _unit_faults(valid, column, owner)
    own = replace(
        _form(valid, form, owner, faults),
        unit=valid.get("unit"),
        remove=valid.get("remove", ""),
        unknown=valid.get("unknown", ()),
        codes=_codes(valid.get("codes", {}), folder, faults),
    )
    constant = valid.get("value")
    return ColumnMapping(
        column=valid.get("column", None if sources else column.name),
        pattern=valid.get("pattern"),
        join=tuple(_part(part) for part in valid.get("join", ())),
        by=valid.get("by", JOINED_BY),
        sum=valid.get("sum", ()),
        value=None if constant is None else str(constant),
        count="count" in valid,
        form=own,
    )


def _part(part: str | Mapping[str, str]) -> ColumnMapping:
    return ColumnMapping(column=part) if isinstance(part, str) else ColumnMapping(**part)  # type: ignore[arg-type]


def _codes(
    codes: str | Mapping[str, Any] | tuple[str | Mapping[str, Any], ...],
    folder: Path,
    faults: list[SettingError],
) -> Mapping[str, str]:
    """Return the contract's code for each word, from one list of codes or several."""
    if isinstance(codes, tuple):
        lists = [_codes(each, folder, faults) for each in reversed(codes)]
        return {word: code for each in lists for word, code in each.items()}
    if isinstance(codes, Mapping):
        return {folded(word): str(code) for word, code in codes.items()}
    if codes == ISO_3166:
        return country_codes()
    try:
        return read_code_list(folder / codes)
    except SettingError as error:
        faults.append(error)
        return {}


def _no_column(owner: str) -> SettingError:
    return SettingError(
        f"{owner} is neither the name of a column nor a table of settings.",
        expected=f'a name such as "VALUE", or settings such as '
        f'{{ {SOURCES[0]} = "VALUE", unit = "thousands" }}.',
        advice="Correct the setting.",
    )


def _several_sources(owner: str, sources: Sequence[str]) -> SettingError:
    return SettingError(
        f"{owner} has {' and '.join(sources)}.",
        expected=f"one of {', '.join(SOURCES)}.",
        advice="Remove all but one.",
    )


def _unit_faults(settings: Mapping[str, Any], column: Column, owner: str) -> Iterator[SettingError]:
    unit = settings.get("unit")
    if unit is None:
        return
    fitting = [name for name, (measured, _) in UNITS.items() if measured is column.unit]
    if unit not in fitting:
        yield SettingError(
            f"{owner} has the unit {unit}.",
            expected=f"one of {', '.join(fitting)}."
            if fitting
            else f"none: {column.name} has no other unit.",
            advice="Correct the setting.",
        )
