"""Excerpts: the first rows of a source as they are written, and how its file is laid out."""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import TABLES
from features.data.look.encoding import encodings
from features.data.look.layout import Line, header_line, separator_of, text_lines
from features.data.mapping.code_list import folded
from features.data.mapping.form import Form
from features.data.systems.asycuda import ASYCUDA
from features.data.systems.asycuda_xml import xml_lines
from features.data.systems.export import XML
from features.data.warehouse.engine import first_line
from features.data.warehouse.folder import MAPPED_TEXT, PARQUET
from features.data.warehouse.sheet_file import SHEETS, open_workbook, sheet_names, sheet_rows, text_of
from features.data.warehouse.source import Source
from features.data.warehouse.text_file import marked_encoding
from features.errors import DataError

BYTES = 1 << 20
"""Bytes of a text file that are looked at."""
ROWS = 500
"""Rows that are looked at."""
ENDINGS = (*MAPPED_TEXT, *SHEETS, *PARQUET, XML)
DATABASE_FILES = (".duckdb", ".db", ".ddb")


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """The beginning of a file, of a sheet or of a table.

    `settings` are those of the mapping under which it is read, `doubts` sentences on what they may be
    instead. `typed` are columns of days, numbers or yes and no to their source, which need no form; `system`
    is the source system that it is of, where the file says so.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    typed: frozenset[str] = frozenset()
    system: str | None = None

    def values(self, column: str) -> list[str]:
        """Return the different values of a column that are not empty, as they are first met."""
        index = self.columns.index(column)
        return list(dict.fromkeys(value for row in self.rows if (value := row[index])))


def excerpts_of(path: Path) -> list[Excerpt]:
    """Return the excerpts of a file: one, or one a sheet; raise `DataError` where it cannot be looked at."""
    name = path.name.lower()
    try:
        if name.endswith(MAPPED_TEXT):
            return [_text_excerpt(path)]
        if name.endswith(SHEETS):
            return _sheet_excerpts(path)
        if name.endswith(PARQUET):
            return [_parquet_excerpt(path)]
        if name.endswith(XML):
            return [_xml_excerpt(path)]
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise DataError(
            f"{path} cannot be read: {first_line(error)}",
            expected="a whole file that you may read.",
            advice="Check the path and your rights; export or copy it again.",
        ) from error
    raise DataError(
        f"{path} is no file that can be looked at.",
        expected=f"a file ending in {', '.join((*ENDINGS, *DATABASE_FILES))}; a folder, or a database.",
        advice="Unpack archives yourself; save other spreadsheets as .xlsx.",
    )


def table_excerpt(source: Source, name: str, *, kind: str) -> Excerpt:
    """Return the excerpt of a table of a database, whose name it has with its schema."""
    rows = source.table.limit(ROWS).to_pyarrow()
    return _typed_excerpt(rows, name, kind=kind, settings={"table": name})


def _text_excerpt(path: Path) -> Excerpt:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        content = file.read(BYTES)
    likely = encodings(content)
    encoding = likely[0] if likely else "utf-8"
    text = content.decode(marked_encoding(content) or encoding, errors="replace")
    separator = separator_of(text)
    lines = text_lines(text, separator)
    if len(content) == BYTES:
        lines = lines[:-1]
    settings = {} if encoding == "utf-8" else {"encoding": encoding}
    doubts = [f"encoding: it reads as well in {', '.join(likely[1:])}"] if len(likely) > 1 else []
    if not likely:
        doubts.append("encoding: it is in none of those known here")
    return _laid_out(lines, path.name, kind="CSV", settings=settings, doubts=doubts, separator=separator)


def _sheet_excerpts(path: Path) -> list[Excerpt]:
    with open_workbook(path, table=path.name) as book:
        names = sheet_names(book)
        excerpts = []
        for name in names:
            rows = islice(sheet_rows(book.get_sheet_by_name(name)), ROWS)
            lines = [[text_of(cell, Form()) for cell in row] for row in rows]
            is_clear = len(names) == 1 or folded(name) in TABLES
            settings = {} if is_clear else {"sheet": name}
            if any(any(line) for line in lines):
                excerpts.append(_laid_out(lines, path.name, kind=f"XLSX, sheet {name}", settings=settings))
    return excerpts


def _laid_out(
    lines: Sequence[Line],
    name: str,
    *,
    kind: str,
    settings: Mapping[str, Any],
    doubts: Sequence[str] = (),
    separator: str | None = None,
) -> Excerpt:
    """Return an excerpt of lines, its header found; columns without one name each are named by position."""
    columns, naming, more = _names(lines, is_text=bool(separator))
    data = lines[header + 1 :] if (header := header_line(lines)) is not None else lines
    filling = separator and any(0 < len(line) < len(columns) for line in data)
    rows = (tuple((*line, *[None] * len(columns))[: len(columns)]) for line in data[:ROWS] if line)
    return Excerpt(
        name=name,
        kind=f"{kind} separated by {separator!r}" if separator else kind,
        columns=tuple(columns),
        rows=tuple(tuple(value or None for value in row) for row in rows),
        settings={**settings, **naming, **({"short_lines": "fill"} if filling else {})},
        doubts=(*doubts, *more),
    )


def _names(lines: Sequence[Line], *, is_text: bool) -> tuple[list[str], Mapping[str, Any], list[str]]:
    """Return the names of the columns of a file, the settings under which it has them, and the doubts.

    A column of a sheet that has neither a name nor a value is none.
    """
    above = header_line(lines)
    if above is None:
        columns = _positions([None] * max(map(len, lines), default=0))
        return columns, {"names": columns}, ["names: no line names the columns; these are their positions"]
    names = [" ".join((cell or "").split()) for cell in lines[above]]
    data = lines[above + 1 :]
    used = [
        folded(name)
        for index, name in enumerate(names)
        if name or is_text or any(len(line) > index and line[index] for line in data)
    ]
    if "" not in used and len(set(used)) == len(used):
        return names, {"skip_lines": above} if above else {}, []
    columns = _positions(names)
    doubt = "names: the header leaves columns unnamed or names some twice"
    return columns, {"names": columns, "skip_lines": above + 1}, [doubt]


def _positions(columns: Sequence[str | None]) -> list[str]:
    """Return a name for each column that is its own: the one it has, or its position."""
    names: list[str] = []
    for number, column in enumerate(columns, start=1):
        is_own = column and folded(column) not in map(folded, names)
        names.append(str(column) if is_own else f"{column or 'column'} {number}")
    return names


def _parquet_excerpt(path: Path) -> Excerpt:
    file = pq.ParquetFile(path)
    batches = list(islice(file.iter_batches(batch_size=ROWS), 1))
    rows = pa.Table.from_batches(batches, schema=file.schema_arrow)
    return _typed_excerpt(rows, path.name, kind="Parquet", settings={})


def _typed_excerpt(rows: pa.Table, name: str, *, kind: str, settings: Mapping[str, Any]) -> Excerpt:
    columns = [[_written(value) for value in column.to_pylist()] for column in rows.itercolumns()]
    text = (pa.types.is_string, pa.types.is_large_string)
    typed = (each.name for each in rows.schema if not any(is_text(each.type) for is_text in text))
    return Excerpt(
        name=name,
        kind=kind,
        columns=tuple(rows.column_names),
        rows=tuple(zip(*columns, strict=True)) if columns else (),
        settings=settings,
        typed=frozenset(typed),
    )


def _xml_excerpt(path: Path) -> Excerpt:
    """Return the first lines of declarations of ASYCUDA in XML, under the columns of its import."""
    lines = list(islice(xml_lines(path), ROWS))
    columns = dict.fromkeys(name for line in lines for name in line)
    return Excerpt(
        name=path.name,
        kind="declarations of ASYCUDA World in XML",
        columns=tuple(columns),
        rows=tuple(tuple(line.get(name) for name in columns) for line in lines),
        system=ASYCUDA.name,
    )


def _written(value: object) -> str | None:
    if value is None or value == "":
        return None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def like_each_other(excerpts: Sequence[Excerpt]) -> Iterator[list[Excerpt]]:
    """Yield excerpts in groups: files with the same columns and layout are parts of one table."""
    groups: dict[object, list[Excerpt]] = {}
    for each in excerpts:
        key = each.system or (
            each.kind,
            each.columns,
            tuple(sorted((k, str(v)) for k, v in each.settings.items())),
        )
        groups.setdefault(key, []).append(each)
    yield from groups.values()


def files_of(group: Sequence[Excerpt]) -> str:
    """Return the pattern of the files of a group, such as `register-*.csv`."""
    names = sorted({each.name for each in group})
    if len(names) == 1:
        return names[0]
    first, last = names[0], names[-1]
    shortest = min(map(len, names))
    start = next((i for i in range(shortest) if first[i] != last[i]), shortest)
    tails = [name[start:][::-1] for name in names]
    end = next(
        (i for i in range(min(map(len, tails))) if len({t[i] for t in tails}) > 1), min(map(len, tails))
    )
    return f"{first[:start]}*{tails[0][:end][::-1]}"
