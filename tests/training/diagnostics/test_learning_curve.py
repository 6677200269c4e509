"""Learning curve: parts of what was known by each fold, drawn by seed, beside all of it."""

from collections.abc import Iterator

import pytest

from features.data.warehouse import Warehouse, open_warehouse
from features.library import LIBRARY
from tests.features.administration import day
from tests.features.tables import write_parquet
from tests.optional import not_none
from tests.training.tiny import weekly
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.labelled_audits import LabelledAudits, label_audits
from training.backtest.run import Backtest, BacktestReport, known_on
from training.diagnostics.learning_curve import _part, learning_curve

CUTOFF = day("2025-01-01")
FOLDS = (Fold(day("2023-07-03"), day("2024-01-01")), Fold(day("2024-01-01"), day("2024-10-01")))
RIDGE = Experiment(model="ridge", against=())


@pytest.fixture(scope="module")
def tried(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Warehouse, LabelledAudits, BacktestReport]]:
    folder = tmp_path_factory.mktemp("weekly")
    with open_warehouse(str(write_parquet(folder, weekly(140)))) as warehouse:
        labelled_audits = label_audits(
            warehouse,
            features=LIBRARY.select(["customs_value_12m", "closed_audits"]),
            cutoff=CUTOFF,
            measure="assessed",
            with_penalties=False,
        )
        yield warehouse, labelled_audits, Backtest(FOLDS, RIDGE).run(warehouse, labelled_audits)


def test_each_part_holds_the_smaller_ones_and_only_what_was_known_by_the_fold(
    tried: tuple[Warehouse, LabelledAudits, BacktestReport],
) -> None:
    warehouse, labelled_audits, _ = tried
    known = known_on(warehouse, labelled_audits, FOLDS[1].day, RIDGE)
    drawn = [set(_part(known, part, RIDGE).audits["audit_id"].to_pylist()) for part in (25, 50, 75, 100)]
    assert [len(each) for each in drawn] == [24, 48, 72, 96]
    assert drawn[0] < drawn[1] < drawn[2] < drawn[3] == set(known.audits["audit_id"].to_pylist())
    assert drawn[0] != set(known.audits["audit_id"].to_pylist()[:24])


def test_a_fold_counts_whose_least_part_has_audits_enough_and_all_of_it_is_the_backtest(
    tried: tuple[Warehouse, LabelledAudits, BacktestReport],
) -> None:
    warehouse, labelled_audits, report = tried
    progress: list[tuple[int, int]] = []
    steps = learning_curve(
        warehouse, labelled_audits, report, progress=lambda done, total: progress.append((done, total))
    )
    of_gini = [step for step in steps if step.metric == "gini"]
    assert [(step.per_cent, step.audits) for step in of_gini] == [(25, 24), (50, 48), (75, 72), (100, 96)]
    [whole] = [
        score.value
        for score in report.scores
        if (score.fold, score.population, score.metric, score.model, score.against)
        == (FOLDS[1].day, "all", "gini", "ridge", None)
    ]
    assert progress == [(1, 1)]
    assert of_gini[-1].value == pytest.approx(whole)
    for step in of_gini[:-1]:
        assert step.lead_of_all == pytest.approx(not_none(of_gini[-1].value) - not_none(step.value))
    assert of_gini[-1].lead_of_all is None


def test_too_few_audits_make_no_curve(tried: tuple[Warehouse, LabelledAudits, BacktestReport]) -> None:
    warehouse, labelled_audits, _ = tried
    report = Backtest(FOLDS[:1], RIDGE).run(warehouse, labelled_audits)
    assert learning_curve(warehouse, labelled_audits, report) == ()
