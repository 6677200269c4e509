"""Read an export: stage its files as text, compare columns, convert types, drop repeated lines."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features.data.check.between import duplicates
from features.data.check.judge import EXAMPLES, CheckedTable, judge
from features.data.contract import Table
from features.data.contract.rule import LATEST_DAY
from features.data.contract.violation import ExampleRow, Severity, Violation
from features.data.mapping.dialect import Dialect
from features.data.systems.report import ExportFile
from features.data.systems.system import System, XmlLines
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW, conform
from features.data.warehouse.folder import TEXT, stage_file
from features.data.warehouse.mapped import column_faults, mapped
from features.data.warehouse.sheet_file import SHEETS
from features.data.warehouse.source import Source, UnreadableError, broken_file, unreadable
from features.errors import DataError, listed

ENDINGS = (*TEXT, *SHEETS)
XML = ".xml"
FEW = 3
LINES_AT_ONCE = 20_000
"""Lines in XML that are written at once."""


@dataclass(frozen=True)
class Export:
    """The content of an export: `lines` are typed, named as in the export, each once.

    `read` is the number of lines before repeated ones were dropped.
    """

    lines: ir.Table
    files: tuple[ExportFile, ...]
    read: int
    unknown_columns: tuple[str, ...]
    absent_columns: tuple[str, ...]


@dataclass(frozen=True)
class _Staged:
    """Files of an export as Parquet, every value as text; `name` says of which files it is, for people."""

    name: str
    files: tuple[ExportFile, ...]
    paths: tuple[Path, ...]
    columns: tuple[str, ...]


def read_export(
    engine: Backend, files: Sequence[Path], *, system: System, dialect: Dialect, temporary: Path
) -> Export:
    """Read the files of an export of a system, by way of the folder `temporary`.

    Raises `DataError` with every fault of the export.
    """
    table = system.source
    staged = _stage_all(engine, files, system=system, dialect=dialect, temporary=temporary)
    paths = [str(path) for each in staged for path in each.paths]
    raw = Source(engine.read_parquet(paths, union_by_name=True), "CSV")
    if table.name in dialect.tables:
        source, unknown = _mapped(raw, table, dialect)
    else:
        source, unknown = raw, tuple(name for name in raw.columns if name not in table.names)
        _refuse_missing_columns({each.name: each.columns for each in staged}, table)
    known = [name for name in table.names if name in source.columns]
    source = Source(source.table.select(SOURCE_FILE, SOURCE_ROW, *known), "CSV")
    typed = _without_rules_of_values(table, known)  # so that none of its rules asks for a day
    checked = judge(source, typed, dialect=dialect, today=LATEST_DAY, parents={})
    _refuse_faults(checked)
    lines = _distinct_lines(engine, source, table=table, dialect=dialect, temporary=temporary)
    _refuse_conflicts(lines, checked)
    return Export(
        lines=lines,
        files=tuple(file for each in staged for file in each.files),
        read=checked.counts[0],
        unknown_columns=tuple(f"{name}{_hint(name, table.names)}" for name in unknown),
        absent_columns=tuple(name for name in table.names if name not in known),
    )


def _mapped(raw: Source, table: Table, dialect: Dialect) -> tuple[Source, tuple[str, ...]]:
    """Return the lines under the names that the system has, and the columns that become nothing."""
    result = mapped(raw, table, dialect)
    if faults := list(column_faults(replace(result, unmapped=()), table, dialect)):
        raise refusal(faults)
    _refuse_missing_columns({"The export": result.source.columns}, table)
    return result.source, result.unmapped


def _without_rules_of_values(table: Table, present: Sequence[str]) -> Table:
    """Return the table with only its types and the rule that a key be filled, of columns that are there.

    The rules of the contract check the rest later.
    """
    columns = tuple(
        replace(column, values=(), nullable=column.nullable or column.name not in table.key)
        for column in table.columns
    )
    return replace(table, columns=columns, key=tuple(name for name in table.key if name in present))


def _stage_all(
    engine: Backend, files: Sequence[Path], *, system: System, dialect: Dialect, temporary: Path
) -> list[_Staged]:
    staged: list[_Staged] = []
    faults: list[Violation] = []
    listed_files = [each for file in files for each in _listed(file, system)]
    in_xml = [file for file in listed_files if system.xml_lines and file.suffix.lower() == XML]
    for number, file in enumerate(file for file in listed_files if file not in set(in_xml)):
        into = temporary / str(number)
        into.mkdir()
        try:
            staged.append(_stage(engine, file, table=system.source, dialect=dialect, into=into))
        except UnreadableError as error:
            faults.extend(error.faults)
    if system.xml_lines and in_xml:
        try:
            staged.append(_stage_xml(in_xml, system.xml_lines, into=temporary))
        except UnreadableError as error:
            faults.extend(error.faults)
    if faults or not staged:
        raise refusal(faults or [_no_files(system.source)])
    return staged


def _listed(path: Path, system: System) -> Sequence[Path]:
    """Return a file, or those of a folder that can be read."""
    if not path.is_dir():
        return [path]
    endings = (*ENDINGS, XML) if system.xml_lines else ENDINGS
    return sorted(file for file in path.iterdir() if file.name.lower().endswith(endings))


def _stage(engine: Backend, file: Path, *, table: Table, dialect: Dialect, into: Path) -> _Staged:
    if not file.name.endswith(ENDINGS) or not file.is_file():
        raise UnreadableError(_no_export(table, file))
    path = stage_file(engine, file, table=table, dialect=dialect, into=into)
    schema = pq.read_schema(path)
    columns = tuple(name for name in schema.names if name not in (SOURCE_FILE, SOURCE_ROW))
    exported = ExportFile(file.name, pq.read_metadata(path).num_rows, _digest(file))
    return _Staged(file.name, (exported,), (path,), columns)


def _stage_xml(files: Sequence[Path], xml_lines: XmlLines, *, into: Path) -> _Staged:
    """Write the lines of files in XML, of which there may be thousands; the first broken ones are told."""
    exported: list[ExportFile] = []
    faults: list[Violation] = []
    paths: list[Path] = []
    columns: dict[str, None] = {}
    for rows in _xml_rows(files, xml_lines, exported, faults):
        names = dict.fromkeys(name for row in rows for name in row)
        kinds = [(name, pa.int64() if name == SOURCE_ROW else pa.string()) for name in names]
        paths.append(into / f"xml_{len(paths)}.parquet")
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(kinds)), paths[-1])
        columns.update(names)
    if faults:
        raise UnreadableError(*faults[:FEW])
    name = files[0].name if len(files) == 1 else f"{len(files):,} files in XML"
    if not paths:
        raise UnreadableError(
            unreadable(
                "xml",
                f"No declaration in {name} has an item.",
                expected="an item at least.",
                advice="Save the declarations again.",
            )
        )
    present = tuple(name for name in columns if name not in (SOURCE_FILE, SOURCE_ROW))
    return _Staged(name, tuple(exported), tuple(paths), present)


def _xml_rows(
    files: Sequence[Path], xml_lines: XmlLines, exported: list[ExportFile], faults: list[Violation]
) -> Iterator[list[dict[str, str | int | None]]]:
    """Yield some ten thousand lines at a time; what was read and what could not be is added to the lists."""
    rows: list[dict[str, str | int | None]] = []
    for file in files:
        try:
            numbered = enumerate(xml_lines(file), start=1)
            lines = [{**line, SOURCE_FILE: file.name, SOURCE_ROW: number} for number, line in numbered]
            exported.append(ExportFile(file.name, len(lines), _digest(file)))
            rows += lines
        except UnreadableError as error:
            faults.extend(error.faults)
        except OSError as error:
            faults.append(broken_file("xml", file.name, error))
        if len(rows) >= LINES_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _no_export(table: Table, file: Path) -> Violation:
    return unreadable(
        table.name,
        f"{file.name} is {'no CSV file or spreadsheet' if file.exists() else 'not there'}.",
        expected=f"files whose names end in {', '.join(ENDINGS)}, or {XML} where the system writes such.",
        advice="Check the path; export as CSV, and unpack archives yourself.",
    )


def _no_files(table: Table) -> Violation:
    return unreadable(
        table.name, "No file was named.", expected="at least one file.", advice="Name the files to import."
    )


def _refuse_missing_columns(present: Mapping[str, Sequence[str]], table: Table) -> None:
    """Raise `DataError` where a file lacks a column of the system; `present` are the columns by file."""
    faults = [
        f"{file} lacks {_named(missing, columns)}."
        for file, columns in present.items()
        if (missing := [c.name for c in table.columns if c.required and c.name not in columns])
    ]
    if faults:
        others = dict.fromkeys(
            name for columns in present.values() for name in columns if name not in table.names
        )
        unused = f" Nothing is made of {listed(list(others))}." if others else ""
        raise DataError(
            " ".join(faults) + unused,
            expected=f"the columns {', '.join(c.name for c in table.columns if c.required)}.",
            advice=f"Add them, or say under [{table.name}.columns] in a mapping.toml what they are made of: "
            "audit-yield look proposes one. docs/systems.md says what each holds.",
        )


def _named(missing: Sequence[str], columns: Sequence[str]) -> str:
    return ", ".join(f"'{name}'{_hint(name, columns)}" for name in missing)


def _hint(name: str, columns: Sequence[str]) -> str:
    alike = [each for each in columns if each.strip().casefold() == name.casefold()]
    near = alike[:1] or get_close_matches(name, columns, n=2, cutoff=0.75)
    return f" (Did you mean '{near[0]}'?)" if len(near) == 1 else ""


def _refuse_faults(checked: CheckedTable) -> None:
    """Raise `DataError` for values of the wrong type, else for lines that break a rule of the system."""
    faults = checked.violations()
    misfits = [each for each in faults if each.severity is Severity.STRUCTURE]
    rules = {rule.name for rule in checked.table.rules}
    broken = [each for each in faults if each.rule in rules]
    if misfits or broken:
        raise refusal(misfits or broken)


def _refuse_conflicts(lines: ir.Table, checked: CheckedTable) -> None:
    """Raise `DataError` for two lines of one key that differ; `lines` are distinct."""
    repeated = lines.group_by(*checked.table.key).having(lines.count() > 1).aggregate(times=lines.count())
    if not repeated.count().to_pyarrow().as_py():
        return
    faults = [each for each in duplicates(checked) if each.severity is Severity.STRUCTURE]
    if faults:
        raise refusal(faults)


def refusal(faults: Sequence[Violation]) -> DataError:
    """Return the error for all of `faults`, with five examples each, or one where faults are many."""
    shown = EXAMPLES if len(faults) <= FEW else 1
    return DataError(
        " ".join(f"{fault.location}: {fault.found}{_examples(fault.examples[:shown])}" for fault in faults),
        expected="; ".join(dict.fromkeys(fault.expected.rstrip(".") for fault in faults)) + ".",
        advice=" ".join(dict.fromkeys(fault.advice for fault in faults)),
    )


def _examples(examples: Sequence[ExampleRow]) -> str:
    return f" ({'; '.join(map(_example, examples))})" if examples else ""


def _example(example: ExampleRow) -> str:
    """Return a line as its file and row, or as its key where lines of several files are compared."""
    if "file" not in example:
        return ", ".join(f"{name} {value!r}" for name, value in example.items() if value is not None)
    names = [*example][[*example].index("row") + 1 :]
    values = ", ".join(f"{name} {example[name]!r}" for name in names if example[name] is not None)
    return f"{example['file']} row {example['row']}: {values}"


def _distinct_lines(
    engine: Backend, source: Source, *, table: Table, dialect: Dialect, temporary: Path
) -> ir.Table:
    """Write the distinct lines into the temporary folder and read them from there: all tables need them."""
    path = temporary / "lines.parquet"
    conformed = conform(source.table, table, dialect=dialect)
    values = source.table.select(**{name: column.value for name, column in conformed.items()})
    engine.to_parquet(values.distinct(), path)
    return engine.read_parquet(path)
