"""The homes of a warehouse, for the tests beside this file."""

from tests.features.warehouse.homes import home
from tests.postgres import postgres

__all__ = ["home", "postgres"]
