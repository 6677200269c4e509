"""One simulated administration for all tests of this folder, and a connection over its tables."""

from pathlib import Path

import duckdb
import pytest

from features.simulate import simulate
from features.simulate.chance import Chance
from features.simulate.clock import calendar
from features.simulate.trade.traders import Traders
from features.simulate.trade.traders import traders as draw_traders
from features.simulate.trade.world import world


@pytest.fixture(scope="session")
def administration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated") / "out"
    simulate(out, traders=1500, years=4, seed=7)
    return out


@pytest.fixture(scope="session")
def tables(administration: Path) -> duckdb.DuckDBPyConnection:
    """The contract's tables, `truth`, and `outcome`: what each closed audit has brought so far."""
    connection = duckdb.connect()
    for file in (administration / "data").iterdir():
        connection.execute(f"CREATE VIEW {file.stem} AS FROM '{file}'")
    connection.execute(f"CREATE VIEW truth AS FROM '{administration}/truth/truth.parquet'")
    connection.execute(
        """CREATE VIEW outcome AS
        SELECT audits.*, coalesce(sum(amount) FILTER (event IN ('assessed', 'reduced', 'cancelled')
            AND tax_type IN ('duty', 'vat', 'excise')), 0) AS yield
        FROM audits LEFT JOIN findings USING (audit_id) WHERE status = 'closed' GROUP BY ALL"""
    )
    return connection


@pytest.fixture(scope="session")
def traders() -> Traders:
    """Three thousand traders in memory."""
    chance = Chance(1)
    return draw_traders(chance, world(chance, calendar=calendar(years=3), traders=3000), count=3000)
