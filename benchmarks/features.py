"""Benchmark of the features of every active trader, against a scan, Polars and pandas.

    python -P benchmarks/features.py [--traders 6000] [--years 5] [--cutoffs 12]

6,000 traders over 5 years are a million lines, 60,000 ten million, 300,000 fifty million. Each candidate
runs in a process of its own. `scan` reads every column of the lines that the library reads; ten features
are computed by us and, written by hand, by Polars and pandas, and must agree. The library is built from the
tables, and from line parts: those of all quarters are made once, that of the last quarter after new data.
Prints processor seconds of all threads, which a busy machine changes less than the clock's, peak memory and
ratios.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from features.build import FeatureSet
from features.data.dataset import Dataset
from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.simulate import simulate
from features.snapshots.line_parts import open_with_line_parts, prepare
from features.spine import Spine, months_before

CUTOFF = date(2024, 10, 1)
TEN = (
    "customs_value_12m",
    "customs_value_24m",
    "line_count_12m",
    "declaration_count_24m",
    "effective_rate_12m",
    "effective_rate_24m",
    "preference_share_12m",
    "origin_not_dispatch_12m",
    "residual_code_share_24m",
    "preference_no_doc_24m",
)
Candidate = Callable[[Path, int], pa.Table | None]


def main() -> None:
    """Make the administration where it is not there, run every candidate and print the comparison."""
    arguments = _arguments()
    data = Path(".benchmarks") / f"{arguments.traders}x{arguments.years}" / "data"
    if arguments.candidate:
        print(json.dumps(_measured(CANDIDATES[arguments.candidate], data, arguments.cutoffs)))
        return
    if not data.exists():
        simulate(data.parent, traders=arguments.traders, years=arguments.years, seed=1)
    results = {name: _child(name, arguments) for name in CANDIDATES}
    _refuse_to_differ(results)
    _print(results, arguments.cutoffs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traders", type=int, default=6000)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--cutoffs", type=int, default=12, help="month ends for the last row")
    parser.add_argument("--candidate", help=argparse.SUPPRESS)
    return parser.parse_args()


def _child(name: str, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-P", __file__, "--candidate", name]
    for option in ("traders", "years", "cutoffs"):
        command += [f"--{option}", str(getattr(arguments, option))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 our own script
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _measured(candidate: Candidate, data: Path, cutoffs: int) -> dict[str, float]:
    start = time.process_time()
    table = candidate(data, cutoffs)
    seconds = time.process_time() - start
    sums = {} if table is None else {name: _sum(table, name) for name in TEN}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "megabytes": memory, **sums}


def _sum(table: pa.Table, name: str) -> float:
    return float(sum(value for value in table[name].to_pylist() if value is not None))


def _scan(data: Path, _: int) -> None:
    columns = sorted(
        {c.partition(".")[2] for f in LIBRARY.features for c in f.inputs if c.startswith("decl")}
    )
    counted = ", ".join(f"count({column}), max({column})" for column in columns)
    duckdb.sql(f"SELECT {counted} FROM read_parquet('{data}/declarations.parquet')").fetchall()  # noqa: S608


def _build(features: FeatureSet, data: Path, cutoffs: int) -> pa.Table:
    with open_warehouse(str(data)) as warehouse:
        active = Spine.active(warehouse, CUTOFF)
        days = [months_before(CUTOFF, month) for month in range(cutoffs)]
        spine = active if cutoffs == 1 else Spine.every(active.rows["trader_id"].to_pylist(), days)
        return features.build(warehouse, spine)


def _dataset(data: Path) -> Dataset:
    return Dataset(data=str(data), cutoff=CUTOFF, today=date(2025, 1, 1), home=data.parent / "home")


def _prepare(data: Path, _: int) -> None:
    """Check the data, and make the parts that are missing."""
    prepare(_dataset(data), progress=lambda done, total: None)


def _prepare_all(data: Path, _: int) -> None:
    shutil.rmtree(_dataset(data).home, ignore_errors=True)
    _prepare(data, _)


def _prepare_last(data: Path, _: int) -> None:
    parts = (_dataset(data).home / "lines").glob("*/????-??-??-*")
    shutil.rmtree(max(parts, key=lambda part: part.name))
    _prepare(data, _)


def _build_from_parts(data: Path, cutoffs: int) -> pa.Table:
    with open_with_line_parts(_dataset(data)) as (warehouse, _):
        days = [months_before(CUTOFF, month) for month in range(cutoffs)]
        active = Spine.active(warehouse, CUTOFF)
        return LIBRARY.build(warehouse, Spine.every(active.rows["trader_id"].to_pylist(), days))


def _polars(data: Path, _: int) -> pa.Table:
    import polars as pl

    lines = pl.scan_parquet(data / "declarations.parquet").filter(
        pl.col("known_on") < CUTOFF, pl.col("accepted_on") >= months_before(CUTOFF, 24)
    )
    last = lines.group_by("declaration_id", "item_number").agg(pl.col("version").max())
    lines = lines.join(last, on=["declaration_id", "item_number", "version"], how="semi")
    value, claims = pl.col("customs_value"), pl.col("preference_code").is_not_null()
    year = pl.col("accepted_on") >= months_before(CUTOFF, 12)
    taxes = pl.col("duty_assessed") + pl.col("vat_assessed") + pl.col("excise_assessed").fill_null(0)
    total, claimed = value.filter(year).sum(), value.filter(year & claims).sum()
    elsewhere = pl.col("origin_country") != pl.col("dispatch_country")
    known = elsewhere.is_not_null()
    residual = pl.col("hs_code").str.slice(0, 6).str.contains("(9|90)$")
    return (
        lines.group_by("trader_id")
        .agg(
            total.alias("customs_value_12m"),
            value.sum().alias("customs_value_24m"),
            year.sum().alias("line_count_12m"),
            pl.col("declaration_id").n_unique().alias("declaration_count_24m"),
            (taxes.filter(year).sum() / total).alias("effective_rate_12m"),
            (taxes.sum() / value.sum()).alias("effective_rate_24m"),
            (claimed / total).alias("preference_share_12m"),
            (value.filter(year & elsewhere).sum() / value.filter(year & known).sum()).alias(
                "origin_not_dispatch_12m"
            ),
            (value.filter(residual).sum() / value.sum()).alias("residual_code_share_24m"),
            (
                value.filter(claims & pl.col("origin_proof_id").is_null()).sum() / value.filter(claims).sum()
            ).alias("preference_no_doc_24m"),
        )
        .fill_nan(None)
        .collect(engine="streaming")
        .to_arrow()
    )


def _pandas(data: Path, _: int) -> pa.Table:
    import pandas

    columns = sorted({c.partition(".")[2] for name in TEN for c in LIBRARY.by_name[name].inputs})
    keys = ["declaration_id", "item_number", "version", "accepted_on", "known_on", "trader_id"]
    keys += ["excise_assessed"]
    lines = pandas.read_parquet(data / "declarations.parquet", columns=list(dict.fromkeys(keys + columns)))
    lines = lines[(lines.known_on < CUTOFF) & (lines.accepted_on >= months_before(CUTOFF, 24))]
    lines = lines.sort_values("version").drop_duplicates(["declaration_id", "item_number"], keep="last")
    value, claims = lines.customs_value, lines.preference_code.notna()
    year = lines.accepted_on >= months_before(CUTOFF, 12)
    taxes = lines.duty_assessed + lines.vat_assessed + lines.excise_assessed.fillna(0)
    both = lines.origin_country.notna() & lines.dispatch_country.notna()
    elsewhere = both & (lines.origin_country != lines.dispatch_country)
    residual = lines.hs_code.str[:6].str.endswith(("9", "90"))
    trader = lines.trader_id

    def total(amount: pandas.Series, where: pandas.Series) -> pandas.Series:
        return amount.where(where, 0.0).groupby(trader).sum()

    in_year, in_window, claimed = total(value, year), value.groupby(trader).sum(), total(value, year & claims)
    features = pandas.DataFrame(
        {
            "customs_value_12m": in_year,
            "customs_value_24m": in_window,
            "line_count_12m": year.groupby(trader).sum(),
            "declaration_count_24m": lines.declaration_id.groupby(trader).nunique(),
            "effective_rate_12m": total(taxes, year) / in_year,
            "effective_rate_24m": taxes.groupby(trader).sum() / in_window,
            "preference_share_12m": claimed / in_year,
            "origin_not_dispatch_12m": total(value, year & elsewhere) / total(value, year & both),
            "residual_code_share_24m": total(value, residual) / in_window,
            "preference_no_doc_24m": total(value, claims & lines.origin_proof_id.isna())
            / total(value, claims),
        }
    )
    return pa.Table.from_pandas(features.reset_index())


CANDIDATES: dict[str, Candidate] = {
    "scan": _scan,
    "ten features": lambda data, _: _build(LIBRARY.select(TEN), data, 1),
    "ten, Polars": _polars,
    "ten, pandas": _pandas,
    "library": lambda data, _: _build(LIBRARY, data, 1),
    "library, month ends": lambda data, cutoffs: _build(LIBRARY, data, cutoffs),
    "check and prepare": _prepare_all,
    "the last quarter": _prepare_last,
    "library from parts": lambda data, _: _build_from_parts(data, 1),
    "month ends from parts": _build_from_parts,
}


def _refuse_to_differ(results: dict[str, dict[str, float]]) -> None:
    for peer in ("ten, Polars", "ten, pandas"):
        for name in TEN:
            ours, theirs = results["ten features"][name], results[peer][name]
            if abs(ours - theirs) > 1e-6 * max(1.0, abs(ours)):
                raise SystemExit(f"{peer} differs in {name}: {theirs} for {ours}")


def _print(results: dict[str, dict[str, float]], cutoffs: int) -> None:
    scan, library, ten = (results[name]["seconds"] for name in ("scan", "library", "ten features"))
    for name, result in results.items():
        seconds = result["seconds"]
        peer = (
            f"{seconds / ten:6.2f} times ours" if name.startswith("ten, ") else f"{seconds / scan:6.1f} scans"
        )
        print(f"{name:22}{seconds:8.2f} s{result['megabytes']:8,.0f} MB peak   {peer}")
    many = results["library, month ends"]["seconds"]
    print(f"{len(LIBRARY.names)} features at {cutoffs} cutoffs take {many / library:.2f} times one cutoff")


if __name__ == "__main__":
    main()
