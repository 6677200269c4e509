"""Benchmark of the gate: how often a clean retraining passes, and one that learned wrong outcomes is stopped.

    python -P benchmarks/gate.py [--worlds 20] [--cache .worlds]

In each standard world of 2,500 traders and 5 years, some 525 closed audits, a champion learns what is known
by July 2024 and a challenger what is known by October, so that the days of their folds differ. The ledger is
clean, or wrong in one way since it began, which the champion did not know: 5 % of the outcomes flipped, a
team of some 13 % of the audits that invents findings in half of those that found none, the same team with ten
times the amounts, one finding of 1e12. Prints, of each, how often the gate passed, and what stopped it.

To cost 15 minutes of one core, models have a third of the features, 40 rounds and one bag, the analyst is no
rival, the leak alarm is left out, and features are those of the clean ledger. Everything is cached below a
digest of the code it depends on: a run that was stopped goes on where it was.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit_yield.console import progress_bar
from benchmarks.table import row
from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.outcomes import BY_TYPE, outcomes
from features.simulate import simulate
from features.storage.atomic import atomic_file, atomic_folder
from models.prediction import ExpectedOutcome
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold, folds_before
from training.backtest.labelled_audits import LabelledAudits, label_audits
from training.backtest.out_of_fold import OutOfFold, joined
from training.labels import KnownOutcomes, LabelEvidence, LabelReport, label_report
from training.leaks.alarm import LeakReport
from training.promotion.gate import gate, pair_predictions
from training.promotion.verdict import GateVerdict, overall

ROOT = Path(__file__).parents[1]
BEFORE, NOW = date(2024, 7, 1), date(2024, 10, 1)
TRADERS, YEARS = 2500, 5
EXPERIMENT = Experiment(parameters={"growth": {"bags": 1, "rounds": 40}})
SIZE = ("customs_value_12m", "customs_value_24m")
FEATURES = LIBRARY.select(
    [
        feature.name
        for feature in LIBRARY.features
        if feature.prior_yield or feature.family == "history" or feature.name in SIZE
    ]
)
CONDITIONS = ("clean", "flipped", "invented", "tenfold", "absurd")
FLIPPED, OF_TEAM, INVENTED, ABSURD = 0.05, 0.13, 0.5, 1e12
TRAINED = ("out_of_fold", "audits", "held_out")

Outcomes = Mapping[str, float]
"""The money of audits whose outcome is wrong, by audit."""


@dataclass(frozen=True)
class World:
    """The labelled audits of a world, and its outcomes as known on each day on which something is learned."""

    seed: int
    labelled: LabelledAudits
    by_day: Mapping[date, pa.Table]

    def as_known(self, day: date, wrong: Outcomes) -> LabelledAudits:
        """Return the audits closed by a day, with outcomes of which some are wrong."""
        return self.labelled.as_known(with_outcomes(self.by_day[day], wrong), day)


def folds(cutoff: date) -> tuple[Fold, ...]:
    """Return the folds of a default backtest."""
    return folds_before(
        cutoff,
        number=EXPERIMENT.folds,
        months=EXPERIMENT.fold_months,
        settling_months=EXPERIMENT.settling_months,
    )


DAYS = sorted({day for cutoff in (BEFORE, NOW) for day in (cutoff, *(fold.day for fold in folds(cutoff)))})


def main() -> None:
    """Judge a challenger in every world and condition, the clean ones first, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--conditions", nargs="*", default=CONDITIONS, choices=CONDITIONS)
    parser.add_argument("--cache", type=Path, default=Path(".worlds"))
    arguments = parser.parse_args()
    jobs = [(name, seed) for name in arguments.conditions for seed in range(1, arguments.worlds + 1)]
    verdicts: Counter[tuple[str, str]] = Counter()
    grounds: Counter[tuple[str, str]] = Counter()
    with progress_bar() as (stage, progress):
        for done, (name, seed) in enumerate(jobs):
            stage(f"World {seed}: {name}")
            progress(done, len(jobs))
            path = arguments.cache / f"gate-{name}-{seed}-{_digest('features', 'models', 'training')}.json"
            if not path.exists():
                stopped = judged(arguments.cache, name, seed)
                with atomic_file(path) as fresh:
                    fresh.write_text(json.dumps(stopped), encoding="utf-8")
                print(f"  world {seed}, {name}: {stopped}", flush=True)
            stopped = json.loads(path.read_text(encoding="utf-8"))
            verdicts[name, stopped["verdict"]] += 1
            grounds.update((name, ground) for ground in stopped["by"])
    for name in arguments.conditions:
        counts = {str(each): verdicts[name, each] for each in GateVerdict}
        by = {ground: count for (condition, ground), count in grounds.most_common() if condition == name}
        print(f"{name:10}{counts}, stopped by {by}")
        passed, of = counts[str(GateVerdict.PASSED)], f"of {arguments.worlds} worlds"
        row(f"{name} retrainings that pass the gate", ours=passed, unit=of)


def judged(cache: Path, condition: str, seed: int) -> dict[str, object]:
    """Return the verdict on the challenger of a world, and the checks and alarms that stopped it."""
    world = prepared(cache, seed)
    wrong = wrong_outcomes(world)[condition]
    before, _, _ = trained(cache, world, "clean", {}, BEFORE)
    tested, audits, held_out = trained(cache, world, condition, wrong, NOW)
    paired, champion = pair_predictions(tested, before)
    labels = _doubts(world, wrong, audits, held_out, before)
    checks = gate(
        paired,
        rivals={"version 1": champion},
        champion="version 1",
        leaks=LeakReport(()),
        labels=labels,
    )
    stopping = [check.name for check in checks if check.verdict is not GateVerdict.PASSED]
    return {"verdict": overall(checks), "by": [*stopping, *(alarm.name for alarm in labels.raised)]}


