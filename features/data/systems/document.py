"""Write docs/systems.md from the source systems in code."""

from collections.abc import Iterable, Iterator

from features.data.contract import Column
from features.data.systems import SYSTEMS
from features.data.systems.system import Field, System

PREFACE = """\
# Source systems

This page lists what `audit-yield import SYSTEM FILE... OUT` reads from each
[source system](glossary.md#source-system), and what becomes of each column. It is written from the code
(`make fix`); a test proves that they agree.

The files are CSV (`.csv`, `.csv.gz`) or spreadsheets (`.xlsx`), with the names of the columns in the first
line, in any order; several files, or a folder of them, are read as one export. Separators are detected; encoding, decimal comma, days such as
dd.mm.yyyy, times of day and HS codes that lost zeros are declared with `--mapping`, a
[mapping](mapping.md).

- A **must** column that is missing stops the import, and so does a value that does not fit its type, a line
  that breaks a rule below, and two lines of one key that differ. It is named with files and rows (row 1 is
  the line after the names). In these cases nothing is written, and an earlier OUT stays as it was.
- Lines that are equal in every column are imported once; the repetitions are counted. Columns that the system
  does not have are ignored and named in the report.
- A value that fits its type and breaks a rule of the [contract](contract.md), such as a negative mass, is
  imported as it is: `audit-yield check OUT` puts it into [quarantine](glossary.md#quarantine).

OUT holds one Parquet file a table and nothing else; the same files give the same bytes. Beside it is
the report `OUT.import.json`: files with their digests, lines read, rows written, unknown columns, what was
derived, what was assumed. A new system is one new module in `features/data/systems/` and a name in its
`SYSTEMS`.
"""


def document() -> str:
    """Return the page as Markdown."""
    return "\n".join((PREFACE, *("\n".join(_section(system)) for system in SYSTEMS.values())))


def _section(system: System) -> Iterator[str]:
    yield f"## {system.name}: {system.title}"
    yield ""
    yield f"One line: {system.row}. Key: {', '.join(f'`{name}`' for name in system.key)}."
    yield ""
    yield system.obtain
    yield ""
    yield "| column | type | must | meaning | becomes | how |"
    yield "|---|---|---|---|---|---|"
    yield from map(_row, system.fields)
    yield ""
    yield from _entries("A line must keep", (rule.words for rule in system.rules))
    yield from _entries("Derived", system.derived)
    yield from _entries("Assumed", system.assumptions)


def _row(field: Field) -> str:
    becomes = ", ".join(field.to) or "not used"
    return (
        f"| {field.column.name} | {_type(field.column)} | {'must' if field.column.required else ''} "
        f"| {field.column.meaning} | {becomes} | {field.how} |"
    )


def _type(column: Column) -> str:
    return f"{column.kind}, {column.unit}" if column.unit else str(column.kind)


def _entries(title: str, entries: Iterable[str]) -> Iterator[str]:
    yield f"{title}:"
    yield ""
    yield from (f"- {entry}" for entry in entries)
    yield ""
