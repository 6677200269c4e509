"""Benchmark of the first day: what a ranking holds that has learned from no audit, from few, from nil ones.

    python -P benchmarks/few_audits.py [--first 101] [--worlds 6] [--traders 2000] [--years 3]

In each drawn world (docs/worlds.md) the default model learns from 0, 5, 30 and 100 of the audits, drawn
at random, and from all; also from 30 and 100 audits of which none found anything. Judged by the truth: the
share of the oracle's money in the first 5 % of all traders, beside a random order, declared value, the score
of rules, and the analyst's page with as many audits. Prints means over worlds and draws, and the lead over
declared value with its standard error over worlds.
"""

import argparse

import numpy as np
import pandas as pd
import pyarrow as pa

from audit_yield.console import progress_bar
from benchmarks.table import row
from benchmarks.worlds import CIRCUMSTANCES, PreparedWorld, captured, prepared, with_worlds
from features.library import LIBRARY
from models.fitting.boosting import RowIndices
from models.prediction import Floats
from training.analyst.model import AnalystModel
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment

COUNTS = (0, 5, 30, 100)
NIL = (30, 100)
DRAWS = 3
TOP = 0.05
VALUE = "customs_value_12m"


def main() -> None:
    """Judge every ranking in every world, and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--first", type=int, default=101, help="seed of the first world")
    arguments = with_worlds(parser).parse_args()
    rows: list[dict[str, object]] = []
    with progress_bar() as (stage, progress):
        for done in range(arguments.worlds):
            seed = arguments.first + done
            stage(f"World {seed}")
            progress(done, arguments.worlds)
            world = prepared(arguments, seed)
            for ranking, shares in judged(world).items():
                rows.append({"world": seed, "ranking": ranking, "top_5": float(np.mean(shares))})
                print(f"  world {seed}, {ranking}: {np.mean(shares):.2f}", flush=True)
    wide = pd.DataFrame(rows).pivot_table(index="world", columns="ranking", values="top_5", sort=False)
    lead = wide.sub(wide["declared value"], axis=0)
    table = pd.DataFrame(
        {"mean": wide.mean(), "worst": wide.min(), "lead": lead.mean(), "se": lead.sem()}
    ).round(3)
    print(f"Share of the oracle's money in the first 5 %\n{table.to_string()}")
    for count in COUNTS:
        row(
            f"money in the first 5 % with {count} audits",
            ours=float(wide[f"{count} audits"].mean()),
            peer=float(wide["declared value"].mean()),
            against="declared value",
            unit="of the most",
        )
    print(f"\n{len(wide)} worlds from seed {arguments.first}, {arguments.traders:,} traders")


def judged(world: PreparedWorld) -> dict[str, list[float]]:
    """Return what each ranking captures in a world, once for each draw of the audits."""
    truth = world.truth["expected_yield"].to_numpy()
    rng = np.random.default_rng(world.seed)

    def held(order: Floats) -> float:
        return captured(truth, order, share=TOP)

    def drawn(count: int) -> list[RowIndices]:
        return [np.sort(rng.permutation(len(world.audits))[:count]) for _ in range(DRAWS if count else 1)]

    rules = new_model(Experiment(), LIBRARY, kind="rule_score")
    y = world.audits["yield_amount"].to_numpy()
    rules.fit(world.features, y)
    result = {
        "random": [held(rng.random(len(truth))) for _ in range(50)],
        "declared value": [held(np.nan_to_num(world.everyone[VALUE].to_numpy()))],
        "rules": [held(rules.predict(world.everyone).expected)],
    }
    for count in COUNTS:
        if count <= len(y):
            result[f"{count} audits"] = [held(ranked(world, rows)) for rows in drawn(count)]
    for count in NIL:
        result[f"{count} nil"] = [held(ranked(world, rows, nil=True)) for rows in drawn(count)]
    result["all audits"] = [held(ranked(world, np.arange(len(y))))]
    for count in (100, len(y)):
        name = "all audits" if count == len(y) else f"{count} audits"
        result[f"analyst, {name}"] = [held(analyst(world, rows)) for rows in drawn(count)[:2]]
    return result


def ranked(world: PreparedWorld, rows: RowIndices, *, nil: bool = False) -> Floats:
    """Return what the default model expects of everyone after some of the audits, or after these as nil."""
    audits = world.audits.take(pa.array(rows)).select(CIRCUMSTANCES)
    y = world.audits["yield_amount"].to_numpy()[rows]
    if nil:
        y = np.zeros_like(y)
        for name in (name for name in CIRCUMSTANCES if name.endswith("_amount")):
            audits = audits.set_column(audits.column_names.index(name), name, pa.array(y))
    model = new_model(Experiment(), LIBRARY)
    model.fit(world.features.take(pa.array(rows)), y, audits=audits)
    return model.predict(world.everyone).expected


def analyst(world: PreparedWorld, rows: RowIndices) -> Floats:
    """Return what the analyst's page and plain hurdle expect of everyone after some of the audits."""
    audits = world.audits.take(pa.array(rows)).select(CIRCUMSTANCES)
    y = world.audits["yield_amount"].to_numpy()[rows]
    model = AnalystModel(seed=1).fit(world.page.take(pa.array(rows)), y, audits=audits)
    return model.predict(world.everyones_page).expected


if __name__ == "__main__":
    main()