def _doubts(
    world: World, wrong: Outcomes, audits: pa.Table, held_out: pa.Table, before: pa.Table
) -> LabelReport:
    now = with_outcomes(world.by_day[BEFORE], wrong)
    indices = pc.index_in(before["audit_id"], now["audit_id"])
    known = KnownOutcomes(
        "1",
        tuple(before["audit_id"].to_pylist()),
        then=before["yield_amount"].to_numpy(),
        now=now["yield_amount"].take(indices).to_numpy(),
    )
    expected = ExpectedOutcome(**{name: held_out[name].to_numpy() for name in held_out.column_names})
    return label_report(LabelEvidence(audits, expected, known=known))


def trained(
    cache: Path, world: World, condition: str, wrong: Outcomes, cutoff: date
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return out-of-fold table, labelled audits and held-out expectations of a training, from the cache."""
    folder = cache / f"trained-{world.seed}-{condition}-{cutoff}-{_digest('features', 'models')}"
    if not folder.exists():
        labelled, parts = world.as_known(cutoff, wrong), []
        for fold in folds(cutoff):
            learned, tests = world.as_known(fold.day, wrong), fold.test_audits(labelled)
            model = new_model(EXPERIMENT, FEATURES).fit(learned.X, learned.y, audits=learned.audits)
            days = pa.array([fold.day] * len(tests), pa.date32())
            parts.append(
                OutOfFold(tests.audits.append_column("fold", days), {model.kind: model.predict(tests.X)})
            )
        whole = new_model(EXPERIMENT, FEATURES).fit(labelled.X, labelled.y, audits=labelled.audits)
        held_out = pa.table(vars(whole.held_out_))
        with atomic_folder(folder) as fresh:
            for name, table in zip(TRAINED, (joined(parts).table(), labelled.audits, held_out), strict=True):
                pq.write_table(table, fresh / f"{name}.parquet")
    tested, audits, held_out = (pq.read_table(folder / f"{name}.parquet") for name in TRAINED)
    return tested, audits, held_out


def prepared(cache: Path, seed: int) -> World:
    """Return the standard world of a seed, from the cache where it is there."""
    folder = cache / f"gate-world-{seed}-{_digest('features')}"
    if not folder.exists():
        with atomic_folder(folder) as fresh, TemporaryDirectory() as temporary:
            simulate(Path(temporary) / "world", traders=TRADERS, years=YEARS, seed=seed)
            with open_warehouse(str(Path(temporary) / "world" / "data")) as warehouse:
                labelled = label_audits(
                    warehouse, features=FEATURES, cutoff=NOW, measure="assessed", with_penalties=False
                )
                pq.write_table(labelled.X, fresh / "features.parquet")
                for day in DAYS:
                    known = outcomes(warehouse, cutoff=day).to_pyarrow()
                    pq.write_table(known, fresh / f"{day}.parquet")
    by_day = {day: pq.read_table(folder / f"{day}.parquet") for day in DAYS}
    features = pq.read_table(folder / "features.parquet")
    return World(seed, LabelledAudits(FEATURES, features, features, by_day[NOW], NOW), by_day)


def with_outcomes(audits: pa.Table, wrong: Outcomes) -> pa.Table:
    """Return audits with the money of some replaced, all of it of the first finding type."""
    is_wrong = np.array([audit in wrong for audit in audits["audit_id"].to_pylist()], dtype=bool)
    money = [wrong.get(audit, 0.0) for audit in audits["audit_id"].to_pylist()]
    for name in ("yield_amount", *BY_TYPE):
        replaced = money if name in ("yield_amount", BY_TYPE[0]) else 0.0
        column = pa.array(np.where(is_wrong, replaced, audits[name].to_numpy()))
        audits = audits.set_column(audits.column_names.index(name), name, column)
    return audits


def wrong_outcomes(world: World) -> Mapping[str, Outcomes]:
    """Return what is wrong in each condition, drawn by the seed of the world."""
    audits, rng = world.by_day[NOW], np.random.default_rng(world.seed)
    names, teams = (np.array(audits[name].to_pylist()) for name in ("audit_id", "team_id"))
    y = audits["yield_amount"].to_numpy()
    levels, counts = np.unique(teams, return_counts=True)
    of_team = teams == levels[np.abs(counts - OF_TEAM * len(y)).argmin()]
    flipped = rng.choice(len(y), round(FLIPPED * len(y)), replace=False)
    instead = np.where(y[flipped] != 0, 0.0, rng.choice(y[y > 0], len(flipped)))
    clean = np.flatnonzero(of_team & (y == 0))
    invented = clean[rng.random(len(clean)) < INVENTED]
    findings = rng.choice(y[y > 0], len(invented))
    hits = np.flatnonzero(y > 0)
    absurd = hits[rng.integers(len(hits))]
    booked = np.flatnonzero(of_team & (y != 0))
    return {
        "clean": {},
        "flipped": dict(zip(names[flipped], instead, strict=True)),
        "invented": dict(zip(names[invented], findings, strict=True)),
        "tenfold": dict(zip(names[booked], 10 * y[booked], strict=True)),
        "absurd": {names[absurd]: ABSURD},
    }


@cache
def _digest(*sources: str) -> str:
    """Return a short digest of the code below some folders, and of this benchmark."""
    digest = hashlib.sha256()
    for path in (Path(__file__), *(file for each in sources for file in sorted((ROOT / each).rglob("*.py")))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    main()
