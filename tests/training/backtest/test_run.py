"""Backtests in time order: what a fold may know, what it is tested on, and what comes of it."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.data.dataset import Dataset
from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.simulate import simulate
from models.base import YieldModel
from models.kinds import MODELS
from tests.features.administration import audit, day, finding
from tests.features.tables import Row, Tables, write_parquet
from tests.optional import not_none
from tests.training.tiny import MeanModel, findings_of, weekly, weekly_audits
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.labelled_audits import label_audits
from training.backtest.report import backtest_to_json, backtest_to_text
from training.backtest.run import Backtest, BacktestReport, run_backtest
from training.backtest.scores import hours_share

FOLD = Fold(day("2023-07-03"), day("2024-01-03"))
CUTOFF = day("2024-01-03")
FEW = LIBRARY.select(["customs_value_12m"])


def backtest(
    folder: Path,
    tables: Tables,
    model: YieldModel,
    *,
    folds: tuple[Fold, ...] = (FOLD,),
    experiment: Experiment | None = None,
    features: tuple[str, ...] = ("customs_value_12m",),
) -> BacktestReport:
    with open_warehouse(str(write_parquet(folder, tables))) as warehouse:
        labelled_audits = label_audits(
            warehouse,
            features=LIBRARY.select(features),
            cutoff=CUTOFF,
            measure="assessed",
            with_penalties=False,
        )
        tried = Backtest(folds, experiment or Experiment())
        return tried.run(warehouse, labelled_audits, models={model.kind: model})


def test_a_fold_learns_what_was_closed_by_its_day_and_is_tested_on_what_opened_after(tmp_path: Path) -> None:
    """Audit n opens 7 n days after 2022-01-03 and is open for 60; the fold's day is day 546, as_of day 730.

    Learned are 7 n + 60 < 546, so n up to 69, every third adjusted; tested 546 <= 7 n with 7 n + 60 < 730,
    so n from 78 to 95. What opened before the fold and closed in it, n from 70 to 77, is in neither.
    """
    model = MeanModel()
    [fold] = backtest(tmp_path, weekly(100), model).folds
    assert (fold.learned, fold.adjusted, fold.tested, fold.without_outcome) == (70, 24, 18, 4)
    assert [row["audit_id"] for row in model.learned_["audits"]] == [f"A{n:03}" for n in range(70)]
    assert model.mean_ == pytest.approx(sum(1 + n for n in range(0, 70, 3)) / 70)


def test_tested_audits_stand_beside_what_was_said_of_them(tmp_path: Path) -> None:
    model = MeanModel()
    out_of_fold = backtest(tmp_path, weekly(100), model).out_of_fold
    assert out_of_fold.audits["audit_id"].to_pylist() == [f"A{n:03}" for n in range(78, 96)]
    assert set(out_of_fold.audits["fold"].to_pylist()) == {FOLD.day}
    assert out_of_fold.y.tolist() == [1.0 + n if n % 3 == 0 else 0.0 for n in range(78, 96)]
    assert out_of_fold.predictions["mean"].expected.tolist() == [model.mean_] * 18
    assert out_of_fold.predictions["oracle"].expected.tolist() == out_of_fold.y.tolist()
    rows = out_of_fold.table()
    assert (rows.num_rows, set(rows["model"].to_pylist())) == (36, {"mean", "oracle"})


def test_an_outcome_is_learned_as_it_was_known_and_tested_as_it_is_known(tmp_path: Path) -> None:
    """Both audits are reduced to nothing on a day inside the fold."""
    tables = weekly(100)
    tables["findings"] += [
        finding("A000", 2, "2023-07-03", -1.0, event="reduced"),
        finding("A078", 2, "2023-12-30", -79.0, event="reduced"),
    ]
    model = MeanModel()
    report = backtest(tmp_path, tables, model)
    assert model.learned_["y"][0] == 1.0
    assert report.out_of_fold.y[0] == 0.0


def later(fold: Fold) -> st.SearchStrategy[list[tuple[str, int, int, int]]]:
    """Draw changes to what became known on the fold's day or later: kind, audit, days after, money."""
    kinds = st.sampled_from(["found", "reduced", "closed", "recorded"])
    return st.lists(
        st.tuples(kinds, st.integers(0, 99), st.integers(0, 180), st.integers(1, 900)), min_size=1
    )


