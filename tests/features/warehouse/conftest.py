"""The homes of a warehouse, for the tests beside this file."""

from tests.features.warehouse.homes import home

__all__ = ["home"]
