"""Benchmark of the families of yield models, on simulated administrations and on real audit outcomes.

Run with `python -P benchmarks/yield_models.py [--seeds 1 2 3 4] [--traders 6000] [--years 5] [--kinds …]`.

On a simulated administration each model learns what was known by two days and is judged by the truth of all
traders eligible on that day: the share of the oracle's yield in its first 5 %, the normalised Gini of the
truth in its order, its total over the true one, and how many random audits opened later its intervals cover.
Differences to the hurdle model are paired by seed and day. Where AUDIT_YIELD_SHARED names a folder with the
public outcomes of US federal single audits (fac) and of Chicago's food inspections (chicago), those follow.
"""

import argparse
import inspect
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.table import row
from features.data.warehouse import Warehouse, open_warehouse
from features.library import LIBRARY
from features.outcomes import BY_TYPE, outcomes
from features.simulate import simulate
from features.spine import Spine
from models.base import YieldModel
from models.hurdle import HurdleModel
from models.kinds import MODELS
from models.prediction import Floats

DAYS = (date(2024, 1, 1), date(2024, 10, 1))
LAST = date(2025, 1, 1)
DIRECTIONS = {feature.name: feature.monotone for feature in LIBRARY.features if feature.monotone}
OURS = "hurdle"
TOP = 0.05
FOLDS = 5
FAC_NUMBERS = [
    "distinct_audits",
    "award_count",
    "distinct_agencies",
    "distinct_programs",
    "distinct_clusters",
    "sum_amount_expended",
    "sum_loan_balance",
    "sum_passthrough_amount",
    "max_federal_program_total",
    "sum_loan_programs",
    "sum_direct_awards",
    "sum_passthrough_awards",
]
FAC_CODES = [
    "entity_type",
    "auditee_state",
    "oversight_agency",
    "cognizant_agency",
    "primary_program",
]
CHICAGO = [
    "pastFail",
    "pastCritical",
    "pastSerious",
    "pastMinor",
    "timeSinceLast",
    "firstRecord",
    "ageAtInspection",
    "temperatureMax",
    "heat_burglary",
    "heat_garbage",
    "heat_sanitation",
    "tobacco_retail_over_counter",
    "consumption_on_premises_incidental_activity",
]
PRIOR_ROWS = 20


