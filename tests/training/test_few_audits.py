"""Administrations with hardly an audit: they are trained, nobody can tell, the first model serves, marked."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from features.data.dataset import Dataset
from models.bundle.champion import read_champion
from models.card import BY_INDICATORS, UNTESTED
from serving.api.serialise import serialise_basis
from serving.live.state import load_live
from serving.page import list_ranking, ranking_page, trader_page
from tests.clock import now
from tests.features.administration import day
from tests.features.tables import Tables, write_parquet
from tests.training.tiny import weekly
from training.backtest.experiment import Experiment
from training.current_model import current_model
from training.promotion.promote import promote
from training.score import explain, ranking_to_text, score
from training.summary import summary_to_text
from training.tracking.registry import run_file, version
from training.tracking.store import store
from training.train import Trained, train

LEFT_OUT = ("classification", "origin", "physical", "parties", "history", "tax", "valuation")
EXPERIMENT = Experiment(without=LEFT_OUT, against=("declared_value",))
MARKS = {
    "none": "of 0 closed audits 0 had an adjustment, so the written indicators weigh 100%",
    "ten": "of 10 closed audits 4 had an adjustment, so the written indicators weigh 83%",
    "nil": "of 30 closed audits 0 had an adjustment, so the written indicators weigh 100%",
    "refunds": "of 30 closed audits 10 had an adjustment, so the written indicators weigh 67%",
}


def tables_of(case: str) -> Tables:
    if case == "refunds":
        tables = weekly(30)
        return tables | {"findings": [row | {"amount": -row["amount"]} for row in tables["findings"]]}
    if case == "nil":
        return weekly(30, findings=[])
    return weekly(10 if case == "ten" else 0)


@dataclass(frozen=True)
class FirstDay:
    """An administration and the first training in its home."""

    case: str
    dataset: Dataset
    training: Trained


LONG = {"nil", "refunds"}
"""Two of the four cases: each takes a training."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(case, marks=pytest.mark.long if case in LONG else ()) for case in MARKS],
)
def first_day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FirstDay:
    folder: Path = tmp_path_factory.mktemp(request.param)
    data = write_parquet(folder / "data", tables_of(request.param))
    dataset = Dataset(
        data=str(data), cutoff=day("2024-01-03"), today=day("2025-01-01"), home=folder / "mlruns"
    )
    return FirstDay(request.param, dataset, train(dataset, EXPERIMENT, clock=now))


def test_the_first_model_ranks_and_serves_and_says_that_nobody_can_tell(first_day: FirstDay) -> None:
    result, home = first_day.training, first_day.dataset.home
    promotion = result.promotion
    assert promotion is not None
    assert (promotion.verdict, promotion.promoted) == ("CANNOT TELL", True)
    assert next(promotion.to_text()).startswith("CANNOT TELL: backtest: no model can be judged yet")
    champion = read_champion(home)
    assert champion is not None
    assert champion.version == result.version
    card = json.loads(run_file(version(store(home), "1"), "card.json", home=home).read_text("utf-8"))
    assert card["limits"][0] == UNTESTED
    assert any("No fold can be used" in line for line in result.to_text())
    assert json.loads(result.to_json())["promotion"]["verdict"] == "CANNOT TELL"
    expected = score(first_day.dataset)["expected_yield"].to_pylist()
    assert expected[0] > max(expected[9], 0.0)
    if first_day.case != "refunds":
        assert expected[0] > 2 * expected[9] > 0


def test_every_output_says_that_the_ranking_is_by_indicators(first_day: FirstDay) -> None:
    dataset, mark = first_day.dataset, MARKS[first_day.case]
    ranking = score(dataset)
    assert set(ranking["ranked"].to_pylist()) == {BY_INDICATORS}
    explained = explain(dataset, "T9")
    assert json.loads(explained.to_json(top=3))["ranked"] == BY_INDICATORS
    assert json.loads(first_day.training.to_json())["ranked"] == BY_INDICATORS
    current = current_model(dataset, EXPERIMENT, clock=now)
    summary = summary_to_text(current.bundle, current.snapshot, version="1", cutoff=dataset.cutoff)
    for text in (first_day.training.to_text(), explained.to_text(top=3), summary):
        assert any(mark in line for line in text)
    assert f"Ranked {BY_INDICATORS}." in ranking_to_text(ranking)
    live = load_live(dataset)
    basis = serialise_basis(live, live.basis)
    assert basis["ranked"] == BY_INDICATORS
    assert mark in basis["warnings"][0]
    for page in (ranking_page(live, list_ranking(live, query={})), trader_page(live, "T9")):
        assert UNTESTED in page
        assert mark in page


@pytest.mark.parametrize("first_day", ["ten"], indirect=True)
def test_a_second_model_that_nobody_can_judge_leaves_the_champion(first_day: FirstDay) -> None:
    home = first_day.dataset.home
    assert train(first_day.dataset, EXPERIMENT, clock=now).promotion is None
    done = promote(home=home, clock=now)
    assert (done.verdict, done.promoted) == ("CANNOT TELL", False)
    assert next(done.to_text()).endswith("The champion stays.")
