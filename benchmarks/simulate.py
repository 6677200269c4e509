"""Benchmark of simulating an administration, against pandas merely writing the same tables.

    python -P benchmarks/simulate.py [--traders 6000] [--years 5] [--seed 1] [--repeats 3] [--csv]

Each candidate runs in processes of its own, in turns, and its best time counts. pandas has the finished
tables in memory and only writes them (`to_parquet`, and `to_csv` with --csv): what making them costs is not
counted against it. Prints seconds, rows a second, peak memory and the ratios; then what audits brought and
how much of the truth a ranking by declared value catches.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.table import row
from features.simulate import simulate

Result = dict[str, float]


def main() -> None:
    """Run every candidate and print the comparison."""
    arguments = _arguments()
    if arguments.candidate:
        print(json.dumps(_measured(CANDIDATES[arguments.candidate], arguments)))
        return
    with tempfile.TemporaryDirectory() as folder:
        names = ["simulate", "to_parquet"] + ["to_csv"] * arguments.csv
        turns = [
            {name: _child(name, arguments, Path(folder)) for name in names} for _ in range(arguments.repeats)
        ]
        results = {
            name: min((turn[name] for turn in turns), key=lambda done: done["seconds"]) for name in names
        }
        _print_speed(results)
        print(_described(Path(folder) / "out"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traders", type=int, default=6000)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--csv", action="store_true", help="let pandas write CSV too")
    parser.add_argument("--candidate", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _child(name: str, arguments: argparse.Namespace, folder: Path) -> Result:
    """Run one candidate in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, "-P", __file__, "--candidate", name, "--folder", str(folder)]
    for option in ("traders", "years", "seed"):
        command += [f"--{option}", str(getattr(arguments, option))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 our own script
    result: Result = json.loads(done.stdout)
    return result


def _measured(candidate: Callable[[argparse.Namespace], Result], arguments: argparse.Namespace) -> Result:
    result = candidate(arguments)
    return {**result, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _simulate(arguments: argparse.Namespace) -> Result:
    start = time.perf_counter()
    summary = simulate(
        arguments.folder / "out",
        traders=arguments.traders,
        years=arguments.years,
        seed=arguments.seed,
        overwrite=True,
    )
    return {"seconds": time.perf_counter() - start, "lines": summary.rows["declarations"]}


def _pandas(arguments: argparse.Namespace, method: str) -> Result:
    import pandas

    tables = {path.stem: pandas.read_parquet(path) for path in (arguments.folder / "out/data").iterdir()}
    target = arguments.folder / method
    target.mkdir(exist_ok=True)
    start = time.perf_counter()
    for name, table in tables.items():
        getattr(table, method)(target / name, index=False)
    return {"seconds": time.perf_counter() - start, "lines": len(tables["declarations"])}


CANDIDATES: dict[str, Callable[[argparse.Namespace], Result]] = {
    "simulate": _simulate,
    "to_parquet": lambda arguments: _pandas(arguments, "to_parquet"),
    "to_csv": lambda arguments: _pandas(arguments, "to_csv"),
}


def _print_speed(results: dict[str, Result]) -> None:
    ours = results["simulate"]["seconds"]
    for name, result in results.items():
        print(
            f"{name:12}{result['seconds']:8.2f} s{result['lines'] / result['seconds']:12,.0f} lines/s"
            f"{result['megabytes']:8,.0f} MB peak   simulate takes {ours / result['seconds']:.2f} times this"
        )
        if name != "simulate":
            row("simulating", ours=ours, peer=result["seconds"], against=f"pandas, {name} alone", unit="s")


DESCRIPTION = """
WITH outcome AS (
  SELECT audits.*, coalesce(sum(amount) FILTER (event IN ('assessed', 'reduced', 'cancelled')
    AND tax_type IN ('duty', 'vat', 'excise')), 0) AS yield, (abs(yield) > 0.005)::INT AS hit
  FROM '{out}/data/audits.parquet' AS audits LEFT JOIN '{out}/data/findings.parquet' USING (audit_id)
  WHERE status = 'closed' GROUP BY ALL
), tail AS (
  SELECT sum(yield) FILTER (rank <= 0.1) / sum(yield) AS top FROM
    (SELECT yield, percent_rank() OVER (ORDER BY yield DESC) AS rank FROM outcome WHERE yield > 0)
), exposed AS (
  SELECT truth.trader_id, truth.cutoff, expected_yield, sum(customs_value) AS declared
  FROM '{out}/truth/truth.parquet' AS truth JOIN '{out}/data/declarations.parquet' AS lines
    ON lines.trader_id = truth.trader_id AND version = 0
    AND accepted_on < cutoff AND accepted_on >= cutoff - INTERVAL 12 MONTH
  GROUP BY ALL
), ranked AS (
  SELECT cutoff, expected_yield,
    percent_rank() OVER (PARTITION BY cutoff ORDER BY expected_yield DESC) AS oracle,
    percent_rank() OVER (PARTITION BY cutoff ORDER BY declared DESC) AS by_value
  FROM exposed
), caught AS (
  SELECT sum(expected_yield) FILTER (oracle < 0.05) / sum(expected_yield) AS oracle,
    sum(expected_yield) FILTER (by_value < 0.05) / sum(expected_yield) AS by_value
  FROM ranked GROUP BY cutoff
)
SELECT 'audits closed, with an adjustment: ' || count(*) || ', ' || round(avg(hit), 3) FROM outcome
UNION ALL (SELECT '  ' || selection_channel || ': ' || count(*) || ', ' || round(avg(hit), 3)
  FROM outcome GROUP BY selection_channel ORDER BY selection_channel)
UNION ALL SELECT 'refunds among adjustments: ' ||
  round(count(*) FILTER (yield < -0.005) / count(*) FILTER (abs(yield) > 0.005), 3) FROM outcome
UNION ALL SELECT 'share of the money in the top tenth of findings: ' || round(top, 3) FROM tail
UNION ALL SELECT 'truth caught in the top 5 % of traders, by truth: ' || round(avg(oracle), 3) ||
  ', by declared value: ' || round(avg(by_value), 3) FROM caught
"""


def _described(out: Path) -> str:
    rows = duckdb.sql(DESCRIPTION.format(out=out)).fetchall()
    return "\n".join(row[0] for row in rows)


if __name__ == "__main__":
    main()