def main() -> None:
    """Run the chosen benchmarks and print a table a data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--traders", type=int, default=6000)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--kinds", nargs="*", default=list(MODELS), choices=list(MODELS))
    arguments = parser.parse_args()
    if arguments.seeds:
        rows = pd.DataFrame(
            simulated(arguments.seeds, arguments.kinds, traders=arguments.traders, years=arguments.years)
        )
        print(
            f"\n{arguments.traders:,} traders, {arguments.years} years, seeds {arguments.seeds}, as of {DAYS}"
        )
        means = compared(rows)
        print(means.to_string())
        for kind in means.index:
            if OURS in means.index and kind != OURS:
                share = "share of the best in the first 5 %"
                row(share, ours=means["top"][OURS], peer=means["top"][kind], against=kind, unit="")
    shared = Path(os.environ.get("AUDIT_YIELD_SHARED", "../shared/data"))
    for name, run in {"fac/entities.parquet": fac, "chicago/inspections.parquet": chicago}.items():
        if (shared / name).exists():
            print(f"\n{name}\n{pd.DataFrame(run(pd.read_parquet(shared / name))).round(3).to_string()}")
        else:
            print(f"\n{name} is not there: skipped")


def simulated(
    seeds: Iterable[int], kinds: Sequence[str], *, traders: int, years: int
) -> Iterator[dict[str, object]]:
    """Yield a row for each seed, day and kind of model."""
    for seed in seeds:
        with TemporaryDirectory() as temporary:
            simulate(Path(temporary) / "sim", traders=traders, years=years, seed=seed)
            truth = pq.read_table(Path(temporary) / "sim" / "truth" / "truth.parquet")
            with open_warehouse(str(Path(temporary) / "sim" / "data")) as warehouse:
                for day in DAYS:
                    for row in _one_day(warehouse, truth, day, kinds=kinds):
                        print(f"  seed {seed}, {day}: {row}", flush=True)
                        yield {"seed": seed, "day": day, **row}


def _one_day(
    warehouse: Warehouse, truth: pa.Table, day: date, *, kinds: Sequence[str]
) -> Iterator[dict[str, object]]:
    eligible = truth.filter(pc.and_(pc.equal(truth["cutoff"], pa.scalar(day)), truth["eligible"]))
    learned = outcomes(warehouse, cutoff=day).to_pyarrow()
    ended = outcomes(warehouse, cutoff=LAST).to_pyarrow()
    later = pc.and_(
        pc.greater_equal(ended["opened_on"], pa.scalar(day)), pc.equal(ended["selection_channel"], "random")
    )
    at_random = ended.filter(later)
    everyone = pa.table({"trader_id": eligible["trader_id"], "opened_on": eligible["cutoff"]})
    parts = [_features(warehouse, part) for part in (learned, at_random, everyone)]
    circumstances = ["opened_on", "treatment", "selection_channel", "team_id", *BY_TYPE]
    for kind in kinds:
        began = time.process_time()
        model = new(kind).fit(
            parts[0], learned["yield_amount"].to_numpy(), audits=learned.select(circumstances)
        )
        spent = time.process_time() - began
        prediction = model.predict(parts[2])
        yield {
            "kind": kind,
            **judged(eligible["expected_yield"].to_numpy(), prediction.expected),
            "chance": float(prediction.probability.sum() / pc.sum(eligible["probability"]).as_py()),
            **_covered(model, parts[1], at_random["yield_amount"].to_numpy()),
            "fit_s": spent,
        }


def _features(warehouse: Warehouse, audits: pa.Table) -> pa.Table:
    """Return the features of (trader_id, opened_on), row for row."""
    spine = Spine.of(audits["trader_id"].to_pylist(), audits["opened_on"].to_pylist())
    built = LIBRARY.build(warehouse, spine)
    keys = zip(built["trader_id"].to_pylist(), built["cutoff"].to_pylist(), strict=True)
    row_indices = {key: row_index for row_index, key in enumerate(keys)}
    wanted = zip(audits["trader_id"].to_pylist(), audits["opened_on"].to_pylist(), strict=True)
    return built.select(LIBRARY.names).take(pa.array([row_indices[key] for key in wanted], pa.int64()))


def _covered(model: YieldModel, X: pa.Table, money: Floats) -> dict[str, object]:
    prediction = model.predict(X)
    return {
        "covered": int(((prediction.low <= money) & (money <= prediction.high)).sum()),
        "random": len(money),
    }


def new(kind: str) -> YieldModel:
    """Return an unfitted model, with the features' directions where it takes them."""
    takes = inspect.signature(MODELS[kind]).parameters
    options: dict[str, Any] = {"monotone": DIRECTIONS} if "monotone" in takes else {}
    return MODELS[kind](**options)


def judged(truth: Floats, expected: Floats) -> dict[str, float]:
    """Return the share of the best in the top, the normalised Gini and the total."""
    first = int(np.ceil(len(truth) * TOP))
    order, best = np.argsort(-expected, kind="stable"), np.argsort(-truth, kind="stable")

    def area(ranking: np.ndarray) -> float:
        return float(np.cumsum(truth[ranking]).mean() / truth.sum() - 0.5)

    return {
        "top": float(truth[order[:first]].sum() / truth[best[:first]].sum()),
        "gini": area(order) / area(best),
        "total": float(expected.sum() / truth.sum()),
    }


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the means by kind, and our lead at the top with its standard error, paired by seed and day."""
    means = rows.groupby("kind", sort=False)[["top", "gini", "total", "chance", "fit_s"]].mean()
    sums = rows.groupby("kind", sort=False)[["covered", "random"]].sum()
    means["covered"] = sums["covered"] / sums["random"]
    tops = rows.pivot_table(index=["seed", "day"], columns="kind", values="top")
    if OURS in tops:
        lead = tops[[OURS]].to_numpy() - tops
        means["our_lead"], means["se"] = lead.mean(), lead.sem()
    return means.round(3)


def fac(entities: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield each model's scores on findings of single audits, out of five folds; codes by their means."""
    y = entities["findings_count"].fillna(0).to_numpy(np.float64)
    numbers = entities[FAC_NUMBERS].to_numpy(np.float64)
    fold = np.random.default_rng(0).integers(0, FOLDS, len(y))
    candidates = {
        "hurdle": HurdleModel(exposure="x1"),
        **{kind: new(kind) for kind in ("tweedie", "plain", "random_forest", "ridge")},
    }
    expected = {name: np.zeros(len(y)) for name in candidates}
    for held in range(FOLDS):
        rest = fold != held
        X = np.hstack([numbers, *(_encoded(entities[name].astype(str), y, rest) for name in FAC_CODES)])
        for name, model in candidates.items():
            expected[name][~rest] = model.fit(X[rest], y[rest]).predict(X[~rest]).expected
    yield from (
        {"kind": name, **judged(y, each), "found": _share(y, each)} for name, each in expected.items()
    )


