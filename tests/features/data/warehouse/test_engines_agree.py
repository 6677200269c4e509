"""A table says the same whatever it is kept in: each home is held against plain rows in memory."""

import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import ibis
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from features.data.check import check
from features.data.contract import TABLES
from features.data.contract.violation import Severity, Violation
from features.data.warehouse import Warehouse, open_warehouse
from tests.features.data.warehouse.all_tables import all_tables, faulty_tables
from tests.features.data.warehouse.homes import FILES, duckdb_file, postgres_database
from tests.features.tables import TODAY, Cell, Row, Tables, write_csv
from tests.postgres import Server
from tests.torture import TORTURE

pytestmark = pytest.mark.long

Home = Callable[[Tables], str]

# What is wrong in the faulty tables, and the first part of the key of each row that breaks it.
FAULTS: dict[str, list[Cell]] = {
    "audits closed_on_from_opened_on": ["Q3"],
    "audits closed_on_of_closed": ["Q2"],
    "audits closed_on_of_unfinished": ["Q3"],
    "audits period_to_from_period_from": ["Q2"],
    "audits.inclusion_probability probability": ["Q1"],
    "audits.trader_id reference": ["Q4"],
    "controls.item_number at_least_1": ["C3"],
    "controls.type code": ["C3"],
    "declarations known_on_of_amendment": ["F7\x01"],
    "declarations unique_key": ["D1", "D1"],
    "declarations.accepted_on past_day": ["F3", "F6"],
    "declarations.channel code": ["F6"],
    "declarations.customs_value finite": ["F2"],
    "declarations.customs_value not_negative": ["F1"],
    "declarations.declaration_id identifier": ["F7\x01"],
    "declarations.duty_assessed finite": ["F1"],
    "declarations.hs_code hs_code": ["F3", "F8"],
    "declarations.item_number at_least_1": ["F4"],
    "declarations.loading_port port": ["F7\x01"],
    "declarations.net_mass_kg filled": ["F4"],
    "declarations.office_code filled": ["F8"],
    "declarations.origin_country country": ["F4"],
    "declarations.trader_id reference": ["F5", "F6"],
    "declarations.trader_id reference_quarantined": ["F8"],
    "declarations.valuation_method between_1_and_6": ["F7\x01"],
    "declarations.vat_assessed finite": ["F2"],
    "declarations.vat_assessed not_negative": ["F2"],
    "findings known_on_from_event_on": [None],
    "findings sign_of_event": ["Q2"],
    "findings.amount finite": [None],
    "findings.audit_id filled": [None],
    "findings.audit_id reference": ["nowhere"],
    "findings.audit_id reference_quarantined": ["Q1", "Q2"],
    "links.link_type filled": ["007"],
    "payments.paid_on past_day": ["0815"],
    "tariff.rate finite": ["010121"],
    "tax_returns.trader_id reference": ["nobody"],
    "tax_returns.turnover finite": ["nobody"],
    "traders.size_band code": ["QUARANTINED"],
    "traders.trader_id look_alike": ["0815", "0815 ", "T3", "t3"],
}
REPEATED = {"declarations": 1, "tariff": 1}
QUARANTINED = {
    "declarations": 8,
    "traders": 1,
    "audits": 3,
    "findings": 3,
    "tariff": 1,
    "hs_correlations": 0,
    "tax_returns": 1,
    "tax_audits": 0,
    "controls": 1,
    "links": 1,
    "payments": 1,
    "levies": 0,
}


def as_set(rows: Iterable[Row]) -> list[str]:
    """Rows in an order of their own, NaN equal to itself."""
    return sorted(repr(sorted(row.items())) for row in rows)


def as_the_contract_has_them(name: str, rows: Iterable[Row], *, defaults: bool = True) -> list[Row]:
    """Every column of the contract; an empty value is None, or that of the column which stands in for it."""
    return [
        {
            c.name: value
            if (value := row.get(c.name)) not in (None, "")
            else row.get(c.default or "", None)
            if defaults
            else None
            for c in TABLES[name].columns
        }
        for row in rows
    ]


def rows_of(table: ibis.Table) -> list[Row]:
    return list(table.to_pyarrow().to_pylist())


def test_a_table_is_read_row_for_row_as_it_was_written(home: Home) -> None:
    tables = faulty_tables()
    with open_warehouse(home(tables)) as warehouse:
        for name, rows in tables.items():
            read = warehouse.table(name).to_pyarrow()
            assert [(f.name, f.type) for f in read.schema] == [(f.name, f.type) for f in TABLES[name].schema]
            assert as_set(read.to_pylist()) == as_set(as_the_contract_has_them(name, rows))


