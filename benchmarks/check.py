"""Benchmark of `features.data.check` on a large table, against a plain scan and against pandera.

    python -P benchmarks/check.py [LINES ...]        # default: 1000000

Each candidate runs in a process of its own, on the same Parquet files in the same run; imports are not
timed, and ratios are of processor time, which others on the machine disturb least. The scan is DuckDB
hashing every value of the same columns: what reading them all costs at least.
There are 12,000 HS codes, as many as a tariff has. Two rules are broken by one line in a thousand; "all
broken" is the same table with every HS code too short.
pandera takes part where `pandera[ibis]` is installed, with the same conditions on columns and key (ours
also checks the reference to traders).
"""

import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import duckdb
import ibis

from benchmarks.table import row
from features.data.check import check
from features.data.contract import TABLES
from features.data.warehouse import open_warehouse

TODAY = date(2025, 6, 30)
LINES_A_TRADER = 100
DECLARATIONS = """
COPY (
  SELECT
    'D' || lpad((i // 5)::VARCHAR, 10, '0') AS declaration_id,
    (i % 5 + 1)::BIGINT AS item_number,
    0::BIGINT AS version,
    DATE '2020-01-01' + (hash(i) % 1900)::INTEGER AS accepted_on,
    'T' || lpad((hash(i, 1) % $traders)::VARCHAR, 8, '0') AS trader_id,
    lpad((hash(i, 2) % 40)::VARCHAR, 4, '0') AS office_code,
    '4000' AS procedure_code,
    CASE WHEN hash(i, 3) % $one_in = 0 THEN '10121'
      ELSE lpad((hash(i, 3) % 12000 * 7500 + 10000000)::VARCHAR, 8, '0') END
      AS hs_code,
    ['CN', 'DE', 'KR', 'US', 'VN'][(hash(i, 4) % 5 + 1)::BIGINT] AS origin_country,
    CASE WHEN hash(i, 5) % 4 = 0 THEN '300' END AS preference_code,
    (hash(i, 6) % 6 + 1)::BIGINT AS valuation_method,
    hash(i, 7) % 3 = 0 AS related_party,
    CASE WHEN hash(i, 8) % 1000 = 0 THEN -1.0 ELSE (hash(i, 8) % 10000000) / 100.0 END AS customs_value,
    (hash(i, 9) % 100000) / 10.0 AS net_mass_kg,
    (hash(i, 10) % 30) / 100.0 AS duty_rate,
    (hash(i, 11) % 100000) / 100.0 AS duty_assessed,
    (hash(i, 12) % 200000) / 100.0 AS vat_assessed,
    'shirts, cotton, number ' || (hash(i, 13) % 5000) AS description,
    ['green', 'yellow', 'red', 'blue'][(hash(i, 14) % 4 + 1)::BIGINT] AS channel
  FROM range($lines) AS lines (i)
) TO '$folder/declarations.parquet'
"""
TRADERS = """
COPY (
  SELECT 'T' || lpad(i::VARCHAR, 8, '0') AS trader_id, DATE '2015-01-01' AS valid_from,
    DATE '2014-01-01' AS registered_on
  FROM range($traders) AS traders (i)
) TO '$folder/traders.parquet'
"""


