"""What a type of PostgreSQL becomes, and which values are faults."""

from datetime import date

import pytest

from features.data.warehouse import open_warehouse
from tests.features.data.warehouse.postgres.database import Change, faults, violation


def value_of(url: str, column: str) -> object:
    with open_warehouse(url) as warehouse:
        values = warehouse.table("declarations")[column].to_pyarrow().to_pylist()
    return values[0]


@pytest.mark.parametrize(
    ("column", "kind", "expected"),
    [
        ("trader_id", "char(17)", "007"),
        ("hs_code", "varchar(10)", "61091000"),
        ("description", "xml", "shirts, cotton"),
        ("description", "inet", "10.0.0.1/32"),
        ("description", "int4range", "[1,3)"),
        ("customs_value", "numeric(18, 2)", 100.0),
        ("customs_value", "numeric", 100.0),
        ("customs_value", "real", 100.0),
        ("item_number", "smallint", 1),
        ("item_number", "numeric(5, 0)", 1),
        ("related_party", "smallint", False),
        ("related_party", "text", False),
        ("accepted_on", "timestamp", date(2024, 3, 1)),
        ("accepted_on", "timestamptz", date(2024, 3, 1)),
        ("accepted_on", "text", date(2024, 3, 1)),
        ("origin_country", "country", "CN"),
        ("hs_code", "digits", "61091000"),
    ],
)
def test_a_type_of_postgresql_becomes_the_type_of_the_contract(
    url: str, column: str, kind: str, expected: object, change: Change
) -> None:
    replaced = {"smallint": "0", "inet": "'10.0.0.1'", "int4range": "'[1,3)'"}
    using = replaced.get(kind, f"{column}::text::{kind}") if column != "item_number" else f"{column}::{kind}"
    change(
        "CREATE TYPE country AS ENUM ('CN', 'DE')",
        "CREATE DOMAIN digits AS text CHECK (VALUE ~ '^[0-9]+$')",
        f"ALTER TABLE declarations ALTER {column} TYPE {kind} USING {using}::{kind}",
    )
    assert value_of(url, column) == expected


def test_identifiers_may_be_uuids(url: str, change: Change) -> None:
    known = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    change(f"ALTER TABLE declarations ADD origin_proof_id uuid DEFAULT '{known}'")
    assert value_of(url, "origin_proof_id") == known
    assert faults(url) == {}


def test_money_with_a_currency_sign_is_a_fault_and_shown(url: str, change: Change) -> None:
    change(
        "ALTER TABLE declarations ALTER customs_value TYPE money USING customs_value::numeric::money",
    )
    fault = violation(url, "customs_value")
    assert (fault.rule, fault.rows, fault.examples[0]["customs_value"]) == ("type", 4, "$100.00")


def test_a_text_that_is_no_day_is_a_fault_with_its_row(url: str, change: Change) -> None:
    change(
        "ALTER TABLE declarations ALTER accepted_on TYPE text",
        "UPDATE declarations SET accepted_on = '2024-02-30' WHERE declaration_id = 'D3'",
    )
    fault = violation(url, "accepted_on")
    assert (fault.rule, fault.rows) == ("type", 1)
    assert fault.examples[0] == {
        "declaration_id": "D3",
        "item_number": 1,
        "version": 0,
        "accepted_on": "2024-02-30",
    }


def test_a_day_without_end_is_a_fault_and_no_crash(url: str, change: Change) -> None:
    change("UPDATE declarations SET accepted_on = 'infinity' WHERE declaration_id = 'D3'")
    fault = violation(url, "accepted_on")
    assert (fault.rule, fault.rows, fault.examples[0]["accepted_on"]) == ("past_day", 1, "infinity")


def test_a_time_with_zone_is_read_in_utc_whatever_the_server_says(
    url: str, database: str, change: Change
) -> None:
    change(
        f"ALTER DATABASE {database} SET TimeZone = 'Asia/Seoul'",
        "ALTER TABLE declarations ALTER accepted_on TYPE timestamptz USING '2024-03-01 00:00+09'",
    )
    fault = violation(url, "accepted_on")
    assert (fault.rule, fault.rows) == ("type", 4)  # 15:00 of the day before in UTC: never shifted silently
