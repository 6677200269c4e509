"""Write the result of a check: the JSON report, and the bad rows as the source has them, with reasons."""

import csv
import re
from pathlib import Path

from features.data.check import CheckResult
from features.data.check.conditions import RAW
from features.data.check.judge import CheckedTable, flag, in_words
from features.data.contract.violation import Severity
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW
from features.data.warehouse.database import without_credentials
from features.data.warehouse.engine import first_line, refuse_exhausted_resources
from features.data.warehouse.engines import engine_errors
from features.errors import DataError, OutputError
from features.storage.atomic import atomic_folder, restore
from features.storage.csv_file import inert


def default_folder(data: str) -> Path:
    """Return the folder for the result of a check: `DATA.check` beside DATA; of a database, named by it."""
    if "://" in data:
        address = without_credentials(data).partition("://")[2]
        return Path(re.sub(r"[^\w.-]+", "-", address).strip("-.") + ".check")
    path = Path(data).absolute()
    if path.name in ("", ".."):
        path = path.resolve()
    return path.with_name(f"{path.name}.check") if path.name else Path("check")


def write(result: CheckResult, out: Path) -> Path:
    """Write the result into `out/accepted` or `out/refused`, replacing the last one there; return the folder.

    A refused check leaves the last accepted one as it was. Raises `OutputError` where `out` is a link, or the
    disk refuses.
    """
    if out.is_symlink():
        raise OutputError(
            f"{out} is a link: whoever made it says where the report would be written.",
            expected="a folder, or none yet.",
            advice="Remove the link, or name the folder itself: --out.",
        )
    target = out / ("accepted" if result.report.accepted else "refused")
    restore(out / "accepted")
    with atomic_folder(target) as folder:
        (folder / "report.json").write_text(result.report.to_json(), encoding="utf-8")
        for name, checked in result.tables.items():
            if checked.quarantined:
                _write_quarantine(checked, folder / f"quarantine_{name}.csv")
    return target


def _write_quarantine(checked: CheckedTable, path: Path) -> None:
    try:
        _write_rows(checked, path)
    except engine_errors() as error:
        refuse_exhausted_resources(error)
        raise DataError(
            f"{checked.table.name} could not be read again: {first_line(error)}",
            expected="tables that stay as they are while they are checked.",
            advice="Run the check again; no report was written.",
        ) from error


def _write_rows(checked: CheckedTable, path: Path) -> None:
    rows = checked.bad_rows()
    assert rows is not None  # noqa: S101 - the caller asked for `quarantined`
    failed = checked.failed_with(Severity.ROW)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*_location_columns(checked), "reasons", *map(inert, checked.source.columns)])
        for batch in in_words(rows).to_pyarrow_batches():
            writer.writerows(_cells(checked, row, failed) for row in batch.to_pylist())


def _location_columns(checked: CheckedTable) -> tuple[str, ...]:
    return (SOURCE_FILE, SOURCE_ROW) if checked.source.has_rows_numbered else ()


def _cells(checked: CheckedTable, row: dict[str, object], failed: tuple[int, ...]) -> list[object]:
    reasons = [checked.reason(i) for i in failed if row[flag(i)]]
    location = [row[name] for name in _location_columns(checked)]
    raw = [row[RAW + name] for name in checked.source.columns]
    return [*map(inert, location), "; ".join(reasons), *map(inert, raw)]