def simulate(folder: Path, lines: int, *, one_in: int) -> None:
    """Write declarations and their traders; one HS code in `one_in` lost its leading zeros."""
    values = {
        "lines": lines,
        "traders": max(lines // LINES_A_TRADER, 1),
        "one_in": one_in,
        "folder": folder,
    }
    with duckdb.connect() as connection:
        for statement in (DECLARATIONS, TRADERS):
            connection.execute(Template(statement).substitute(values))


def scan(folder: Path) -> dict[str, Any]:
    """Read every value of the declarations once."""
    with duckdb.connect() as connection:
        declarations = connection.read_parquet(str(folder / "declarations.parquet"))
        values = [duckdb.ColumnExpression(name) for name in declarations.columns]
        hashed = declarations.select(duckdb.FunctionExpression("hash", *values).alias("hashed"))
        hashed.aggregate("bit_xor(hashed)").fetchall()
    return {}


def ours(folder: Path) -> dict[str, Any]:
    """Hold both tables against the contract."""
    with open_warehouse(str(folder)) as warehouse:
        report = check(warehouse, today=TODAY).report
    broken = [v for v in report.violations if v.column and v.table == "declarations"]
    return {"found": sum(v.rows or 0 for v in broken), "cases": sum(len(v.examples) for v in broken)}


def with_pandera(folder: Path) -> dict[str, Any]:
    """Hold the declarations against the same columns and rules in pandera, all errors at once."""
    from pandera.errors import SchemaErrors

    declarations = ibis.duckdb.connect().read_parquet(str(folder / "declarations.parquet"))
    try:
        _schema(set(declarations.columns)).validate(declarations, lazy=True)
    except SchemaErrors as errors:
        cases = len(errors.failure_cases)
        return {"found": cases, "cases": cases}
    return {"found": 0, "cases": 0}


def _schema(names: set[str]) -> Any:
    import pandera.ibis as pa

    table = TABLES["declarations"]
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                column.kind.ibis,
                nullable=column.nullable or column.default is not None,
                checks=[_pandera_check(rule) for rule in column.rules if rule.name != "filled"],
            )
            for column in table.columns
            if column.name in names
        },
        unique=list(table.key),
    )


def _pandera_check(rule: Any) -> Any:
    """Return the rule's own condition, so that both sides ask the engine the same."""
    import pandera.ibis as pa

    def keeps(data: Any) -> Any:
        return data.table.select((~rule.broken(data.table[data.key], TODAY)).name(data.key))

    return pa.Check(keeps, name=rule.name)


CANDIDATES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "scan": scan,
    "ours": ours,
    "pandera": with_pandera,
}


def in_own_process(name: str, folder: Path) -> dict[str, Any]:
    """Run a candidate in a fresh process; return its time and peak memory, without the time of imports."""
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-P", __file__, "--only", name, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return (
        json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr.strip().splitlines()[-1]}
    )


def only(name: str, folder: Path) -> None:
    """Run one candidate here and print what it took as JSON."""
    started, worked = time.perf_counter(), time.process_time()
    counts = CANDIDATES[name](folder)
    seconds, work = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "work": work, "peak_mb": peak, **counts}))


def compare(lines: int, *, one_in: int) -> None:
    """Simulate, run all candidates and print their ratios to the scan."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), lines, one_in=one_in)
        base = in_own_process("scan", Path(folder))
        title = f"{lines:,} lines{', all broken' if one_in == 1 else ''}"
        print(title)
        for name in CANDIDATES:
            if name == "pandera" and importlib.util.find_spec("pandera") is None:
                print("  pandera   not installed, left out")
                continue
            measured = in_own_process(name, Path(folder))
            print(f"  {name:<8}  {_describe(measured, base)}")
            if name == "ours":
                row(f"check of {title}", ours=measured["work"], peer=base["work"], against="a scan", unit="s")


def _describe(measured: dict[str, Any], base: dict[str, Any]) -> str:
    if "failed" in measured:
        return f"failed: {measured['failed']}"
    ratio = measured["work"] / base["work"]
    counts = f", {measured['found']:,} found, {measured['cases']:,} fetched" if "found" in measured else ""
    return (
        f"{measured['seconds']:6.2f} s, {measured['work']:6.2f} s of processor, {ratio:5.1f} times the scan, "
        f"{measured['peak_mb']:5,.0f} MB{counts}"
    )


def main() -> None:
    """Run the comparison for each number of lines."""
    if sys.argv[1:2] == ["--only"]:
        only(sys.argv[2], Path(sys.argv[3]))
        return
    for lines in map(int, sys.argv[1:] or ["1000000"]):
        compare(lines, one_in=1000)
        compare(lines, one_in=1)


if __name__ == "__main__":
    main()
