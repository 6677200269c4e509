"""The database that every test beside this file changes."""

import pytest

from tests.features.tables import good_tables
from tests.features.warehouse.homes import postgres_database
from tests.postgres import Server


@pytest.fixture
def url(postgres: Server) -> str:
    """A database with the small administration in it."""
    return postgres_database(good_tables(), postgres)
