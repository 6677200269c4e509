"""The same tables give the same features on every engine."""

import shutil
from pathlib import Path

import pytest

from features.build import FeatureSet
from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.proofs.draw import CUTOFFS
from features.proofs.histories import history
from features.proofs.values import Values, by_key, differences, traders
from features.spine import Spine
from tests.features.data.warehouse.homes import duckdb_file, parquet_folder, postgres_database
from tests.features.proofs.values import values_of
from tests.features.tables import Tables, arrow
from tests.postgres import Server

SEED = 21


def largest_difference(one: Values, other: Values) -> dict[str, float]:
    """Return, for each feature, the largest difference relative to the larger value (of at least 1)."""
    largest = dict.fromkeys(LIBRARY.names, 0.0)
    assert one.keys() == other.keys()
    for key, row in one.items():
        for name, value in row.items():
            beside = other[key][name]
            if value is None or beside is None:
                largest[name] = max(largest[name], 0.0 if value is beside else float("inf"))
            else:
                away = abs(value - beside) / max(1.0, abs(value), abs(beside))
                largest[name] = max(largest[name], away)
    return largest


def agree(one: Values, other: Values) -> None:
    largest = largest_difference(one, other)
    print("largest difference:", max((size, name) for name, size in largest.items()))
    assert {name: size for name, size in largest.items() if size > 1e-9} == {}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return history(SEED)


@pytest.fixture(scope="module")
def expected() -> Values:
    return values_of(SEED)


def from_location(location: str, tables: Tables, features: FeatureSet = LIBRARY) -> Values:
    with open_warehouse(location) as warehouse:
        return by_key(features.build(warehouse, Spine.every(traders(tables), CUTOFFS)))


def test_postgres_with_no_right_but_to_read(tables: Tables, expected: Values, postgres: Server) -> None:
    url = postgres_database(_in_contract_order(tables), postgres)
    database = url.rpartition("/")[2]
    role = "CREATE ROLE reads LOGIN PASSWORD 'sesam'"
    postgres.run(database, role, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reads")
    agree(expected, from_location(postgres.url(database, user="reads", password="sesam"), tables))  # noqa: S106


def test_a_duckdb_file_that_is_only_read(tables: Tables, expected: Values, tmp_path: Path) -> None:
    few = LIBRARY.select(
        ["price_gap_12m", "broker_finding_rate_12m", "border_revenue_24m", "tax_arrears_12m"]
    )
    values = from_location(duckdb_file(_in_contract_order(tables), tmp_path), tables, few)
    assert set(differences(values, expected)) == set()


@pytest.mark.filterwarnings("ignore")  # PySpark 4.0 calls pandas 3 and sockets in ways they warn of
def test_spark(tables: Tables, expected: Values, tmp_path: Path) -> None:
    pytest.importorskip("pyspark.sql", reason="`make spark` installs Spark")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java 17 on PATH")
    folder = parquet_folder(_in_contract_order(tables), tmp_path)
    agree(expected, from_location(f"spark://{folder}?spark.master=local[2]", tables))


def _in_contract_order(tables: Tables) -> Tables:
    return {name: arrow(name, rows).to_pylist() for name, rows in tables.items()}
