"""What a training says: the verdict first, to a person and to machines."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from models.card import ModelCard
from tests.features.administration import day
from tests.features.tables import write_parquet
from tests.training.tiny import weekly
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.labelled_audits import label_audits
from training.backtest.run import Backtest
from training.diagnostics.report import FoldModel, diagnostics, fold_model
from training.labels.report import LabelReport
from training.leaks.alarm import LeakReport
from training.promotion.promote import Promotion
from training.promotion.verdict import Check, GateVerdict
from training.train import Trained

RIDGE = Experiment(model="ridge", against=("declared_value",))
FOLDS = (Fold(day("2023-07-03"), day("2024-01-01")), Fold(day("2024-01-01"), day("2024-10-01")))
REFUSED = Promotion("3", None, (Check("no leak", GateVerdict.REFUSED, "suspected by clock"),), None)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder: Path = tmp_path_factory.mktemp("weekly")
    with open_warehouse(str(write_parquet(folder, weekly(140)))) as warehouse:
        labelled_audits = label_audits(
            warehouse,
            features=LIBRARY.select(["customs_value_12m", "closed_audits", "days_late_12m"]),
            cutoff=day("2025-01-01"),
            measure="assessed",
            with_penalties=False,
        )
        folds: list[FoldModel] = []
        report = Backtest(FOLDS, RIDGE).run(
            warehouse, labelled_audits, observe=lambda *fitted: folds.append(fold_model(*fitted))
        )
    assert [fold.importance.day for fold in folds] == [fold.day for fold in FOLDS]
    model = new_model(RIDGE, labelled_audits.features)
    model.fit(labelled_audits.X, labelled_audits.y, audits=labelled_audits.audits)
    learned = diagnostics(report, labelled_audits, model, folds=folds)
    return Trained("3", ModelCard(), report, learned, LeakReport(()), LabelReport(()), None)


def test_the_first_line_of_a_training_is_its_verdict(trained: Trained) -> None:
    first, *rest = trained.to_text()
    assert first.startswith("Version 3 is challenger")
    assert "audit-yield compare champion 3" in first
    assert any(line.startswith("Reliability") for line in rest)


def test_what_the_gate_says_first_is_said_first_and_the_rest_once_at_the_end(trained: Trained) -> None:
    verdict, *checks = REFUSED.to_text()
    judged = replace(trained, promotion=REFUSED)
    text = list(judged.to_text())
    assert text[0] == f"Version 3 is not promoted: {verdict}"
    assert text[-len(checks) :] == checks
    assert verdict not in text


def test_machines_get_verdict_diagnostics_and_names_of_metrics(trained: Trained) -> None:
    content = json.loads(trained.to_json())
    assert content["verdict"] == next(trained.to_text())
    states = {each["name"]: each["state"] for each in content["diagnostics"]["features"]}
    assert states == {"customs_value_12m": "used", "closed_audits": "used", "days_late_12m": "empty"}
    names = [score["name"] for score in content["backtest"]["scores"]]
    assert {
        "gini/all/ridge",
        "gini/all/ridge-declared_value",
        "gini/random/oracle",
        "gini/all/ridge/fold",
    } <= {*names}
    of_all_folds = [s["name"] for s in content["backtest"]["scores"] if s["fold"] is None]
    assert len(of_all_folds) == len(set(of_all_folds))
