"""A backtest: what each model would have said on past days, held against what audits then found."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from features.as_known import known_before
from features.build import FeatureSet
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.errors import SettingError
from features.outcomes import outcomes
from models.base import YieldModel
from models.card import Score
from models.prediction import Prediction
from training.backtest.candidates import contenders
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.labelled_audits import Audited
from training.backtest.out_of_fold import ORACLE, OutOfFold, joined, oracle
from training.backtest.populations import sample_weight
from training.backtest.scores import scores
from training.backtest.setup import grounded

FEWEST_LEARNED = 50
FEWEST_ADJUSTED = 5

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FoldReport:
    """What a fold stood on: audits `learned` from, `tested` on, and opened then but `without_outcome` yet."""

    fold: Fold
    learned: int
    adjusted: int
    tested: int
    without_outcome: int

    @property
    def enough(self) -> bool:
        """Whether the fold can be used: a model needs some audits to learn from, some of them adjusted."""
        return self.learned >= FEWEST_LEARNED and self.adjusted >= FEWEST_ADJUSTED and self.tested > 0


@dataclass(frozen=True)
class Report:
    """What came of a backtest: the folds, every prediction out of fold, and the scores."""

    as_of: date
    experiment: Experiment
    features: FeatureSet
    folds: tuple[FoldReport, ...]
    predicted: OutOfFold
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class Backtest:
    """Models tried in time order: each fold's learn from what was known by its day and no more."""

    folds: tuple[Fold, ...]
    experiment: Experiment

    def run(
        self,
        warehouse: Warehouse,
        found: Audited,
        *,
        models: Mapping[str, YieldModel] | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """Fit every model on every fold and judge what it says of the audits opened in the fold.

        `found` holds the audits as known at the end of all. `models` are fitted anew on each fold; the first
        is compared with the others; the experiment's own and those it names where not given.
        `progress(done, total)` follows each fit. Folds on which nothing can be learned are passed over;
        raises `SettingError` where none is left.
        """
        models = contenders(self.experiment, found.features) if models is None else models
        learned = [known_on(warehouse, found, fold.day, self.experiment) for fold in self.folds]
        reports = tuple(_reports(warehouse, found, folds=self.folds, learned=learned))
        usable_folds = [(r.fold, part) for r, part in zip(reports, learned, strict=True) if r.enough]
        if not usable_folds:
            raise _too_few(reports)
        step = _counted(progress, total=len(usable_folds) * len(models))
        predicted = joined(
            [self._tried(fold, part, found, models=models, step=step) for fold, part in usable_folds]
        )
        return Report(
            as_of=found.as_of,
            experiment=self.experiment,
            features=found.features,
            folds=reports,
            predicted=predicted,
            scores=scores(predicted, self.experiment, folds=[fold for fold, _ in usable_folds]),
        )

    def _tried(
        self,
        fold: Fold,
        learned: Audited,
        found: Audited,
        *,
        models: Mapping[str, YieldModel],
        step: Callable[[], None],
    ) -> OutOfFold:
        """Return what each model, fitted as of the fold's day, says of the fold's audits; and the oracle."""
        tested = fold.tested(found)
        weight = sample_weight(learned.audits, self.experiment)
        said: dict[str, Prediction] = {}
        for name, model in models.items():
            model.fit(learned.X, learned.y, sample_weight=weight, audits=learned.audits)
            said[name] = model.predict(tested.X)
            step()
        days = pa.array([fold.day] * len(tested), pa.date32())
        return OutOfFold(tested.audits.append_column("fold", days), said | {ORACLE: oracle(tested.y)})


def known_on(warehouse: Warehouse, found: Audited, day: date, experiment: Experiment) -> Audited:
    """Return what could be learned from on a day: audits closed by then, with outcomes as known by then."""
    labels = outcomes(
        warehouse, cutoff=day, measure=experiment.measure, with_penalties=experiment.with_penalties
    )
    return found.as_known(labels.to_pyarrow(), day)


def run_backtest(dataset: Dataset, experiment: Experiment, *, progress: Progress | None = None) -> Report:
    """Build what was known of all audits closed by the cutoff of a dataset, and backtest on it.

    Raises `DataError` where the data is refused, `SettingError` where there are too few audits.
    """
    with grounded(dataset, experiment) as ground:
        return Backtest(ground.folds, experiment).run(ground.warehouse, ground.found, progress=progress)


def _reports(
    warehouse: Warehouse, found: Audited, *, folds: tuple[Fold, ...], learned: list[Audited]
) -> Iterator[FoldReport]:
    audits = warehouse.table("audits")
    known = audits.filter(known_before(audits, found.as_of))
    opened = Counter(known.select("opened_on").to_pyarrow()["opened_on"].to_pylist())
    for fold, part in zip(folds, learned, strict=True):
        tested = len(fold.tested(found))
        all_opened = sum(n for day, n in opened.items() if day and fold.day <= day < fold.until)
        yield FoldReport(fold, len(part), int(np.count_nonzero(part.y)), tested, all_opened - tested)


def _counted(progress: Progress | None, *, total: int) -> Callable[[], None]:
    """Return a function that counts its calls and reports them."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    return step


def _too_few(reports: tuple[FoldReport, ...]) -> SettingError:
    counted = "; ".join(
        f"by {each.fold.day} {each.learned} were closed, {each.adjusted} with an adjustment, "
        f"and {each.tested} can be tested"
        for each in reports
    )
    return SettingError(
        f"There are too few audits for a backtest: {counted}.",
        expected=f"{FEWEST_LEARNED} closed audits before a fold, {FEWEST_ADJUSTED} with an adjustment.",
        advice="Choose later, fewer or longer folds: first_fold_on, folds, fold_months of the experiment.",
    )
