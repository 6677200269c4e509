"""Benchmark of the policy lab: what policies bring that learn by the pipeline, against features in memory.

    python -P benchmarks/lab.py [--policies model,model_lottery,plan] [--seeds 2] [--traders 1500] [--years 4]

The lab stands its features in for the pipeline's, so that a year costs a quarter of a second. Here the same
policies, administrations and hours are run with both: tables written each quarter, all features built from
them as of its first day, and the model that `train` fits. For each policy this prints the sum over seeds of
what audits booked, of what is not paid in the last year, and of the mean share captured, pipeline over
memory. A run through the pipeline takes some minutes; runs in the folder of `--cache` are not run again.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit_yield.console import progress_bar
from benchmarks.table import row
from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.simulate.arrays import Floats
from features.simulate.audits.select import Sight
from features.simulate.clock import SCOPE_QUARTERS
from features.simulate.state import SimulationState
from features.simulate.trade.lines import Lines
from features.simulate.worlds.named import SOURCED
from features.simulate.writing.declarations import as_entered, declarations_table, dictionaries
from features.simulate.writing.export import write_rest
from features.simulate.writing.text import serials
from features.simulate.writing.write import DATA, TRUTH
from features.spine import Spine
from models.hurdle import HurdleModel
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.lab.known import InMemory, Known
from training.lab.measures import ALL
from training.lab.policies import policy_of
from training.lab.years import run_years

EPOCH = date(1970, 1, 1)


@dataclass
class Pipeline:
    """What a policy knows through the pipeline: every table written to `folder` as it stands in a quarter."""

    folder: Path
    lines: list[pa.Table] = field(default_factory=list)

    def add(self, state: SimulationState, declared: Lines, amended: Lines) -> None:
        """Take in the lines accepted in a quarter, and those amended in it."""
        world = state.world
        texts = dictionaries(world, traders=state.traders.count)
        self.lines += [
            declarations_table(
                as_entered(part, world=world), world=world, slots=state.slots, dictionaries=texts
            )
            for part in (declared, amended)
        ]

    def features(self, state: SimulationState, *, sight: Sight, quarter: int) -> pa.Table:
        """Return all features of each trader on a quarter's first day, built from the tables."""
        del sight
        if quarter > SCOPE_QUARTERS:
            self._write(state)
        ids = serials("T", np.arange(state.traders.count), digits=7).to_pylist()
        if quarter <= SCOPE_QUARTERS:  # nobody was audited yet, and tables of audits are not there
            return pa.table({name: np.full(len(ids), np.nan) for name in LIBRARY.names})
        day = EPOCH + timedelta(int(state.world.calendar.starts[quarter]))
        with open_warehouse(str(self.folder / DATA)) as warehouse:
            return LIBRARY.build(warehouse, Spine.of(ids, [day] * len(ids))).select(LIBRARY.names)

    def model(self, state: SimulationState) -> HurdleModel:
        """Return the model that `train` fits."""
        return cast(HurdleModel, new_model(Experiment(seed=state.chance.seed), LIBRARY))

    def at_stake(self, features: pa.Table) -> Floats:
        """Return what the model expects of each trader where no audit is known."""
        model = new_model(Experiment(), LIBRARY)
        return model.fit(features.slice(0, 0), np.zeros(0)).predict(features).expected

    def _write(self, state: SimulationState) -> None:
        for part in (DATA, TRUTH):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        declarations = pa.concat_tables(self.lines)
        pq.write_table(declarations, self.folder / DATA / "declarations.parquet", store_schema=False)
        write_rest(state, folder=self.folder)


def measured(name: str, args: argparse.Namespace, *, seed: int, known: Known) -> pa.Table:
    """Return the measures of all traders in a run of a policy, from the cache where they are there."""
    way = type(known).__name__.lower()
    kept: Path = args.cache / f"{name}-{way}-{args.traders}-{args.years}-{seed}.parquet"
    if not kept.exists():
        policy = policy_of(name)
        run = run_years(policy, seed=seed, traders=args.traders, years=args.years, world=SOURCED, known=known)
        pq.write_table(run.filter(pc.equal(run["by"], ALL)), kept)
    return pq.read_table(kept)


def print_ratios(name: str, pipeline: pa.Table, memory: pa.Table) -> None:
    """Print what a policy brings by the pipeline over what it brings in memory."""
    year = pc.max(memory["quarter"]).as_py() - 4
    figures: Mapping[str, Callable[[pa.Table], pa.Scalar]] = {
        "booked": lambda run: pc.sum(run["assessed_amount"]),
        "not paid, last year": lambda run: pc.sum(run.filter(pc.greater(run["quarter"], year))["gap_amount"]),
        "captured": lambda run: pc.mean(run["captured_share"]),
    }
    for what, figure in figures.items():
        ours, peer = figure(pipeline).as_py(), figure(memory).as_py()
        row(f"{name}: {what}", ours=ours, peer=peer, against="features in memory", unit="")


def main() -> None:
    """Run policies in memory and through the pipeline, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--policies", default="model,model_lottery,plan")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--traders", type=int, default=1500)
    parser.add_argument("--years", type=int, default=4)
    parser.add_argument("--cache", type=Path, default=Path(".benchmarks/lab"))
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    names, seeds = args.policies.split(","), range(1, args.seeds + 1)
    with progress_bar() as (stage, progress):
        for number, name in enumerate(names):
            stage(f"Years of {name}")
            memory, pipeline = [], []
            for seed in seeds:
                progress(number * args.seeds + seed - 1, len(names) * args.seeds)
                memory.append(measured(name, args, seed=seed, known=InMemory()))
                with TemporaryDirectory() as folder:
                    pipeline.append(measured(name, args, seed=seed, known=Pipeline(Path(folder))))
            print_ratios(name, pa.concat_tables(pipeline), pa.concat_tables(memory))


if __name__ == "__main__":
    main()