def _share(y: Floats, expected: Floats) -> float:
    """Return the share of all findings in the top."""
    first = int(np.ceil(len(y) * TOP))
    return float(y[np.argsort(-expected, kind="stable")[:first]].sum() / y.sum())


def _encoded(codes: pd.Series, y: Floats, rest: np.ndarray) -> Floats:
    """Return codes as shrunken means of log money and of there being some, learned on the `rest` alone.

    Within the rest the means of a row are those of other parts of it, so that it does not see its own money.
    """
    part = np.random.default_rng(1).integers(0, FOLDS, len(y))
    columns = []
    for target in (np.log1p(y), (y > 0).astype(np.float64)):
        column = np.zeros(len(y))
        for inner in range(FOLDS):
            inside = rest & (part == inner)
            column[inside] = _means(codes, target, rest & ~inside)[inside]
        column[~rest] = _means(codes, target, rest)[~rest]
        columns.append(column)
    return np.column_stack(columns)


def _means(codes: pd.Series, target: Floats, rows: np.ndarray) -> Floats:
    whole = target[rows].mean()
    sums = pd.Series(target[rows]).groupby(codes[rows].to_numpy()).agg(["sum", "size"])
    means = (sums["sum"] + PRIOR_ROWS * whole) / (sums["size"] + PRIOR_ROWS)
    return np.asarray(codes.map(means).fillna(whole), np.float64)


def chicago(inspections: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield how well critical violations are ranked a year on, with and without the inspector.

    The first two thirds teach. The model knows who inspected, and keeps that out of the risk it predicts.
    """
    rows = inspections.sort_values("date").reset_index(drop=True)
    teach = int(len(rows) * 2 / 3)
    y = (rows["criticalFound"] > 0).to_numpy(np.float64)
    X = rows[CHICAGO].to_numpy(np.float64)
    audits = pa.table(
        {
            "opened_on": rows["date"].dt.date.tolist(),
            "treatment": ["field"] * len(rows),
            "selection_channel": ["rule"] * len(rows),
            "team_id": rows["Inspector_Assigned"].astype(str).tolist(),
            **{name: y if name == BY_TYPE[0] else np.zeros(len(rows)) for name in BY_TYPE},
        }
    )
    aware = HurdleModel().fit(X[:teach], y[:teach], audits=audits.slice(0, teach))
    blind = HurdleModel().fit(X[:teach], y[:teach])
    effect = {each["level"]: float(each["effect"]) for each in aware.effects_["occurrence"]}
    team = np.array([effect.get(name, 0.0) for name in audits["team_id"].to_pylist()])[teach:]
    chance = aware.predict(X[teach:]).probability
    tested = y[teach:]
    known = 1 / (1 + np.exp(-(np.log(chance / (1 - chance)) + team)))
    yield {
        "risk": "inspector left out of learning",
        "auc": _auc(tested, blind.predict(X[teach:]).probability),
    }
    yield {"risk": "inspector corrected for", "auc": _auc(tested, chance)}
    yield {"risk": "the same, his effect put back", "auc": _auc(tested, known)}
    yield {
        "risk": "the City's score as published",
        "auc": _auc(tested, rows["score"].to_numpy(np.float64)[teach:]),
    }


def _auc(observed: Floats, predicted: Floats) -> float:
    known = ~np.isnan(predicted)
    ranks = pd.Series(predicted[known]).rank().to_numpy()
    hits = observed[known] > 0
    return float((ranks[hits].sum() - hits.sum() * (hits.sum() + 1) / 2) / (hits.sum() * (~hits).sum()))


if __name__ == "__main__":
    main()
