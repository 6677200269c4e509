"""Import an export: read it, convert it to tables of the contract, write Parquet files and a report."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features.data.contract import TABLES, Table
from features.data.mapping import Dialect, Form
from features.data.systems.export import Export, read_export
from features.data.systems.report import ImportReport, WrittenTable
from features.data.systems.system import System
from features.data.warehouse.conform import conform
from features.data.warehouse.engine import embedded, first_line, refuse_exhausted_resources
from features.data.warehouse.engines import engine_errors
from features.errors import DataError, OutputError, SettingError
from features.storage.atomic import atomic_file, atomic_folder, restore
from features.storage.temporary import temporary_folder

REPORT_ENDING = ".import.json"
OWN_FILES = frozenset(f"{name}.parquet" for name in TABLES)


def import_export(
    system: System,
    files: Sequence[Path],
    *,
    out: Path,
    dialect: Dialect | None = None,
    overwrite: bool = False,
) -> ImportReport:
    """Import the files of a source system, or of folders, into the folder `out`, a Parquet file a table.

    `dialect` describes how the files are written (decimal mark, days, encoding, lost zeros of HS codes);
    the default is the contract's own form. The report is returned, and written beside the folder at
    `report_path`. Raises `DataError` for a bad export, `SettingError` for a dialect that cannot apply and
    `OutputError` where `out` holds something; then nothing is written and `out` stays as it was.
    """
    restore(out)
    _refuse_to_lose(out, overwrite=overwrite)
    dialect = dialect or Dialect()
    _refuse_currencies(dialect)
    with temporary_folder() as temporary:
        engine = embedded(temporary)
        try:
            return _import(engine, system, files=files, out=out, dialect=dialect, temporary=temporary)
        except engine_errors() as error:
            refuse_exhausted_resources(error)
            raise _broken_off(system, error) from error
        finally:
            engine.disconnect()


def report_path(out: Path) -> Path:
    """Return the path of the report of an import into `out`: beside it, named after it."""
    return out.with_name(out.name + REPORT_ENDING)


def assumed(data: str) -> tuple[str, ...]:
    """Return the assumptions of the import that wrote the folder `data`; none where no import did."""
    report = report_path(Path(data))
    if "://" in data or not report.is_file():
        return ()
    return tuple(json.loads(report.read_text(encoding="utf-8"))["assumptions"])


def _import(
    engine: Backend, system: System, *, files: Sequence[Path], out: Path, dialect: Dialect, temporary: Path
) -> ImportReport:
    export = read_export(engine, files, system=system, dialect=dialect, temporary=temporary)
    tables = _without_absent_columns(system, export)
    counts = _counts_of(system, export)
    with atomic_folder(out) as folder:
        written = {
            name: _write(engine, tables[name], name=name, folder=folder, dialect=dialect)
            for name in TABLES
            if name in tables
        }
        if not written["declarations"].rows:
            raise _nothing_left(system, export, counts)
        report = _report(system, export, counts, written=written)
        with atomic_file(report_path(out)) as fresh:
            fresh.write_text(report.to_json(), encoding="utf-8")
    return report


def _without_absent_columns(system: System, export: Export) -> Mapping[str, ir.Table]:
    """Return the tables; a column whose sources were all absent is absent there too, not empty."""
    absent = system.targets_without(export.absent_columns)
    tables = system.tables(export.lines)
    return {
        name: rows.drop(*(column for column in rows.columns if f"{name}.{column}" in absent))
        for name, rows in tables.items()
    }


def _write(engine: Backend, rows: ir.Table, *, name: str, folder: Path, dialect: Dialect) -> WrittenTable:
    """Write a table in the contract's types, sorted by key: the same rows give the same bytes."""
    table = TABLES[name]
    view = engine.create_view(f"made_{name}", rows)  # has the engine's own types, which Ibis may misjudge
    conformed = conform(view, table, dialect=_of_written(table, dialect))
    filled = view.select(**{c: conformed[c].value for c in table.names if c in view.columns})
    file = folder / f"{name}.parquet"
    try:
        engine.to_parquet(filled.order_by(*dict.fromkeys((*table.key, *filled.columns))), file)
    except duckdb.IOException as error:
        raise OSError(first_line(error)) from error  # `atomic_folder` reports it
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return WrittenTable(int(engine.read_parquet(file).count().to_pyarrow().as_py()), digest)


def _of_written(table: Table, dialect: Dialect) -> Dialect:
    """Return the dialect of a written table: the contract's, apart from times and lost zeros of HS codes."""
    return Dialect(form=Form(hs_digits=dialect.table_form(table.name).hs_digits, times="drop"))


def _counts_of(system: System, export: Export) -> dict[str, int]:
    """Return the number of different lines, and the remarks of a system on them."""
    counts = export.lines.aggregate(lines=export.lines.count(), **system.remarks(export.lines))
    return {words: int(count or 0) for words, count in counts.to_pyarrow().to_pylist()[0].items()}


def _nothing_left(system: System, export: Export, counts: Mapping[str, int]) -> DataError:
    reasons = [f"{words}: {count:,}" for words, count in counts.items() if count and words != "lines"]
    return DataError(
        f"Of {export.read:,} lines read no declaration is "
        f"left{' (' + '; '.join(reasons) + ')' if reasons else ''}.",
        expected=f"lines of imports, as {system.title} writes them.",
        advice="See what the lines say of flow and registration; where the export writes it otherwise, "
        "declare "
        f"codes for the column under [{system.name}.columns] in a mapping.toml.",
    )


def _report(
    system: System, export: Export, counts: Mapping[str, int], *, written: Mapping[str, WrittenTable]
) -> ImportReport:
    return ImportReport(
        system=system.name,
        title=system.title,
        files=export.files,
        lines_read=export.read,
        lines_repeated=export.read - counts["lines"],
        tables=written,
        unknown_columns=export.unknown_columns,
        absent_columns=export.absent_columns,
        remarks={words: count for words, count in counts.items() if count and words != "lines"},
        derived=system.derived,
        assumptions=system.assumptions,
    )


def _refuse_to_lose(out: Path, *, overwrite: bool) -> None:
    """Raise `OutputError` where `out` holds anything; with `overwrite`, more than an earlier import."""
    if not out.exists():
        return
    names = sorted(entry.name for entry in out.iterdir()) if out.is_dir() else [out.name]
    foreign = [name for name in names if name not in OWN_FILES or not out.is_dir()]
    if foreign if overwrite else names:
        raise OutputError(
            f"{out} {'holds' if out.is_dir() else 'is a file:'} {', '.join((foreign or names)[:3])}.",
            expected="a new or empty folder, or with --overwrite one that holds an earlier import alone.",
            advice="Name another folder." if foreign else "Name another folder, or overwrite this one.",
        )


def _refuse_currencies(dialect: Dialect) -> None:
    if dialect.currency_column:
        raise SettingError(
            f"The dialect names a currency_column, '{dialect.currency_column}'.",
            expected="an export whose money is in one currency or carries its own exchange rates.",
            advice="Leave currency_column and rates out of the dialect of an import.",
        )


def _broken_off(system: System, error: Exception) -> DataError:
    return DataError(
        f"The import from {system.name} broke off: {first_line(error)}",
        expected="an export that can be read to its end.",
        advice="See that there is space for OUT and for temporary files; else export it again.",
    )
