"""Administrations with hardly an audit: they are trained, nobody can tell, and the first model serves."""

import json
from pathlib import Path

import pytest

from features.data.dataset import Dataset
from models.bundle.champion import read_champion
from models.fitting.matrix import FEWEST_AUDITS
from tests.clock import now
from tests.features.administration import day
from tests.features.tables import write_parquet
from tests.training.tiny import weekly
from training.backtest.experiment import Experiment
from training.promotion.promote import promote
from training.tracking.registry import run_file, version
from training.tracking.store import store
from training.train import Trained, train

LEFT_OUT = ("classification", "origin", "physical", "parties", "history", "tax", "valuation")
EXPERIMENT = Experiment(without=LEFT_OUT, against=("declared_value",))


def trained(folder: Path, home: Path, *, audits: int) -> Trained:
    data = write_parquet(folder / "data", weekly(audits))
    dataset = Dataset(data=str(data), cutoff=day("2024-01-03"), today=day("2025-01-01"), home=home)
    return train(dataset, EXPERIMENT, clock=now)


@pytest.mark.parametrize("audits", [0, 10, FEWEST_AUDITS + 10])
def test_the_first_model_serves_and_says_that_nobody_can_tell(
    audits: int, home: Path, tmp_path: Path
) -> None:
    result = trained(tmp_path, home, audits=audits)
    promotion = result.promotion
    assert promotion is not None
    assert (promotion.verdict, promotion.promoted) == ("CANNOT TELL", True)
    assert next(promotion.to_text()).startswith("CANNOT TELL: backtest: no model can be judged yet")
    champion = read_champion(home)
    assert champion is not None
    assert champion.version == result.version
    card = json.loads(run_file(version(store(home), "1"), "card.json", home=home).read_text("utf-8"))
    assert card["limits"][0].startswith("No model can be judged yet")
    assert any("No fold can be used" in line for line in result.to_text())
    assert json.loads(result.to_json())["promotion"]["verdict"] == "CANNOT TELL"


def test_a_second_model_that_nobody_can_judge_leaves_the_champion(home: Path, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        result = trained(tmp_path / folder, home, audits=FEWEST_AUDITS + 10)
    assert result.promotion is None
    done = promote(home=home, clock=now)
    assert (done.verdict, done.promoted) == ("CANNOT TELL", False)
    assert next(done.to_text()).endswith("The champion stays.")
