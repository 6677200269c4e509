"""Good tables spoilt at random: never a traceback, a wrong exit status or a changed earlier output.

6 examples of each kind, always the same ones; AUDIT_YIELD_TORTURE=1 tries 1,000 others.
"""

import gzip
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from audit_yield.commands import app
from tests.features.data.check.command import tree
from tests.features.tables import TODAY, Row, Tables, arrow, good_tables, write_csv
from tests.torture import TORTURE

pytestmark = pytest.mark.long

NAMES = tuple(good_tables())
HOSTILE = (
    *("", " ", "\0", "nan", "-inf", "1e999", "-1", "0", "1,5", "1.5", "99999999999999999999", "007 ", "T3"),
    *("2024-13-01", "0000-00-00", "9999-12-31", "294247-01-10", "infinity", "2024-01-01T00:00", "31.12.2024"),
    *('"', "'", "a\nb", "a\r\nb", ";", "\\", "=1+1", "<script>", "\x1b[31m", "\u202e", "\ufeff", "%s", "{}"),
    *(
        "true",
        "EUR",
        "D1",
        "A1",
        "null",
        "None",
        "é",
        "\u0445",
        "😀",
        "x" * 5000,
        "\t",
        "source_row",
        "trader_id",
    ),
)

ARRAYS: tuple[Callable[[int], pa.Array], ...] = (
    lambda n: pa.array([-1.5, float("nan"), float("inf"), 1e300][:n]),
    lambda n: pa.array([2**63, 0, 1, 2][:n], pa.uint64()),
    lambda n: pa.array([-(2**63), 0, 1, 2][:n]),
    lambda n: pa.nulls(n),
    lambda n: pa.array([b"\xff\0"] * n),
    lambda n: pa.array([[1, None]] * n),
    lambda n: pa.array([{"a": {"b": 1}}] * n),
    lambda n: pa.array([-(2**31), 2**31 - 5, 0, 20000][:n], pa.date32()),
    lambda n: pa.array([2**62, -(2**62), 0, 1][:n], pa.timestamp("us")),
    lambda n: pa.array([2**62, 0, 1, 2][:n], pa.timestamp("ns", "Asia/Tokyo")),
    lambda n: pa.array([1] * n, pa.decimal128(38, 37)),
    lambda n: pa.array([0, 1, 2, 3][:n], pa.time64("ns")),
    lambda n: pa.array([True] * n),
    lambda n: pa.array(["x"] * n).dictionary_encode(),
    lambda n: pa.array([*HOSTILE[2:6]][:n], pa.large_string()),
    lambda n: pa.array([1.5] * n, pa.float16()),
)

FILE_FAULTS = ("flip", "cut", "empty", "append", "swap", "rename", "encode", "pack", "dialect")

table = st.sampled_from(NAMES)
position = st.integers(0, 10_000)
row_faults = st.lists(
    st.tuples(
        st.sampled_from(["cell", "cell", "cell", "drop", "rename", "add", "twice", "without", "nothing"]),
        table,
        position,
        position,
        st.sampled_from(HOSTILE) | st.text(max_size=5),
    ),
    max_size=4,
)
file_faults = st.lists(
    st.tuples(
        st.sampled_from(
            ["flip", "flip", "cut", "empty", "append", "swap", "rename", "encode", "pack", "dialect"]
        ),
        table,
        position,
        st.binary(min_size=1, max_size=8),
    ),
    max_size=2,
)
retyped = st.lists(st.tuples(table, position, st.integers(0, len(ARRAYS) - 1)), max_size=2)


def spoil_rows(tables: Tables, faults: list[tuple[str, str, int, int, str]]) -> None:
    for kind, name, at, column, value in faults:
        rows = tables[name]
        if kind == "without":
            tables[name] = []
        if not tables[name]:
            continue
        row = rows[at % len(rows)]
        chosen = list(rows[0])[column % len(rows[0])] if rows[0] else ""
        if kind == "cell":
            row[chosen] = value
        elif kind == "twice":
            rows.append({**row, chosen: value} if at % 2 else dict(row))
        else:
            tables[name] = [_spoil_column(each, kind, chosen, value) for each in rows]


def _spoil_column(row: Row, kind: str, column: str, value: str) -> Row:
    if kind == "add":
        return {**row, value: value}
    if kind == "rename":
        return {value if name == column else name: cell for name, cell in row.items()}
    return {name: cell for name, cell in row.items() if name != column or kind == "nothing"}


def write_parquet_somehow(folder: Path, tables: Tables, retype: list[tuple[str, int, int]]) -> None:
    """A column that no longer has the contract's type is written as text; some get another type."""
    for name, rows in tables.items():
        found = pa.table({c: _array(name, rows, c) for c in dict.fromkeys(c for row in rows for c in row)})
        for other, column, number in retype:
            if other == name and 0 < found.num_rows <= 4 and found.num_columns:
                at = column % found.num_columns
                found = found.set_column(at, found.column_names[at], ARRAYS[number](found.num_rows))
        pq.write_table(found, folder / f"{name}.parquet")


