"""The setup of an experiment: nothing is open while models are fitted."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.data.dataset import Dataset
from features.errors import OutputError
from features.library import LIBRARY
from tests.features.data.warehouse.homes import postgres_database
from tests.features.tables import TODAY, good_tables
from tests.postgres import Server
from training.backtest.experiment import Experiment
from training.backtest.setup import OUTCOMES, set_up
from training.train import train

FEW = Experiment(without=tuple({feature.family for feature in LIBRARY.features} - {"exposure"}))


def test_no_connection_to_a_database_is_open_while_models_are_fitted(
    postgres: Server, tmp_path: Path
) -> None:
    url = postgres_database(good_tables(), postgres)
    dataset = Dataset(data=url, cutoff=TODAY, today=TODAY, home=tmp_path)
    with set_up(dataset, FEW) as setup:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        assert postgres.run(url.rpartition("/")[2], f"{others} pg_backend_pid()") == [(0,)]
        counts = {name: setup.warehouse.table(name).count().to_pyarrow().as_py() for name in OUTCOMES}
        assert counts == {name: len(good_tables()[name]) for name in OUTCOMES}
        assert len(setup.labelled_audits) == 1


def test_a_home_that_cannot_be_written_is_refused_before_the_data_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    dataset = Dataset(data="nowhere", cutoff=TODAY, today=TODAY, home=tmp_path / "file" / "home")
    with pytest.raises(OutputError, match="AUDIT_YIELD_HOME"):
        train(dataset, FEW, clock=lambda: datetime.now(UTC))
