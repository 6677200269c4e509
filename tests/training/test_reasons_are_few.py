"""Ten lines say why: on a simulated administration, with every feature and the default model."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.simulate import simulate
from features.spine import Spine
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment

DAY = date(2024, 10, 1)
LINES, HELD, OF_TRADERS = 10, 0.8, 0.9


def test_ten_topics_hold_four_fifths_of_the_change_for_nine_traders_in_ten(tmp_path: Path) -> None:
    simulate(tmp_path, traders=500, years=3, seed=7)
    truth, audits = (
        pq.read_table(tmp_path / "truth" / f"{name}.parquet") for name in ("truth", "reference_audits")
    )
    audits = audits.filter(pc.and_(pc.equal(truth["cutoff"], DAY), truth["eligible"]))
    with open_warehouse(str(tmp_path / "data")) as warehouse:
        built = LIBRARY.build(warehouse, Spine.every(audits["trader_id"].to_pylist(), [DAY]))
    rows = built.take(pc.index_in(audits["trader_id"], built["trader_id"])).select(LIBRARY.names)
    model = new_model(Experiment(), LIBRARY).fit(rows, audits["drawn_yield"].to_numpy())
    topics = {feature.name: feature.topic for feature in LIBRARY.features}
    explanation = model.explain(rows).grouped(topics)
    assert len(explanation.names) > LINES
    size = np.sort(np.abs(explanation.contributions))
    held = size[:, -LINES:].sum(axis=1) / size.sum(axis=1)
    assert np.mean(held >= HELD) >= OF_TRADERS, np.quantile(held, 1 - OF_TRADERS)
