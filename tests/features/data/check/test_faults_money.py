"""Rows in several currencies: refused without a rate, exact to the cent with one."""

from pathlib import Path

import pytest

from features.data.contract.rule import LARGEST_NUMBER
from features.data.warehouse import Dialect, open_warehouse
from tests.features.data.check.command import MANY
from tests.features.data.check.conftest import Check
from tests.features.tables import Tables, Write, good_tables, write_csv, write_parquet

EURO = 'currency = "EUR"\ncurrency_column = "currency"\n'


def in_currencies(*pairs: tuple[float, object]) -> Tables:
    tables = good_tables()
    for row, (value, currency) in zip(tables["declarations"], pairs, strict=True):
        row["customs_value"], row["currency"] = value, currency
    return tables


def test_a_currency_without_a_rate_is_refused_and_named(refused: Check, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", in_currencies((1, "EUR"), (1, "USD"), (1, "CHF"), (1, None)))
    (data / "dialect.toml").write_text(EURO + 'rates = { USD = "0.9143" }')
    outcome = refused(data, *MANY)
    found = outcome.found("currency", "declarations.currency")
    assert found["rows"] == 2
    assert [example["currency"] for example in found["examples"]] == ["CHF", None]
    assert found["expected"] == "must be the reporting currency or one with a rate: EUR, USD"
    assert "rates in dialect.toml" in found["advice"]


def test_a_currency_column_that_nobody_declared_is_refused(refused: Check, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", in_currencies(*[(1, "EUR")] * 4))
    found = refused(data).found("known_column", "declarations.currency")
    assert "currency_column" in found["advice"]


@pytest.mark.parametrize("write", [write_parquet, write_csv])
def test_a_declared_rate_converts_exactly_to_the_cent(write: Write, accepted: Check, tmp_path: Path) -> None:
    """1.15 x 1.1 is 1.265 and 0.07 x 100.5 is 7.035; in floats both products end in ...99."""
    data = write(tmp_path / "data", in_currencies((1.15, "USD"), (100.5, "GBP"), (2.5, "EUR"), (2e11, "USD")))
    settings = EURO + 'rates = { USD = "1.1", GBP = "0.07" }'
    (data / "dialect.toml").write_text(settings)
    beyond = ("findings.amount", "beyond_declared", "note")  # what is declared here is a few euros
    assert accepted(data).rules() == {beyond}
    with open_warehouse(str(data), dialect=Dialect.read(data / "dialect.toml")) as warehouse:
        rows = warehouse.table("declarations")
        values = rows.order_by("declaration_id", "item_number").customs_value.to_pyarrow().to_pylist()
    assert values[:3] == [1.265, 7.035, 2.5]
    assert values[3] == pytest.approx(2.2e11, abs=0.005)


def test_money_without_a_rate_has_no_value_where_nobody_checked(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data", in_currencies(*[(1, "CHF")] * 4))
    with open_warehouse(
        str(data), dialect=Dialect.of({"currency": "EUR", "currency_column": "currency"})
    ) as warehouse:
        assert warehouse.table("declarations").customs_value.to_pyarrow().null_count == 4


def test_a_number_beyond_the_domain_is_refused_and_the_largest_in_it_is_not(
    refused: Check, accepted: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    tables["declarations"][0] |= {"customs_value": LARGEST_NUMBER, "net_mass_kg": LARGEST_NUMBER}
    assert accepted(write_parquet(tmp_path / "largest", tables)).rules() == set()
    tables["declarations"][0] |= {"customs_value": 1.1e15, "net_mass_kg": 3e28, "duty_rate": 41.0}
    outcome = refused(write_parquet(tmp_path / "beyond", tables))
    for column in ("customs_value", "net_mass_kg"):
        found = outcome.found("largest", f"declarations.{column}")
        assert found["expected"] == "must be from -1,000,000,000,000,000 to 1,000,000,000,000,000"
    assert outcome.found("rate", "declarations.duty_rate")["rows"] == 1
