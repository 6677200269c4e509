"""Adapters of engines: what DuckDB, PostgreSQL and Spark each do in a way of their own."""

from ibis.backends import BaseBackend

from features.data.warehouse.engines.adapter import Adapter
from features.data.warehouse.engines.duckdb import DUCKDB
from features.data.warehouse.engines.postgres import POSTGRES
from features.data.warehouse.engines.spark import SPARK

__all__ = ["ADAPTERS", "DUCKDB", "POSTGRES", "SPARK", "Adapter", "adapter_at", "adapter_of", "engine_errors"]

ADAPTERS = {adapter.name: adapter for adapter in (DUCKDB, POSTGRES, SPARK)}


def adapter_of(engine: BaseBackend) -> Adapter:
    """Return the adapter of an engine; any other that Ibis can reach does everything as Ibis does."""
    return ADAPTERS.get(engine.name) or Adapter(name=engine.name)


def adapter_at(url: str) -> Adapter:
    """Return the adapter that connects to a URL; any other is connected to as Ibis does."""
    scheme = url.partition("://")[0]
    named = (adapter for adapter in ADAPTERS.values() if scheme in adapter.schemes)
    return next(named, Adapter(name=scheme))


def engine_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of all engines; a driver that is not imported raises none."""
    return tuple(error for adapter in ADAPTERS.values() for error in adapter.errors())