def _array(name: str, rows: list[Row], column: str) -> pa.Array:
    values = [row.get(column) for row in rows]
    try:
        return arrow(name, [{column: value} for value in values])[column]
    except (pa.ArrowException, TypeError):
        return pa.array([None if value is None else str(value) for value in values])


def spoil_files(folder: Path, faults: list[tuple[str, str, int, bytes]]) -> None:
    for kind, name, at, noise in faults:
        files = sorted(file for file in folder.iterdir() if file.name.startswith(f"{name}."))
        if files:
            SPOIL_FILE[kind](files[0], at, noise)


def _flip(file: Path, at: int, noise: bytes) -> None:
    content = file.read_bytes()
    cut = at % (len(content) + 1)
    file.write_bytes(content[:cut] + noise + content[cut + len(noise) :])


def _cut(file: Path, at: int, _: bytes) -> None:
    os.truncate(file, at % (file.stat().st_size + 1))


def _swap(file: Path, at: int, _: bytes) -> None:
    others = sorted(file.parent.iterdir())
    other, content = others[at % len(others)], file.read_bytes()
    file.write_bytes(other.read_bytes())
    other.write_bytes(content)


def _rename(file: Path, at: int, _: bytes) -> None:
    name = file.name.split(".")[0]
    names = (f"{name}.csv", f"{name}.parquet", "tariff.csv", f"{name}.csv.gz", "x")
    file.rename(file.with_name(names[at % len(names)]))


def _encode(file: Path, at: int, _: bytes) -> None:
    encodings = ("utf-16", "utf-16-le", "utf-8-sig", "utf-32", "cp500")
    text = file.read_bytes().decode("utf-8", "replace")
    file.write_bytes(text.encode(encodings[at % len(encodings)], "replace"))


def _pack(file: Path, _at: int, _: bytes) -> None:
    file.with_name(f"{file.name.split('.')[0]}.csv.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()


def _speak(file: Path, at: int, noise: bytes) -> None:
    settings = b'encoding = "latin-1"\ndecimal = ","\n' + noise[: at % 2]
    file.with_name("dialect.toml").write_bytes(settings)


SPOIL_FILE: dict[str, Callable[[Path, int, bytes], object]] = {
    "flip": _flip,
    "cut": _cut,
    "empty": lambda file, _at, _noise: file.write_bytes(b""),
    "append": lambda file, _, noise: file.write_bytes(file.read_bytes() + noise),
    "swap": _swap,
    "rename": _rename,
    "encode": _encode,
    "pack": _pack,
    "dialect": _speak,
}


def hold(folder: Path, out: Path) -> None:
    """Check `folder` and hold the outcome against what a check promises."""
    before = tree(out / "accepted")
    result = CliRunner().invoke(
        app, ["check", str(folder), "--out", str(out), "--today", str(TODAY), "--json"]
    )
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in (0, 2)
    if result.stderr:
        assert (result.exit_code, result.stdout) == (2, "")
        assert "\n    expected: " in result.stderr
        assert "\n    → " in result.stderr
    else:
        report = json.loads(result.stdout)
        kind = "accepted" if result.exit_code == 0 else "refused"
        assert report == json.loads((out / kind / "report.json").read_text(encoding="utf-8"))
        assert report["accepted"] == (result.exit_code == 0)
        assert set(tree(out / kind)) == {
            "report.json",
            *(f"quarantine_{each['name']}.csv" for each in report["tables"] if each["quarantined"]),
        }
    if result.exit_code == 2:
        assert tree(out / "accepted") == before
    assert not set(result.output) & {"\x1b", "\0", "\u202e"}


many = settings(
    max_examples=1_000 if TORTURE else 6,
    derandomize=not TORTURE,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def laid_out(folder: str, before: dict[str, bytes]) -> tuple[Path, Path]:
    data, out = Path(folder, "data"), Path(folder, "out")
    data.mkdir()
    (out / "accepted").mkdir(parents=True)
    for name, content in before.items():
        (out / "accepted" / name).write_bytes(content)
    return data, out


@given(rows=row_faults, files=file_faults)
@many
def test_csv_spoilt_at_random_is_accepted_or_refused_and_nothing_else(
    accepted_before: dict[str, bytes],
    rows: list[tuple[str, str, int, int, str]],
    files: list[tuple[str, str, int, bytes]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, out = laid_out(folder, accepted_before)
        tables = good_tables()
        spoil_rows(tables, rows)
        write_csv(data, tables)
        spoil_files(data, files)
        hold(data, out)


@given(rows=row_faults, retype=retyped, files=file_faults)
@many
def test_parquet_spoilt_at_random_is_accepted_or_refused_and_nothing_else(
    accepted_before: dict[str, bytes],
    rows: list[tuple[str, str, int, int, str]],
    retype: list[tuple[str, int, int]],
    files: list[tuple[str, str, int, bytes]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, out = laid_out(folder, accepted_before)
        tables = good_tables()
        spoil_rows(tables, rows)
        write_parquet_somehow(data, tables, retype)
        spoil_files(data, files)
        hold(data, out)
