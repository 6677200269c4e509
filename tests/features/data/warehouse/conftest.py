"""The homes of a warehouse, for the tests beside this file."""

from tests.features.data.warehouse.homes import home

__all__ = ["home"]
