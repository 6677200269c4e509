"""A whole training, small: what MLflow keeps of it, and the model that serves in the end."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import Run

from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from models.bundle.artefact import load_bundle
from models.bundle.champion import read_champion
from models.card import MeasuredGap
from tests.clock import now
from tests.features.tables import write_parquet
from tests.optional import not_none
from tests.training.tiny import weekly
from training.backtest.candidates import candidates, new_model
from training.backtest.experiment import Experiment
from training.backtest.fairness import trader_groups
from training.backtest.folds import folds_before
from training.backtest.labelled_audits import label_audits
from training.backtest.run import Backtest
from training.diagnostics.report import FoldModel, diagnostics, fold_model
from training.labels.report import LabelReport
from training.leaks.alarm import LeakReport
from training.promotion.promote import promote
from training.tracking.record import Training, begin, card_of, record
from training.tracking.run import tracked
from training.tracking.store import store

CUTOFF = date(2025, 1, 1)
SMALL = Experiment(
    against=("declared_value",), folds=1, fold_months=6, parameters={"growth": {"rounds": 5, "bags": 1}}
)

GAP = MeasuredGap(2024, 9_000.0, 4_000.0, 20_000.0, 140, 20, is_provisional=True)


@pytest.fixture
def version(home: Path, tmp_path: Path) -> str:
    features = LIBRARY.select(["customs_value_12m", "closed_audits"])
    with (
        open_warehouse(str(write_parquet(tmp_path / "data", weekly(140)))) as warehouse,
        tracked("hurdle to 2025-01-01", home=home, clock=now) as run,
    ):
        labelled_audits = label_audits(
            warehouse, features=features, cutoff=CUTOFF, measure="assessed", with_penalties=False
        )
        begin(run, SMALL, labelled_audits)
        folds = folds_before(CUTOFF, number=1, months=12, settling_months=2)
        of_folds: list[FoldModel] = []
        report = Backtest(folds, SMALL).run(
            warehouse,
            labelled_audits,
            models=candidates(SMALL, features),
            observe=lambda *fitted: of_folds.append(fold_model(*fitted)),
        )
        model = new_model(SMALL, features).fit(
            labelled_audits.X, labelled_audits.y, audits=labelled_audits.audits
        )
        groups = trader_groups(warehouse, report.out_of_fold.audits["trader_id"], cutoff=CUTOFF)
        learned = diagnostics(report, labelled_audits, model, folds=of_folds)
        training = Training(
            model, labelled_audits, report, learned, LeakReport(()), LabelReport(()), groups, gap=GAP
        )
        return record(run, training, card_of(training))


def test_a_training_is_kept_whole_and_can_be_promoted(version: str, home: Path) -> None:
    client = store(home)
    registered = client.get_model_version("audit-yield", version)
    run = client.get_run(not_none(registered.run_id))
    assert run.info.status == "FINISHED"
    assert run.data.params["measure"] == "assessed"
    assert run.data.params["audits"] == "140"
    assert json.loads(run.data.params["parameters"]) == {"growth": {"rounds": 5, "bags": 1}}
    files = {each.path for each in client.list_artifacts(run.info.run_id)}
    assert files == {
        "card.json",
        "card.md",
        "diagnostics.json",
        "importance",
        "labels.json",
        "leaks.json",
        "out_of_fold.parquet",
        "plots",
    }
    plots = {each.path for each in client.list_artifacts(run.info.run_id, "plots")}
    names = (
        "contributions_in_money",
        "gain",
        "importance",
        "importance_by_indicator",
        "reliability",
    )
    assert plots == {f"plots/{name}.{form}" for name in names for form in ("png", "svg")}
    assert run.data.tags["mlflow.note.content"].startswith("# hurdle, from what was known before 2025-01-01")

    promote(version, force="too few audits for the gate", home=home, clock=now)
    champion = read_champion(home)
    assert champion is not None
    bundle = load_bundle(home / champion.folder, digest=champion.digest)
    card = json.loads(
        Path(client.download_artifacts(run.info.run_id, "card.json", str(home.parent))).read_text()
    )
    assert bundle.card_json == card == bundle.card.to_dict()
    assert card["data"]["fingerprint"] == run.data.params["fingerprint"] == bundle.fingerprint
    assert {each["attribute"] for each in card["fairness"]} == {"size_band", "sector", "region"}
    assert np.isfinite(bundle.model.predict(bundle.golden.select(bundle.names)).expected).all()


def test_metrics_are_named_by_metric_population_and_model_and_the_gap_by_its_year(
    version: str, home: Path
) -> None:
    client = store(home)
    run = client.get_run(not_none(client.get_model_version("audit-yield", version).run_id))
    names = {tuple(name.split("/")) for name in run.data.metrics if not name.startswith("gap")}
    assert {population for _, population, *_ in names} <= {"all", "reference", "random"}
    assert {model for _, _, model, *_ in names} == {
        "hurdle",
        "declared_value",
        "oracle",
        "analyst",
        "hurdle-analyst",
        "hurdle-declared_value",
        "hurdle-oracle",
    }
    assert {rest for _, _, _, *ending in names for rest in ending} == {"fold"}
    assert run.data.metrics["gini/all/hurdle"] - run.data.metrics["gini/all/declared_value"] == pytest.approx(
        run.data.metrics["gini/all/hurdle-declared_value"]
    )
    gap = {name: value for name, value in run.data.metrics.items() if name.startswith("gap")}
    assert gap == {"gap": 9_000.0, "gap/low": 4_000.0, "gap/high": 20_000.0, "gap/answers": 140.0}
    [point] = client.get_metric_history(run.info.run_id, "gap")
    assert point.step == GAP.year
    card = Path(client.download_artifacts(run.info.run_id, "card.md", str(home.parent))).read_text()
    assert "would have booked 9,000 in 2024 (4,000 to 20,000), from 140 audits by lot, some of them" in card


def test_contenders_and_their_folds_are_runs_below_with_metrics_of_the_same_names(
    version: str, home: Path
) -> None:
    client = store(home)
    run_id = not_none(client.get_model_version("audit-yield", version).run_id)
    training = client.get_run(run_id)

    def below(parent: str, level: str) -> dict[str, Run]:
        wanted = f"tags.level = '{level}' and tags.`mlflow.parentRunId` = '{parent}'"
        runs = client.search_runs([training.info.experiment_id], wanted)
        assert {run.info.status for run in runs} <= {"FINISHED"}
        return {run.info.run_name: run for run in runs}

    contenders = below(run_id, "contender")
    assert set(contenders) == {"hurdle", "declared_value", "oracle", "analyst"}
    for name, contender in contenders.items():
        whole, curve = contender.data.metrics, client.get_metric_history(contender.info.run_id, "gain")
        assert whole["gini/all"] == training.data.metrics[f"gini/all/{name}"]
        assert [point.step for point in curve] == list(range(101))
        assert curve[0].value == 0.0
        assert curve[-1].value == pytest.approx(1.0)
        [fold] = below(contender.info.run_id, "fold").values()
        assert fold.data.params["model"] == name
        assert fold.data.metrics["gini/all"] == whole["gini/all/fold"] == whole["gini/all"]  # of one fold
    assert len({frozenset(contender.data.metrics) for contender in contenders.values()}) == 1


def test_importance_is_kept_as_tables_and_all_of_it_as_json(version: str, home: Path) -> None:
    client = store(home)
    run_id = not_none(client.get_model_version("audit-yield", version).run_id)
    table = Path(client.download_artifacts(run_id, "importance/features.csv", str(home.parent))).read_text()
    head, *rows = table.splitlines()
    assert head.startswith("name,label,indicator,state,filled_share,moved_amount,share")
    assert {row.split(",")[0] for row in rows} >= {"customs_value_12m", "closed_audits"}
    content = json.loads(
        Path(client.download_artifacts(run_id, "diagnostics.json", str(home.parent))).read_text()
    )
    assert set(content) == {"features", "indicators", "reliability", "effects", "learning_curve"}
    assert [each["name"] for each in content["features"]] == [row.split(",")[0] for row in rows]
