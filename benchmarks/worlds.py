"""Benchmark of the default model over drawn worlds, against what else would rank the traders.

    python -P benchmarks/worlds.py [--worlds 20] [--traders 3000] [--years 4] [--contenders …]

One simulated administration teaches its own marks. Here each world draws who evades and how, which marks
that leaves, how audits are selected and which tables exist (docs/worlds.md). In each, contenders learn what
was known by a day and are judged by the truth of all traders: the share of the oracle's money in the first 1,
5 and 10 %, the total over the true one, and the share of drawn reference audits inside the intervals, of all
traders and of the first 5 %. Differences to the default are paired by world. Prints a table and writes
worlds.json in the cache.

A result is cached under the world, the contender and a digest of the code, and features under a digest of
theirs: a run that was stopped goes on where it was, and after a change of models only those are fitted anew.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit_yield.console import progress_bar
from benchmarks.table import row
from features.build import FeatureSet
from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.outcomes import BY_TYPE
from features.simulate import simulate
from features.simulate.worlds.drawn import draw
from features.spine import Spine
from features.storage.atomic import atomic_file, atomic_folder
from models.prediction import Floats, Prediction
from training.analyst.model import ANALYST, AnalystModel
from training.analyst.page import PAGE
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.labelled_audits import label_audits

ROOT = Path(__file__).parents[1]
DAY = date(2024, 10, 1)
TOPS = (0.01, 0.05, 0.10)
DEFAULT = Experiment().model
KINDS = (DEFAULT, ANALYST, "rule_score", "plain", "tweedie", "declared_value")
CIRCUMSTANCES = ["opened_on", "treatment", "selection_channel", "team_id", *BY_TYPE]
PARTS = ("features", "page", "audits", "everyone", "everyones_page", "truth", "reference")


@dataclass(frozen=True)
class PreparedWorld:
    """A world as a contender sees it, and its truth.

    `features`, `page`, the analyst's columns, and `audits` are row for row what closed audits teach;
    `everyone` and `everyones_page` are those of all eligible traders on the day, row for row with `truth` and
    `reference`, the drawn audits.
    """

    seed: int
    features: pa.Table
    page: pa.Table
    audits: pa.Table
    everyone: pa.Table
    everyones_page: pa.Table
    truth: pa.Table
    reference: pa.Table


@dataclass(frozen=True)
class Result:
    """How a contender did in a world."""

    world: int
    contender: str
    top_1: float
    top_5: float
    top_10: float
    total: float
    cover: float
    cover_top: float
    points: float


Contender = Callable[[PreparedWorld], Prediction]


def main() -> None:
    """Judge every contender in every world, and print and write the comparison."""
    arguments = _arguments()
    contenders = {name: CONTENDERS[name] for name in arguments.contenders}
    results, jobs = [], [(seed, name) for seed in range(1, arguments.worlds + 1) for name in contenders]
    code = _digest("features", "models", "training/analyst", "benchmarks/worlds.py")
    with progress_bar() as (stage, progress):
        world: PreparedWorld | None = None
        for done, (seed, name) in enumerate(jobs):
            stage(f"World {seed}: {name}")
            progress(done, len(jobs))
            path = _path(
                arguments,
                f"result-{seed}-{name}",
                digest=code,
            )
            if not path.exists():
                world = world if world and world.seed == seed else prepared(arguments, seed)
                result = judged(world, contender=name, prediction=contenders[name](world))
                with atomic_file(path) as fresh:
                    fresh.write_text(json.dumps(asdict(result)), encoding="utf-8")
                print(
                    f"  world {seed}, {name}: {result.top_5:.2f} at 5 %, total {result.total:.2f}", flush=True
                )
            results.append(Result(**json.loads(path.read_text(encoding="utf-8"))))
    rows = pd.DataFrame([asdict(result) for result in results])
    shares = money(rows)
    print(f"Shares of the oracle's money, and the lead of {DEFAULT}\n{shares.to_string()}\n")
    for name in shares.index:
        if DEFAULT in shares.index and name != DEFAULT:
            top = shares["top_5"]
            goal = 1.0 if name == ANALYST else None
            options = {"against": name, "unit": "", "at_least": goal}
            row("money in the first 5 %, over worlds", ours=top[DEFAULT], peer=top[name], **options)
    print(f"Totals over the truth, and intervals\n{certainty(rows).to_string()}")
    print(f"\n{len(rows.query('contender == @DEFAULT'))} worlds, {arguments.traders:,} traders, as of {DAY}")
    (arguments.cache / "worlds.json").write_text(rows.to_json(orient="records", indent=2), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--contenders", nargs="*", default=list(CONTENDERS), choices=list(CONTENDERS))
    return with_worlds(parser).parse_args()


def with_worlds(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the arguments that say which worlds there are, and where they are cached."""
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--traders", type=int, default=3000)
    parser.add_argument("--years", type=int, default=4)
    parser.add_argument("--cache", type=Path, default=Path(".worlds"))
    return parser


def prepared(arguments: argparse.Namespace, seed: int) -> PreparedWorld:
    """Return the drawn world of a seed with its features, from the cache where it is there."""
    folder = _path(arguments, f"world-{seed}", digest=_digest("features", "training/analyst")).with_suffix("")
    if not folder.exists():
        parts = _built(seed, traders=arguments.traders, years=arguments.years)
        with atomic_folder(folder) as fresh:
            for name, table in parts.items():
                pq.write_table(table, fresh / f"{name}.parquet")
    return PreparedWorld(seed, **{name: pq.read_table(folder / f"{name}.parquet") for name in PARTS})


