"""Ten lines say why: on a simulated administration, with every feature and the default model."""

from datetime import date
from pathlib import Path

import numpy as np

from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.simulate import simulate
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.labelled_audits import label_audits

LINES, HELD, OF_TRADERS = 10, 0.8, 0.9


def test_ten_topics_hold_four_fifths_of_the_change_for_nine_traders_in_ten(tmp_path: Path) -> None:
    simulate(tmp_path, traders=600, years=3, seed=7)
    experiment = Experiment()
    with open_warehouse(str(tmp_path / "data")) as warehouse:
        audits = label_audits(
            warehouse,
            features=LIBRARY,
            cutoff=date(2025, 1, 1),
            measure=experiment.measure,
            with_penalties=False,
        )
    model = new_model(experiment, LIBRARY).fit(audits.X, audits.y, audits=audits.audits)
    topics = {feature.name: feature.topic for feature in LIBRARY.features}
    explanation = model.explain(audits.X).grouped(topics)
    assert len(explanation.names) > LINES
    size = np.sort(np.abs(explanation.contributions))
    held = size[:, -LINES:].sum(axis=1) / size.sum(axis=1)
    assert np.mean(held >= HELD) >= OF_TRADERS
