"""Check reports: the result of a check as data, as JSON and as text for a terminal."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from features.data.contract import TABLES
from features.data.contract.violation import Severity, Violation


@dataclass(frozen=True)
class TableReport:
    """The numbers of one checked table."""

    name: str
    form: str
    rows: int
    quarantined: int
    absent_columns: tuple[str, ...]


@dataclass(frozen=True)
class CheckReport:
    """The result of a check: `tables` in numbers, and all `violations` in the order of the tables."""

    data: str
    checked_on: date
    limit: float
    tables: tuple[TableReport, ...]
    violations: tuple[Violation, ...]

    @property
    def accepted(self) -> bool:
        """Whether the data may be used: no fault of structure, and few enough bad rows."""
        return all(violation.severity is not Severity.STRUCTURE for violation in self.violations)

    def is_without(self, table: str, rule: str) -> bool:
        """Return whether no row of a table broke a rule."""
        return all((violation.table, violation.rule) != (table, rule) for violation in self.violations)

    @property
    def absent_tables(self) -> tuple[str, ...]:
        """The optional tables that the data lacks; the features that need them will be empty."""
        present = {table.name for table in self.tables}
        return tuple(t.name for t in TABLES.values() if not t.required and t.name not in present)

    def to_json(self) -> str:
        """Return the report as JSON text; days are ISO 8601, numbers that JSON lacks are text."""
        content = {
            "data": self.data,
            "checked_on": self.checked_on,
            "limit": self.limit,
            "accepted": self.accepted,
            "tables": [asdict(table) for table in self.tables],
            "absent_tables": self.absent_tables,
            "violations": [asdict(violation) for violation in self.violations],
        }
        return json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {visible(str(name)): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case bool() | int() | None | Severity():
            return value
        case float() if value == value and abs(value) != float("inf"):
            return value
        case _:
            return visible(str(value))


def visible(text: str) -> str:
    """Return `text` with every control, invisible or direction-changing character escaped.

    So are blanks other than the space: they look like one, and identifiers may differ by them.
    """
    return "".join(c.encode("unicode_escape").decode() if _is_hidden(c) else c for c in text)


def _is_hidden(character: str) -> bool:
    return character != " " and unicodedata.category(character)[0] in "CZ"


def to_text(report: CheckReport) -> Iterator[str]:
    """Yield a report as lines for a terminal: the violations, worst first, then a line a table."""
    for severity in Severity:
        for violation in report.violations:
            if violation.severity is severity:
                yield from _violation_text(violation)
    for table in report.tables:
        quarantined = f", {table.quarantined:,} quarantined" if table.quarantined else ""
        yield f"{table.name}: {table.rows:,} rows{quarantined} ({table.form})"
    if report.absent_tables:
        yield f"not there, and not required: {', '.join(report.absent_tables)}"


def _violation_text(violation: Violation) -> Iterator[str]:
    location = visible(violation.location)
    yield f"{violation.severity} · {location} · {violation.rule}: {visible(violation.found)}"
    yield f"    expected: {visible(violation.expected)}"
    for example in violation.examples:
        yield "    " + ", ".join(f"{visible(name)} {_quoted(value)}" for name, value in example.items())
    yield f"    → {visible(violation.advice)}"


def _quoted(value: object) -> str:
    return f"'{visible(value)}'" if isinstance(value, str) else str(value)
