"""The database that every test beside this file changes."""

import pytest

from tests.features.data.warehouse.homes import postgres_database
from tests.features.data.warehouse.postgres.database import Change
from tests.features.tables import good_tables
from tests.postgres import Server


@pytest.fixture
def url(postgres: Server) -> str:
    """A database with the small administration in it."""
    return postgres_database(good_tables(), postgres)


@pytest.fixture
def database(url: str) -> str:
    """Its name."""
    return url.rpartition("/")[2]


@pytest.fixture
def change(postgres: Server, database: str) -> Change:
    """Run statements in it as its owner."""
    return lambda *statements: postgres.run(database, *statements)
