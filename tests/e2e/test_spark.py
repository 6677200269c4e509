"""Data on a local Spark is checked, and its features are built, as from files."""

import contextlib
import json
import math
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from features.data.contract import TABLES
from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.simulate import simulate
from features.spine import Spine
from tests.clock import now
from tests.features.administration import day
from tests.models.tiny import rows, saved
from tests.serving.server import environment
from tests.training.trained import TAGS
from training.tracking.run import tracked

pytestmark = [
    pytest.mark.skipif(find_spec("pyspark") is None, reason="`make spark` installs Spark"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17 on PATH"),
]
SMALL = {
    "spark.master": "local[2]",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
}
"""What is right for small tables, as docs/warehouse.md has it: planning and compiling cost most."""
FEATURES = ("price_gap_12m", "broker_finding_rate_12m", "border_revenue_24m", "tax_arrears_12m")
CUTOFF = day("2024-10-01")
RUN = """
import contextlib, io, json, sys
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from audit_yield import main
from features.data.version import version_of
from features.data.warehouse import Dialect, open_warehouse
from features.data.warehouse.database import connect
from features.library import LIBRARY
from features.spine import Spine

database, folder, copy, register, names, cutoff = json.loads(sys.argv[1])
session = connect(database.replace("customs", ""))._session
session.sql("CREATE DATABASE customs")
for file in Path("demo/data").absolute().glob("*.parquet"):
    session.sql(f"CREATE TABLE customs.{file.stem} USING parquet LOCATION '{file}'")
session.sql("CREATE DATABASE registers")
items = Path("register/items.parquet").absolute()
session.sql(f"CREATE TABLE registers.sad_item USING parquet LOCATION '{items}'")

def checked(data, *options):
    sys.argv = ["audit-yield", "check", data, "--today", "2025-01-02", "--json", *options]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as out:
        main()
    return json.loads(out.getvalue())

of_contract = checked(database, "--out", "check")
mapped = checked(register, "--out", "mapped", "--mapping", "sad_item.toml")
with open_warehouse(folder) as warehouse:
    spine = Spine.active(warehouse, date.fromisoformat(cutoff))
    pq.write_table(LIBRARY.select(names).build(warehouse, spine), "features.parquet")
with open_warehouse(register, dialect=Dialect.read(Path("sad_item.toml"))) as warehouse:
    lines = warehouse.table("declarations").order_by("declaration_id", "item_number", "version")
    pq.write_table(lines.to_pyarrow(), "lines.parquet")
today = date(2025, 1, 2)
versions = [version_of(each, today=today, home=Path("home")) for each in (folder, copy)]
parts = [dict(each.parts) for each in versions]
print(json.dumps({"check": of_contract, "mapped": mapped, "versions": parts}))
"""
"""All of it in one process, as starting Spark takes longer than most of it."""
MAPPING = """
[declarations]
FROM

[declarations.columns]
declaration_id = { join = ["OFFICE", "NUMBER"], by = "/" }
item_number = "ITEM"
version = "VERSION"
known_on = "KNOWN"
accepted_on = "DAY"
trader_id = { column = "IMPORTER", unknown = ["0"] }
office_code = "OFFICE"
procedure_code = { value = "4000" }
hs_code = "HS"
origin_country = "ORIGIN"
customs_value = { column = "VALUE", unit = "thousands" }
net_mass_kg = "KG"
duty_rate = { column = "RATE", unit = "percent" }
duty_assessed = { sum = ["DUTY", "SURCHARGE"] }
vat_assessed = "VAT"

[traders]
from = "declarations"

[audits]
absent = true

[findings]
absent = true
"""
REGISTER = """
COPY (
    SELECT office_code AS "OFFICE", declaration_id AS "NUMBER", item_number AS "ITEM", version AS "VERSION",
      known_on AS "KNOWN", accepted_on AS "DAY", if(trader_id LIKE '%7', '0', trader_id) AS "IMPORTER",
      hs_code AS "HS", origin_country AS "ORIGIN", customs_value / 1000 AS "VALUE", net_mass_kg AS "KG",
      100 * duty_rate AS "RATE", duty_assessed / 2 AS "DUTY", duty_assessed / 2 AS "SURCHARGE",
      vat_assessed AS "VAT"
    FROM 'demo/data/declarations.parquet'
) TO 'register/items.parquet'
"""
"""Lines as an office keeps them: names, units and keys of its own, duties in two columns."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small administration in demo/data, and one with its traders alone in copy."""
    place = tmp_path_factory.mktemp("spark")
    simulate(place / "demo", traders=80, years=3, seed=3)
    (place / "copy").mkdir()
    shutil.copyfile(place / "demo" / "data" / "traders.parquet", place / "copy" / "traders.parquet")
    (place / "register").mkdir()
    with contextlib.chdir(place):
        duckdb.sql(REGISTER)
    (place / "register" / "mapping.toml").write_text(MAPPING.replace("FROM", 'files = "items.parquet"'))
    (place / "sad_item.toml").write_text(MAPPING.replace("FROM", 'table = "registers.sad_item"'))
    (place / "small.toml").write_text("".join(f'"{name}" = "{value}"\n' for name, value in SMALL.items()))
    return place


@pytest.fixture(scope="module")
def on_spark(place: Path) -> dict[str, Any]:
    """What is printed of a database of Spark's metastore by check, of folders by others."""
    locations = ("customs", str(place / "demo" / "data"), str(place / "copy"), "registers")
    addresses = [f"spark://{location}?settings={place / 'small.toml'}" for location in locations]
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps([*addresses, FEATURES, CUTOFF.isoformat()])],
        cwd=place,
        env=environment(place / "home"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARN" not in done.stderr, done.stderr  # Spark's log is not ours
    [printed] = done.stdout.splitlines()
    result: dict[str, Any] = json.loads(printed)
    return result


def test_a_database_of_spark_is_checked_as_files_are(place: Path, on_spark: dict[str, Any]) -> None:
    command = Path(sys.executable).with_name("audit-yield")
    done = subprocess.run(
        [command, "check", "demo/data", "--today", "2025-01-02", "--out", "files", "--json"],
        cwd=place,
        capture_output=True,
        text=True,
    )
    assert on_spark["check"]["accepted"]
    assert without_forms(on_spark["check"]) == without_forms(json.loads(done.stdout))


def without_forms(report: dict[str, Any]) -> dict[str, Any]:
    tables = [{name: value for name, value in table.items() if name != "form"} for table in report["tables"]]
    return {name: value for name, value in report.items() if name != "data"} | {"tables": tables}


def test_features_of_a_folder_given_to_spark_are_those_of_the_folder(
    place: Path, on_spark: dict[str, Any]
) -> None:
    with open_warehouse(str(place / "demo" / "data")) as warehouse:
        expected = LIBRARY.select(FEATURES).build(warehouse, Spine.active(warehouse, CUTOFF))
    built = pq.read_table(place / "features.parquet")
    assert built.num_rows > 50
    for name in expected.column_names:
        pairs = zip(built[name].to_pylist(), expected[name].to_pylist(), strict=True)
        assert [pair for pair in pairs if not alike(*pair)] == []


def test_a_mapping_reads_a_table_of_spark_as_it_reads_a_file(place: Path, on_spark: dict[str, Any]) -> None:
    with open_warehouse(str(place / "register")) as warehouse:
        lines = warehouse.table("declarations").order_by("declaration_id", "item_number", "version")
        expected = lines.to_pyarrow()
    assert on_spark["mapped"]["accepted"]
    read = pq.read_table(place / "lines.parquet").select(expected.column_names)
    assert read.num_rows == expected.num_rows > 1000
    for name in expected.column_names:
        pairs = zip(read[name].to_pylist(), expected[name].to_pylist(), strict=True)
        assert [pair for pair in pairs if not alike(*pair)] == []


def alike(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return one == other


def test_tables_of_one_name_in_two_places_have_two_versions(on_spark: dict[str, Any]) -> None:
    one, other = on_spark["versions"]
    assert one.keys() - {"address", "today"} >= {"traders", "declarations"} <= TABLES.keys()
    assert one["traders"] != other["traders"]


def test_spark_says_why_it_does_not_start(place: Path) -> None:
    data = f"spark://{place / 'demo' / 'data'}?spark.driver.memory=much"
    done = subprocess.run(
        [Path(sys.executable).with_name("audit-yield"), "check", data],
        cwd=place,
        env=environment(place / "none"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Spark does not start: ")
    assert "heap size: -Xmxmuch" in done.stderr
    assert "Traceback" not in done.stderr


UDF = """
import json, sys

import mlflow
from pyspark.sql import SparkSession
from pyspark.sql.functions import struct

store, folder = sys.argv[1:]
mlflow.set_tracking_uri(store)
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
rows = spark.read.parquet(f"{folder}/rows.parquet")
predict = mlflow.pyfunc.spark_udf(spark, "models:/audit-yield/1", result_type="double", env_manager="local")
print(json.dumps([row[0] for row in rows.select(predict(struct(*rows.columns))).collect()]))
"""


def test_a_version_in_mlflow_is_a_function_of_spark(tmp_path: Path) -> None:
    home, bundle = tmp_path / "home", saved(tmp_path / "bundle")
    home.mkdir()
    with tracked("on Spark", home=home, clock=now) as run:
        run.register(tmp_path / "bundle", tags=TAGS, description="")
    few = rows().slice(0, 4)
    pq.write_table(few, tmp_path / "rows.parquet")
    done = subprocess.run(
        [sys.executable, "-P", "-c", UDF, f"sqlite:///{home}/mlflow.db", str(tmp_path)],
        env=environment(home, PYSPARK_PYTHON=sys.executable),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    expected = json.loads(done.stdout.splitlines()[-1])
    assert expected == pytest.approx(bundle.model.predict(few).expected.tolist(), rel=1e-12)
