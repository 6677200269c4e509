"""The address of Spark: what is read, and under which settings."""

from pathlib import Path

import pytest

from features.data.warehouse.engines.spark_address import SparkAddress
from features.errors import SettingError


def test_an_address_names_a_database_or_a_folder() -> None:
    assert SparkAddress.of("spark://") == SparkAddress(configuration={})
    assert SparkAddress.of("pyspark://Lake.customs").database == "Lake.customs"
    assert SparkAddress.of("spark:///data/my%20customs/").folder == "/data/my customs"
    assert SparkAddress.of("spark://?folder=s3a://bucket/customs").folder == "s3a://bucket/customs"


def test_settings_stand_after_a_question_mark_or_in_a_file_that_they_override(tmp_path: Path) -> None:
    file = tmp_path / "spark.toml"
    file.write_text(
        'scratch = "hdfs:///tmp"\nspark.driver.memory = "8g"\nspark.sql.adaptive.enabled = true\n'
        '"spark.sql.catalog.lake" = "a.Catalog"\n"spark.sql.catalog.lake.type" = "hive"\n'
    )
    address = SparkAddress.of(f"spark://?settings={file}&spark.driver.memory=2g&log=spark.log")
    assert (address.scratch, address.log) == ("hdfs:///tmp", "spark.log")
    assert address.configuration == {
        "spark.driver.memory": "2g",
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.catalog.lake": "a.Catalog",
        "spark.sql.catalog.lake.type": "hive",
    }


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("spark://?scrath=/tmp", "has no setting 'scrath'"),
        ("spark://?spark.master", "cannot be read"),
        ("spark://host:7077", "names a user, a port or a fragment"),
        ("spark://me:secret@host", "names a user, a port or a fragment"),
        ("spark://demo/data", "names a database and a folder"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_without_its_secrets(url: str, found: str) -> None:
    with pytest.raises(SettingError, match=found) as refused:
        SparkAddress.of(url)
    assert "secret" not in str(refused.value)