def test_tables_without_a_fault_are_accepted(home: Home) -> None:
    with open_warehouse(home(all_tables())) as warehouse:
        assert check(warehouse, today=TODAY).report.violations == ()


def test_the_same_rows_break_the_same_rules_and_the_rest_is_good(home: Home) -> None:
    tables = faulty_tables()
    with open_warehouse(home(tables)) as warehouse:
        checked = check(warehouse, today=TODAY)
        good = {name: rows_of(checked.good_rows(name)) for name in tables}
    broken_rules = [v for v in checked.report.violations if v not in checked.implausible]
    violations = {f"{v.location} {v.rule}": v for v in broken_rules}
    shown = {broken: first_keys(v) for broken, v in violations.items() if v.examples}
    assert shown == FAULTS
    assert {broken: len(keys) for broken, keys in FAULTS.items() if broken not in PAIRS} == {
        broken: violations[broken].rows for broken in FAULTS if broken not in PAIRS
    }
    assert {v.table: v.rows for v in violations.values() if v.rule == "repeated_row"} == REPEATED
    assert {table.name: table.quarantined for table in checked.report.tables} == QUARANTINED
    for name, rows in tables.items():
        assert as_set(good[name]) == sorted(
            set(as_set(as_the_contract_has_them(name, untouched(name, rows), defaults=False)))
        )


PAIRS = ("declarations unique_key", "traders.trader_id look_alike")  # their `rows` count groups


def first_keys(violation: Violation) -> list[object]:
    key = TABLES[violation.table].key[0]
    return sorted((example[key] for example in violation.examples), key=str)


def untouched(name: str, rows: list[Row]) -> list[Row]:
    """The rows that no rule of severity `row` names, by hand: those of the faulty set are the last."""
    bad = {
        key
        for broken, keys in FAULTS.items()
        if broken.split()[0].split(".")[0] == name and broken not in KEPT
        for key in keys
    }
    started = len(all_tables()[name])
    key = TABLES[name].key[0]
    return rows[:started] + [row for row in rows[started:] if row[key] not in bad or is_twin(name, row)]


KEPT: tuple[str, ...] = (
    "declarations unique_key",
    "traders.trader_id look_alike",
    "audits.trader_id reference",
)
KEPT += ("findings.audit_id reference",)


def is_twin(name: str, row: Row) -> bool:
    return name == "tariff" and not math.isnan(float(str(row["rate"])))


def test_duty_by_trader_and_month_is_the_same(home: Home) -> None:
    tables = all_tables()
    expected: dict[tuple[object, date], float] = defaultdict(float)
    for row in tables["declarations"]:
        day = row["accepted_on"]
        assert isinstance(day, date)
        expected[row["trader_id"], day.replace(day=1)] += float(str(row["duty_assessed"]))
    with open_warehouse(home(tables)) as warehouse:
        assert duty_by_trader_and_month(warehouse) == pytest.approx(dict(expected))


def duty_by_trader_and_month(warehouse: Warehouse) -> dict[tuple[object, object], object]:
    lines = warehouse.table("declarations")
    sums = lines.group_by("trader_id", month=lines.accepted_on.truncate("M")).agg(
        duty=lines.duty_assessed.sum()
    )
    return {(row["trader_id"], row["month"]): row["duty"] for row in rows_of(sums)}


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=8)
DAYS = st.dates()
AMOUNTS = st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1e-307]) | st.floats(
    -1e307, 1e307, allow_nan=False, allow_subnormal=False
).filter(lambda amount: abs(amount) >= 1e-307 or amount == 0)
PAYMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "trader_id": st.sampled_from(["007", "7", "T3", " T3"]) | WORDS,
            "debt_id": st.none() | WORDS,
            "due_on": DAYS,
            "paid_on": st.none() | DAYS,
            "amount": st.none() | AMOUNTS,
            "known_on": DAYS | st.just(date(2024, 2, 29)),
        }
    ),
    min_size=1,
    max_size=8,
)


PAYMENT_WITHOUT_WORDS: Row = {
    "trader_id": "",
    "debt_id": None,
    "due_on": date(2024, 1, 1),
    "paid_on": None,
    "amount": 5.0,
    "known_on": date(2024, 1, 1),
}
"""It has a day and an amount, so that it is no empty line."""


def test_a_nan_among_negatives_is_not_negative_in_any_home(home: Home) -> None:
    payments = [_payment_of(amount) for amount in (-1.0, math.nan)]  # Parquet's statistics know no NaN
    with open_warehouse(home({"payments": payments})) as warehouse:
        report = check(warehouse, today=TODAY).report
    broken = {v.rule: v.rows for v in report.violations if v.column == "amount"}
    assert broken == {"finite": 1, "not_negative": 1}


