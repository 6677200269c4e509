"""What a check leaves behind: the JSON report, and the bad rows as they were found, with their reasons."""

import csv
from pathlib import Path

from features.check import Checked
from features.check.conditions import FOUND
from features.check.judge import Judged, flag
from features.contract.violation import Severity
from features.output import replaced_folder
from features.warehouse.conform import SOURCE_FILE, SOURCE_ROW

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def default_place(data: str) -> Path:
    """Return the folder for the outcome of a check: `DATA.check` beside a folder or file, else `./check`."""
    path = Path(data)
    return Path("check") if "://" in data else path.with_name(f"{path.absolute().name}.check")


def write(checked: Checked, out: Path) -> Path:
    """Write the outcome into `out/accepted` or `out/refused`, replacing the last of its kind; return it.

    A refused check leaves the last accepted one as it was.
    """
    target = out / ("accepted" if checked.report.accepted else "refused")
    with replaced_folder(target) as folder:
        (folder / "report.json").write_text(checked.report.to_json(), encoding="utf-8")
        for name, judged in checked.judged.items():
            if judged.quarantined:
                _write_rows(judged, folder / f"quarantine_{name}.csv")
    return target


def _write_rows(judged: Judged, path: Path) -> None:
    rows = judged.bad_rows()
    assert rows is not None  # noqa: S101 - the caller asked for `quarantined`
    failed = judged.failed_with(Severity.ROW)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*_places(judged), "reasons", *judged.source.columns])
        for batch in rows.to_pyarrow_batches():
            writer.writerows(_cells(judged, row, failed) for row in batch.to_pylist())


def _places(judged: Judged) -> tuple[str, ...]:
    return (SOURCE_FILE, SOURCE_ROW) if judged.source.has_rows_numbered else ()


def _cells(judged: Judged, row: dict[str, object], failed: tuple[int, ...]) -> list[object]:
    reasons = [judged.reason(i) for i in failed if row[flag(i)]]
    found = [row[FOUND + name] for name in judged.source.columns]
    return [*(row[name] for name in _places(judged)), "; ".join(reasons), *map(inert, found)]


def inert(value: object) -> object:
    """Return a cell that a spreadsheet shows as text: what it could take for a formula gets an apostrophe."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