def changed(tables: Tables, changes: list[tuple[str, int, int, int]], fold: Fold) -> Tables:
    """Return tables whose rows known before the fold's day are as before, and others changed or added."""
    for number, (kind, n, after, money) in enumerate(changes):
        known_on = fold.day + timedelta(days=after)
        row: Row = tables["audits"][n]
        if kind in ("found", "reduced"):
            ledger = finding(
                str(row["audit_id"]), 10 + number, "2023-01-01", float(money), known_on=str(known_on)
            )
            tables["findings"].append(ledger | ({"event": kind} if kind == "reduced" else {}))
        elif kind == "closed" and row["closed_on"] >= fold.day:
            row["closed_on"] = max(known_on, row["opened_on"])
        elif kind == "recorded":
            extra = audit(f"B{number}", "T1", "2022-05-01", "2022-06-01", known_on=str(known_on))
            tables["audits"].append(extra)
            tables["findings"].append(finding(f"B{number}", 1, "2022-06-01", float(money)))
    return tables


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> tuple[MeanModel, dict[str, float]]:
    """Return the model, and what it says of each tested audit, of the administration as it is."""
    model = MeanModel()
    return model, _by_audit(backtest(tmp_path_factory.mktemp("unchanged"), weekly(100), model))


@pytest.mark.long
@settings(max_examples=12, deadline=None, derandomize=True)
@given(changes=later(FOLD))
def test_what_became_known_on_the_day_of_a_fold_or_later_changes_neither_its_model_nor_what_it_says(
    changes: list[tuple[str, int, int, int]],
    unchanged: tuple[MeanModel, dict[str, float]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    before, earlier = unchanged
    after = MeanModel()
    tables = changed(weekly(100), changes, FOLD)
    then = _by_audit(backtest(tmp_path_factory.mktemp("later"), tables, after))
    assert after.learned_["audits"] == before.learned_["audits"]
    assert after.learned_["X"].equals(before.learned_["X"])
    in_both = earlier.keys() & then.keys()
    assert {name: then[name] for name in in_both} == {name: earlier[name] for name in in_both}


def test_an_outcome_known_the_day_before_a_fold_does_change_its_model(tmp_path: Path) -> None:
    before, after = MeanModel(), MeanModel()
    backtest(tmp_path / "before", weekly(100), before)
    tables = weekly(100)
    tables["findings"].append(finding("A001", 2, "2023-07-02", 7.0))
    backtest(tmp_path / "after", tables, after)
    assert after.mean_ == pytest.approx(before.mean_ + 7 / 70)


def test_a_real_model_with_the_history_of_audits_sees_nothing_of_what_its_fold_found(tmp_path: Path) -> None:
    """Every outcome known in the fold is changed: of T5, that of A075, which A095 may see, A078 not."""
    history = ("yield_on_value", "months_since_audit", "customs_value_12m")
    models = MODELS["ridge"](seed=1), MODELS["ridge"](seed=1)
    tables = weekly(100)
    known_later = [row for row in tables["findings"] if row["event_on"] >= FOLD.day]
    assert known_later
    earlier = _by_audit(backtest(tmp_path / "before", weekly(100), models[0], features=history))
    for row in known_later:
        row["amount"] = 1e6
    then = _by_audit(backtest(tmp_path / "after", tables, models[1], features=history))
    assert models[0].state() == models[1].state()
    assert earlier["A078"] == then["A078"]
    assert earlier["A095"] != then["A095"]


def _by_audit(report: BacktestReport) -> dict[str, float]:
    [name, _] = report.out_of_fold.predictions
    ids = report.out_of_fold.audits["audit_id"].to_pylist()
    return dict(zip(ids, report.out_of_fold.predictions[name].expected.tolist(), strict=True))


def test_inclusion_probabilities_weigh_audits_in_training_on_request(tmp_path: Path) -> None:
    """One random audit in four stands for 10 traders, but A000 for 40; unknown ones count as the average.

    18 of the 70 learned are random: 17 x 10 + 40 makes 210, the average 11.67, and A000 weighs 3.43.
    """
    audits = weekly_audits(100)
    audits[0]["inclusion_probability"] = 0.025
    tables = weekly(100, audits=audits, findings=findings_of(audits))
    plain, weighted = MeanModel(), MeanModel()
    backtest(tmp_path / "plain", tables, plain)
    backtest(tmp_path / "weighted", tables, weighted, experiment=Experiment(weighted=True))
    assert plain.learned_["weight"] is None
    assert weighted.learned_["weight"][:5] == pytest.approx([40 / (210 / 18), 1, 1, 1, 10 / (210 / 18)])


def test_folds_on_which_nothing_can_be_learned_are_passed_over(tmp_path: Path) -> None:
    early = Fold(day("2022-07-04"), FOLD.day)
    report = backtest(tmp_path, weekly(100), MeanModel(), folds=(early, FOLD))
    assert [fold.enough for fold in report.folds] == [False, True]
    assert set(report.out_of_fold.audits["fold"].to_pylist()) == {FOLD.day}
    assert {score.fold for score in report.scores} == {None, FOLD.day}
    assert "too few, passed over" in "\n".join(backtest_to_text(report))


def test_where_no_fold_can_be_used_the_backtest_is_empty_and_says_so(tmp_path: Path) -> None:
    report = backtest(tmp_path, weekly(40), MeanModel())
    assert (len(report.out_of_fold), report.scores) == (0, ())
    assert set(report.out_of_fold.predictions) == {"mean", "oracle"}
    assert report.out_of_fold.table().num_rows == 0
    lines = list(backtest_to_text(report))
    assert "learned from 40 audits, 14 with an adjustment; tested on 0" in lines[1]
    assert lines[-1].startswith("No fold can be used, so no model can be judged yet")
    assert json.loads(backtest_to_json(report))["scores"] == []


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> BacktestReport:
    out = tmp_path_factory.mktemp("administration") / "demo"
    simulate(out, traders=2000, years=3, seed=3)
    left_out = ("valuation", "classification", "origin", "physical", "parties", "history", "tax")
    experiment = Experiment(
        model="ridge",
        against=("rule_score", "declared_value"),
        without=left_out,
        folds=2,
        capacity_hours=500.0,
    )
    steps: list[tuple[int, int]] = []
    done = run_backtest(
        Dataset(
            data=str(out / "data"),
            cutoff=day("2025-01-01"),
            today=day("2025-01-01"),
            home=out / "mlruns",
        ),
        experiment,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    return done


def test_a_backtest_scores_every_model_on_every_population_with_its_numbers(report: BacktestReport) -> None:
    together = [s for s in report.scores if s.fold is None and s.against is None]
    assert {s.model for s in together} == {"ridge", "rule_score", "declared_value", "analyst", "oracle"}
    assert {s.population for s in together} == {"all", "reference", "random"}
    of_all = {s.audits for s in together if s.population == "all"}
    assert of_all == {len(report.out_of_fold)}
    for score in report.scores:
        assert score.value is not None or score.low is score.high is score.standard_error is None
    [gini] = [s for s in together if (s.population, s.model, s.metric) == ("all", "oracle", "gini")]
    assert gini.value == 1.0
    few = [s for s in together if s.metric == "captured_1"]
    assert few
    assert all(s.value is None for s in few)


def test_the_first_model_is_compared_with_every_other(report: BacktestReport) -> None:
    scores = {
        (s.metric, s.model, s.against): s for s in report.scores if s.fold is None and s.population == "all"
    }
    lead = scores["gini", "ridge", "rule_score"]
    own, other = scores["gini", "ridge", None], scores["gini", "rule_score", None]
    assert lead.value == pytest.approx(not_none(own.value) - not_none(other.value))
    error = not_none(lead.standard_error)
    assert 0 < error < not_none(own.standard_error) + not_none(other.standard_error)
    assert {against for _, _, against in scores} == {
        None,
        "rule_score",
        "declared_value",
        "analyst",
        "oracle",
    }


def test_hours_at_hand_are_a_part_of_those_that_the_tested_audits_took(report: BacktestReport) -> None:
    """500 hours a year over a fold of 182 days."""
    hours = np.nansum(report.out_of_fold.audits["hours_spent"].to_numpy())
    share = 500 * 182 / 365.25 / hours
    used = [fold.fold for fold in report.folds if fold.enough]
    assert hours_share(report.out_of_fold, report.experiment, folds=used) == pytest.approx(share)
    assert hours_share(report.out_of_fold, Experiment(), folds=used) == 0.1


def test_a_person_reads_folds_then_a_table_for_each_population(report: BacktestReport) -> None:
    text = list(backtest_to_text(report))
    assert text[1].startswith("  2023-07-01: learned from")
    heads = [each for each in text if "captured at 5 %" in each]
    assert heads
    assert "ridge leads at 5 % by" in heads[0]
    rows = text[text.index(heads[0]) + 1 :][:4]
    assert rows[0].split()[0] == "oracle"
    assert {row.split()[0] for row in rows} == {"oracle", "ridge", "rule_score", "declared_value"}


def test_machines_read_the_same_as_json(report: BacktestReport) -> None:
    content = json.loads(backtest_to_json(report))
    assert content["experiment"]["model"] == "ridge"
    assert content["features"]["digest"] == report.features.digest
    assert len(content["scores"]) == len(report.scores)
    assert [fold["used"] for fold in content["folds"]] == [False, True]
    assert content["folds"][0]["fold"] == {"day": "2023-07-01", "until": "2024-01-01"}