def _built(seed: int, *, traders: int, years: int) -> Mapping[str, pa.Table]:
    """Simulate the drawn world of a seed, and build the features of its audits and of its traders."""
    with TemporaryDirectory() as temporary:
        out = Path(temporary) / "world"
        simulate(out, traders=traders, years=years, seed=seed, world=draw(seed))
        truth, reference = (
            pq.read_table(out / "truth" / f"{name}.parquet") for name in ("truth", "reference_audits")
        )
        judged_rows = pc.and_(pc.equal(truth["cutoff"], pa.scalar(DAY)), truth["eligible"])
        truth, reference = truth.filter(judged_rows), reference.filter(judged_rows)
        with open_warehouse(str(out / "data")) as warehouse:
            labelled = label_audits(
                warehouse, features=LIBRARY, cutoff=DAY, measure="assessed", with_penalties=False
            )
            spine = Spine.every(truth["trader_id"].to_pylist(), [DAY])
            built = FeatureSet((*LIBRARY.features, *PAGE.features)).build(warehouse, spine)
        indices = pc.index_in(truth["trader_id"], built["trader_id"])
        everyone, everyones_page = (built.select(each.names).take(indices) for each in (LIBRARY, PAGE))
    parts = (labelled.X, labelled.page, labelled.audits, everyone, everyones_page, truth, reference)
    return dict(zip(PARTS, parts, strict=True))


def _path(arguments: argparse.Namespace, name: str, *, digest: str) -> Path:
    size = f"{arguments.traders}x{arguments.years}"
    return Path(arguments.cache) / f"{name}-{size}-{digest}.json"


@cache
def _digest(*sources: str) -> str:
    """Return a short digest of the code below some folders or files."""
    digest = hashlib.sha256()
    for source in sources:
        path = ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def fitted(kind: str) -> Contender:
    """Return the contender that fits a kind of model, with what a backtest would give it."""

    def predict(world: PreparedWorld) -> Prediction:
        model = new_model(Experiment(), LIBRARY, kind=kind)
        y = world.audits["yield_amount"].to_numpy()
        model.fit(world.features, y, audits=world.audits.select(CIRCUMSTANCES))
        return model.predict(world.everyone)

    return predict


def analyst(world: PreparedWorld) -> Prediction:
    """Return what the analyst's page and plain hurdle predict."""
    y = world.audits["yield_amount"].to_numpy()
    model = AnalystModel(seed=1).fit(world.page, y, audits=world.audits.select(CIRCUMSTANCES))
    return model.predict(world.everyones_page)


CONTENDERS: Mapping[str, Contender] = {kind: analyst if kind == ANALYST else fitted(kind) for kind in KINDS}
"""Contenders by name, the default first; any function from a world to a prediction may stand here."""


def judged(world: PreparedWorld, *, contender: str, prediction: Prediction) -> Result:
    """Return how a prediction of all traders fares by the truth."""
    truth, drawn = world.truth["expected_yield"].to_numpy(), world.reference["drawn_yield"].to_numpy()
    inside = (prediction.low - 0.005 <= drawn) & (drawn <= prediction.high + 0.005)
    first = top(prediction.expected, share=0.05)
    shares = [captured(truth, prediction.expected, share=share) for share in TOPS]
    return Result(
        world=world.seed,
        contender=contender,
        top_1=shares[0],
        top_5=shares[1],
        top_10=shares[2],
        total=float(prediction.expected.sum() / truth.sum()),
        cover=float(inside.mean()),
        cover_top=float(inside[first].mean()),
        points=float((prediction.high - prediction.low < 0.01).mean()),
    )


def top(values: Floats, *, share: float) -> np.ndarray:
    """Return the rows of the largest values, a share of all."""
    return np.argsort(-values, kind="stable")[: int(np.ceil(share * len(values)))]


def captured(truth: Floats, values: Floats, *, share: float) -> float:
    """Return the truth in the top by `values` over that in the top by the truth itself."""
    return float(truth[top(values, share=share)].sum() / truth[top(truth, share=share)].sum())


def money(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean and worst share by contender, and the default's lead with its standard error, by world."""
    by_contender = rows.groupby("contender", sort=False)
    columns: dict[str, pd.Series] = {}
    for share in ("top_1", "top_5", "top_10"):
        wide = rows.pivot_table(index="world", columns="contender", values=share)
        lead = wide[[DEFAULT]].to_numpy() - wide
        columns |= {
            share: by_contender[share].mean(),
            f"{share}_worst": by_contender[share].min(),
            f"{share}_lead": lead.mean(),
            f"{share}_se": lead.sem(),
        }
        if share == "top_5":
            columns["top_5_ahead"] = (lead > 0).sum()
    return pd.DataFrame(columns).loc[list(by_contender.groups)].round(3)


def certainty(rows: pd.DataFrame) -> pd.DataFrame:
    """Return by contender how totals compare with the truth, and how many drawn audits intervals cover."""
    by_contender = rows.groupby("contender", sort=False)
    total = by_contender["total"]
    return pd.DataFrame(
        {
            "total_median": total.median(),
            "total_lowest": total.min(),
            "total_highest": total.max(),
            "within_0.8_1.25": total.agg(lambda each: each.between(0.8, 1.25).sum()),
            "cover": by_contender["cover"].mean(),
            "cover_top_5": by_contender["cover_top"].mean(),
            "cover_top_5_worst": by_contender["cover_top"].min(),
            "points": by_contender["points"].mean(),
        }
    ).round(3)


if __name__ == "__main__":
    main()
