"""Run the benchmarks, each in a process of its own, and make one table of the ratios that they hand in.

    python -P benchmarks/run.py [--quick] [BENCHMARK ...]        # default: all of them

The table, with the machine, the day and the commit, is printed and written to `.benchmarks/ratios.md`; where
some benchmarks alone are run, to `.benchmarks/ratios-BENCHMARK.md`. `--quick` takes small sizes. A benchmark
that fails does not stop the others; its failure stands below the table.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.table import ROWS_FILE, MeasuredRatio, as_markdown, read_rows

ROOT = Path(__file__).parents[1]
OUTPUT = Path(".benchmarks")
LIBRARIES = ("duckdb", "ibis-framework", "lightgbm", "bentoml", "fastapi")


@dataclass(frozen=True)
class Sizes:
    """The arguments of a benchmark: of the size that the documents speak of, and of a quick one."""

    whole: str = ""
    quick: str = ""


BENCHMARKS = {
    "features": Sizes(quick="--traders 1200 --cutoffs 4"),
    "check": Sizes(quick="200000"),
    "dataset": Sizes(quick="1200"),
    "spreadsheets": Sizes(quick="20000"),
    "explain": Sizes(),
    "serving": Sizes(quick="--quick"),
    "plan": Sizes(quick="--quick"),
    "gap": Sizes(quick="--quick"),
    "drift": Sizes(quick="--quick"),
    "simulate": Sizes(quick="--traders 1200 --repeats 2"),
    "yield_models": Sizes(quick="--seeds 1 --traders 2000 --kinds hurdle plain"),
    "worlds": Sizes(quick="--worlds 2 --traders 1500 --contenders hurdle analyst"),
    "few_audits": Sizes(quick="--worlds 1 --traders 1500 --years 3"),
    "mechanisms": Sizes(quick="--worlds 2 --traders 1500"),
    "lab": Sizes(quick="--policies model --seeds 1 --traders 600 --years 1"),
    "gate": Sizes(quick="--worlds 1 --conditions clean absurd"),
}
"""Every benchmark, those of speed first."""


@dataclass(frozen=True)
class Run:
    """What became of a benchmark: the rows that it handed in, its minutes, and whether it failed."""

    benchmark: str
    rows: Sequence[MeasuredRatio]
    minutes: float
    failed: bool


def main() -> int:
    """Run what is asked for, print and write the table; return 1 where a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="small sizes")
    arguments = parser.parse_args()
    chosen = arguments.benchmarks or list(BENCHMARKS)
    if unknown := set(chosen) - BENCHMARKS.keys():
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    runs = [_run(name, quick=arguments.quick) for name in chosen]
    text = "\n".join(_report(runs, quick=arguments.quick))
    print(f"\n{text}")
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / f"{'-'.join(['ratios', *arguments.benchmarks])}.md"
    path.write_text(f"{text}\n", encoding="utf-8")
    print(f"\nWritten to {path}.")
    return int(any(run.failed for run in runs))


def _run(name: str, *, quick: bool) -> Run:
    sizes = BENCHMARKS[name]
    options = (sizes.quick if quick else sizes.whole).split()
    print(f"== {name} {' '.join(options)}", flush=True)
    began = time.monotonic()
    with TemporaryDirectory() as temporary:
        rows = Path(temporary) / "rows"
        done = subprocess.run(  # noqa: S603 - our own scripts
            [sys.executable, "-P", str(ROOT / "benchmarks" / f"{name}.py"), *options],
            env={**os.environ, ROWS_FILE: str(rows)},
            check=False,
        )
        return Run(name, read_rows(rows), (time.monotonic() - began) / 60, done.returncode != 0)


def _report(runs: Sequence[Run], *, quick: bool) -> Iterator[str]:
    """Yield the table below the machine, the day and the commit, and above what failed."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    yield f"{_machine()}; Python {platform.python_version()}, {versions}; {date.today()}, {_commit()}."
    yield f"{'Quick' if quick else 'Whole'} sizes, {sum(run.minutes for run in runs):.0f} minutes in all."
    yield ""
    yield from as_markdown((run.benchmark, measured) for run in runs for measured in run.rows)
    if failed := [run.benchmark for run in runs if run.failed]:
        yield ""
        yield f"Failed: {', '.join(failed)}."


def _machine() -> str:
    """Return the processors and memory of this machine; Linux alone names the processor's model."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{os.cpu_count()} processors, {next(models, platform.machine())}, {gigabytes:.0f} GB"


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)  # noqa: S607
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "no commit"


if __name__ == "__main__":
    raise SystemExit(main())