def test_a_column_wrong_in_every_row_is_left_out_in_any_home(home: Home) -> None:
    traders = [row | {"region": "north"} for row in all_tables()["traders"]]
    with open_warehouse(home({**all_tables(), "traders": traders})) as warehouse:
        outcome = check(warehouse, today=TODAY).outcome
        regions = outcome.usable(warehouse).table("traders").region.to_pyarrow().to_pylist()
    assert outcome.left_out == ("traders.region",)
    assert regions == [None] * len(traders)


def _payment_of(amount: float) -> Row:
    return all_tables()["payments"][0] | {"amount": amount, "debt_id": str(amount)}


@settings(
    max_examples=100 if TORTURE else 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(payments=PAYMENTS)
@example(payments=[PAYMENT_WITHOUT_WORDS, PAYMENT_WITHOUT_WORDS | {"trader_id": "007", "debt_id": "D1"}])
def test_any_payments_are_read_and_judged_alike_in_each_home(postgres: Server, payments: list[Row]) -> None:
    tables = {"payments": payments}
    with tempfile.TemporaryDirectory() as folder:
        homes = [make(tables, Path(folder)) for name, make in FILES.items() if name != "German CSV"]
        outcomes = [judged(home) for home in (*homes, postgres_database(tables, postgres))]
    expected = as_set(as_the_contract_has_them("payments", payments))
    assert [rows for rows, _ in outcomes] == [expected] * len(outcomes)
    assert [faults for _, faults in outcomes] == [outcomes[0][1]] * len(outcomes)


def judged(location: str) -> tuple[list[str], object]:
    with open_warehouse(location) as warehouse:
        rows = as_set(rows_of(warehouse.table("payments")))
        checked = check(warehouse, today=TODAY, limit=1)
        good = as_set(rows_of(checked.good_rows("payments")))
    faults = sorted(
        (v.location, v.rule, v.rows) for v in checked.report.violations if v.severity != Severity.NOTE
    )
    return rows, (faults, good)


DAYS_IN_TEXT = {
    "2024-02-29": date(2024, 2, 29),
    "2000-02-29": date(2000, 2, 29),
    "0001-01-01": date(1, 1, 1),
    "9999-12-31": date(9999, 12, 31),
    "2024-03-01 00:00:00": date(2024, 3, 1),
    "2024-03-01T00:00": date(2024, 3, 1),
} | dict.fromkeys(
    [
        "2023-02-29",
        "1900-02-29",
        "2024-04-31",
        "2024-13-01",
        "2024-00-10",
        "0000-01-01",
        "2024-1-1",
        "2024-03-01 10:00",
        "infinity",
        "today",
        "2024-03-01\n",
        " 2024-03-01",
        "٢٠٢٤-03-01",
    ]
)
NUMBERS_IN_TEXT = {
    "1": 1.0,
    "-0": -0.0,
    "+.5": 0.5,
    "5.": 5.0,
    "1e99": 1e99,
    "1.5E-300": 1.5e-300,
    "0" * 199 + "7": 7.0,
    "nan": math.nan,
    "-Infinity": -math.inf,
} | dict.fromkeys(["1e400", "1e-400", "0x10", "1,5", "1 000", "1_000", "²", "١٢", " 1", "1e", "9" * 201])
WHOLES_IN_TEXT = {
    "1": 1,
    "+1": 1,
    "-1": -1,
    "0001": 1,
    "1.0": 1,
    "1.": 1,
    "9" * 18: 10**18 - 1,
} | dict.fromkeys(["9" * 19, "1.5", "1e3", "१", "1\n"])


@pytest.mark.parametrize(
    ("column", "texts"),
    [("accepted_on", DAYS_IN_TEXT), ("customs_value", NUMBERS_IN_TEXT), ("item_number", WHOLES_IN_TEXT)],
)
def test_a_text_is_the_same_day_or_number_in_each_home_or_in_none(
    postgres: Server, tmp_path: Path, column: str, texts: dict[str, object]
) -> None:
    rows: list[Row] = [{"declaration_id": str(i), column: text} for i, text in enumerate(texts)]
    for location in (
        str(write_csv(tmp_path / "csv", {"declarations": rows})),
        duckdb_file({"declarations": rows}, tmp_path, typed=False),
        postgres_database({"declarations": rows}, postgres, typed=False),
    ):
        with open_warehouse(location) as warehouse:
            table = warehouse.table("declarations")
            read = {row["declaration_id"]: row[column] for row in rows_of(table)}
        assert repr([read[row["declaration_id"]] for row in rows]) == repr(list(texts.values()))
