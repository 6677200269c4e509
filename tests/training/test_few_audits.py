"""Administrations with hardly an audit: they are trained, nobody can tell, and the first model serves."""

import json
from pathlib import Path

import pytest

from features.data.dataset import Dataset
from models.bundle.champion import read_champion
from models.card import UNTESTED
from serving.live.state import load_live
from serving.page import list_ranking, ranking_page, trader_page
from tests.clock import now
from tests.features.administration import day
from tests.features.tables import write_parquet
from tests.training.tiny import weekly
from training.backtest.experiment import Experiment
from training.promotion.promote import promote
from training.score import score
from training.tracking.registry import run_file, version
from training.tracking.store import store
from training.train import Trained, train

LEFT_OUT = ("classification", "origin", "physical", "parties", "history", "tax", "valuation")
EXPERIMENT = Experiment(without=LEFT_OUT, against=("declared_value",))


def dataset_of(folder: Path, *, audits: int, nil: bool = False) -> Dataset:
    tables = weekly(audits, findings=[]) if nil else weekly(audits)
    data = write_parquet(folder / "data", tables)
    return Dataset(data=str(data), cutoff=day("2024-01-03"), today=day("2025-01-01"), home=folder / "mlruns")


def trained(dataset: Dataset) -> Trained:
    return train(dataset, EXPERIMENT, clock=now)


@pytest.mark.parametrize(("audits", "nil"), [(0, False), (10, False), (30, True)])
def test_the_first_model_ranks_and_serves_and_says_that_nobody_can_tell(
    audits: int, nil: bool, tmp_path: Path
) -> None:
    dataset = dataset_of(tmp_path, audits=audits, nil=nil)
    result = trained(dataset)
    promotion = result.promotion
    assert promotion is not None
    assert (promotion.verdict, promotion.promoted) == ("CANNOT TELL", True)
    assert next(promotion.to_text()).startswith("CANNOT TELL: backtest: no model can be judged yet")
    champion = read_champion(dataset.home)
    assert champion is not None
    assert champion.version == result.version
    card = json.loads(
        run_file(version(store(dataset.home), "1"), "card.json", home=dataset.home).read_text("utf-8")
    )
    assert card["limits"][0] == UNTESTED
    assert any("No fold can be used" in line for line in result.to_text())
    assert json.loads(result.to_json())["promotion"]["verdict"] == "CANNOT TELL"
    expected = score(dataset)["expected_yield"].to_pylist()
    assert expected[0] > 2 * expected[9] > 0
    live = load_live(dataset)
    for page in (ranking_page(live, list_ranking(live, query={})), trader_page(live, "T9")):
        assert UNTESTED in page


def test_a_second_model_that_nobody_can_judge_leaves_the_champion(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, audits=30)
    for _ in range(2):
        result = trained(dataset)
    assert result.promotion is None
    done = promote(home=dataset.home, clock=now)
    assert (done.verdict, done.promoted) == ("CANNOT TELL", False)
    assert next(done.to_text()).endswith("The champion stays.")
