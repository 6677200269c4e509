"""Import reports: what was read, written, derived and assumed, as data, JSON and text for a terminal."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class ExportFile:
    """One file of an export: its lines, and the SHA-256 digest of its bytes."""

    name: str
    lines: int
    sha256: str


@dataclass(frozen=True)
class WrittenTable:
    """One written table: its number of rows, and the SHA-256 digest of its file."""

    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """The result of an import; the same files give the same report.

    `lines_repeated` counts the lines left out because an equal one came before. `unknown_columns` were
    ignored, `absent_columns` are missing from the export. `derived` and `assumptions` describe what the
    export itself does not say; `remarks` are counts by their description.
    """

    system: str
    title: str
    files: tuple[ExportFile, ...]
    lines_read: int
    lines_repeated: int
    tables: Mapping[str, WrittenTable]
    unknown_columns: tuple[str, ...]
    absent_columns: tuple[str, ...]
    remarks: Mapping[str, int]
    derived: tuple[str, ...]
    assumptions: tuple[str, ...]

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def to_text(report: ImportReport) -> Iterator[str]:
    """Yield a report as lines for a terminal: what was read, what was written, what was assumed."""
    repeated = f", {report.lines_repeated:,} repeated lines left out" if report.lines_repeated else ""
    yield f"{report.title}: {report.lines_read:,} lines read from {len(report.files)} files{repeated}"
    for name, table in report.tables.items():
        yield f"{name}: {table.rows:,} rows"
    for remark, count in report.remarks.items():
        yield f"{remark}: {count:,}"
    for title, entries in (
        ("unknown columns, passed over", report.unknown_columns),
        ("columns not there, and not required", report.absent_columns),
        ("derived", report.derived),
        ("assumed", report.assumptions),
    ):
        yield from (f"{title}: {entry}" for entry in entries)
