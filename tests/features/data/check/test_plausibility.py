"""What keeps the contract and looks wrong all the same is noted; ordinary data has no note."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from features.data.check import CheckResult, check, plausibility
from features.data.check.plausibility.identifiers import FEWEST_VALUES
from features.data.check.plausibility.note import Tables as CheckedTables
from features.data.contract.violation import Severity, Violation
from features.data.warehouse import Dialect, open_warehouse
from features.simulate import simulate
from features.simulate.worlds.named import parameters_of
from tests.features.data.warehouse.homes import postgres_database
from tests.features.tables import TODAY, Row, Tables, good_tables, line, trader, write_csv, write_parquet
from tests.postgres import Server

FIRST = date(2022, 1, 10)


def checked(folder: Path, tables: Tables, **dialect: Any) -> CheckResult:
    """Check tables written below a folder."""
    with open_warehouse(str(write_parquet(folder, tables)), dialect=Dialect.of(dialect)) as warehouse:
        return check(warehouse, today=TODAY)


def names(result: CheckResult) -> set[str]:
    """Return where each note of plausibility is, and its name."""
    return {f"{note.location}.{note.rule}" for note in result.implausible}


def lines(**given: Callable[[int], Any]) -> list[Row]:
    """Return ordinary lines over two years, of thirty traders and codes; `given` says what else by number."""
    return [
        line(
            FIRST + timedelta(days=3 * number // 2),
            100.0 + number,
            trader_id=f"T{number % 30:02}",
            hs_code=f"6109{number % 25:04}",
            declaration_id=f"D{number}",
            office_code=f"N{number % 3}",
            procedure_code="4000" if number % 7 else "4051",
            origin_country=("CN", "DE", "XK")[number % 3],
            net_mass_kg=1.0 + number,
            duty_rate=0.05 + 0.01 * (number % 4),
            duty_assessed=round((100.0 + number) * (0.05 + 0.01 * (number % 4)), 2),
            vat_assessed=10.0 + number,
            description=f"shirts {number % 9}",
            related_party=number % 5 == 0,
            version=0 if number % 40 else 1,
            known_on=FIRST + timedelta(days=3 * number // 2 + 1),
        )
        | {name: value(number) for name, value in given.items()}
        for number in range(480)
    ]


def tables(rows: list[Row]) -> Tables:
    """Return the good tables with these lines and their traders in the place of theirs."""
    ids = sorted({row["trader_id"] for row in rows} | {"007", "0815"})
    return good_tables(declarations=rows, traders=[trader(each) for each in ids])


def off_by(power: float, *, where: Callable[[int], bool] = lambda number: True) -> Callable[[int], float]:
    """Return a duty that is a power of ten off, on some lines."""

    def duty(number: int) -> float:
        return (100.0 + number) * (0.05 + 0.01 * (number % 4)) * (power if where(number) else 1.0)

    return duty


IMPLAUSIBLE: dict[str, dict[str, Callable[[int], Any]]] = {
    "declarations.duty_assessed.duty_beside_rate": {"duty_assessed": off_by(0.01)},
    "declarations.duty_rate.rate_above_one": {"duty_rate": lambda number: 0.05 if number % 20 else 5.0},
    "declarations.net_mass_kg.without_mass": {"net_mass_kg": lambda number: float(number % 20)},
    "declarations.customs_value.small_amounts": {
        "customs_value": lambda number: (100.0 + number) / 1000,
        "duty_assessed": off_by(0.001),
    },
    "declarations.vat_assessed.amount_of_nines": {
        "vat_assessed": lambda number: 999_999_999.99 if number in (3, 5) else 1e8 + number
    },
    "declarations.customs_value.beyond_any_other": {
        "customs_value": lambda number: 1e6 if number == 9 else 100.0 + number,
    },
    "declarations.declarant_id.word_for_nothing": {
        "declarant_id": lambda number: "NULL" if number == 4 else f"B{number % 40}"
    },
    "declarations.seller_id.word_for_nothing": {
        "seller_id": lambda number: " n/a" if number == 4 else f"S{number % 40}"
    },
    "declarations.trader_id.word_for_nothing": {
        "trader_id": lambda number: f"T{number % 30}" if number else "0"
    },
    "declarations.trader_id.on_many_lines": {
        "trader_id": lambda number: f"T{number % 30:02}" if number % 3 else "DIVERS"
    },
    "declarations.trader_id.end_as_others_begin": {
        "trader_id": lambda number: f"{'T' if number < 240 else 'N'}{number % FEWEST_VALUES}"
    },
    "declarations.hs_code.end_as_others_begin": {
        "hs_code": lambda number: (
            f"62{number % 18:04}" if number % 5 else "61090000" if number < 240 else "61100000"
        )
    },
    "declarations.origin_country.unknown_country": {
        "origin_country": lambda number: "EU" if number == 8 else "DE"
    },
    "declarations.dispatch_country.unknown_country": {
        "dispatch_country": lambda number: "SU" if number == 8 else None
    },
    "declarations.procedure_code.one_value": {"procedure_code": lambda number: "4000"},
    "declarations.known_on.known_at_once": {
        "known_on": lambda number: (
            FIRST + timedelta(days=720) if number % 3 else FIRST + timedelta(days=3 * number // 2 + 1)
        )
    },
}


def test_ordinary_lines_have_no_note(tmp_path: Path) -> None:
    result = checked(tmp_path, tables(lines()))
    assert names(result) == set()
    assert result.report.accepted


@pytest.mark.parametrize("name", list(IMPLAUSIBLE))
def test_what_is_implausible_is_noted_by_name_and_refuses_nothing(name: str, tmp_path: Path) -> None:
    result = checked(tmp_path, tables(lines(**IMPLAUSIBLE[name])))
    assert name in names(result)
    assert result.report.accepted
    assert any(name.startswith(each.partition(" is implausible: ")[0]) for each in result.outcome.notes)


OTHER_CODES = ("UK", "XX", "EU", "SU", "DE")


def test_many_countries_of_no_list_refuse_the_data_until_what_the_advice_says_is_declared(
    tmp_path: Path,
) -> None:
    rows = tables(lines(origin_country=lambda number: OTHER_CODES[number % 5]))
    data = write_parquet(tmp_path, rows)

    def refusals() -> list[Violation]:
        with open_warehouse(str(data)) as warehouse:
            report = check(warehouse, today=TODAY).report
        return [each for each in report.violations if each.severity is Severity.STRUCTURE]

    [refusal] = refusals()
    assert refusal.location == "declarations.origin_country"
    assert "384 of 480 (80.0%)" in refusal.found
    of_column, at_the_top = re.findall(r"(?:Declare|and) (\w+ = .+?) (?:under|at the top)", refusal.advice)
    (data / "mapping.toml").write_text(
        f"{at_the_top}\n[declarations.columns]\n{of_column}\n", encoding="utf-8"
    )
    assert not refusals()


def test_the_share_of_unknown_countries_that_refuses_is_that_of_the_dialect(tmp_path: Path) -> None:
    rows = tables(lines(origin_country=lambda number: "EU" if number % 5 == 0 else "DE"))
    assert not checked(tmp_path / "1", rows).report.accepted
    assert checked(tmp_path / "2", rows, unknown_country_share=0.2).report.accepted
    assert names(checked(tmp_path / "3", rows, countries=["EU"])) == set()


def test_a_note_that_the_dialect_expects_is_not_told(tmp_path: Path) -> None:
    name = "declarations.duty_rate.rate_above_one"
    rows = tables(lines(**IMPLAUSIBLE[name]))
    assert name not in names(checked(tmp_path, rows, expected_notes=[name]))


def test_thresholds_are_those_of_the_dialect(tmp_path: Path) -> None:
    many, beyond = "declarations.trader_id.on_many_lines", "declarations.customs_value.beyond_any_other"
    assert many not in names(checked(tmp_path / "1", tables(lines(**IMPLAUSIBLE[many])), frequent_share=0.5))
    assert beyond not in names(
        checked(tmp_path / "2", tables(lines(**IMPLAUSIBLE[beyond])), amount_factor=1e5)
    )


def test_duties_of_one_office_alone_are_noted_by_its_code(tmp_path: Path) -> None:
    duty = off_by(100.0, where=lambda number: number % 3 == 1)
    [note] = checked(tmp_path, tables(lines(duty_assessed=duty))).implausible
    assert note.rule == "duty_beside_rate"
    assert "160 of 160 (100.0%) lines of office N1" in note.found


def test_rates_in_percent_are_told_on_three_lines_of_text(tmp_path: Path) -> None:
    three = [row | {"duty_rate": 12.0} for row in good_tables()["declarations"]]
    with open_warehouse(str(write_csv(tmp_path, good_tables(declarations=three)))) as warehouse:
        result = check(warehouse, today=TODAY)
    assert {"declarations.duty_assessed.duty_beside_rate", "declarations.duty_rate.rate_above_one"} <= names(
        result
    )


@pytest.mark.parametrize("world", ["standard", "giants"])
def test_a_simulated_administration_has_no_false_note(world: str, tmp_path: Path) -> None:
    simulate(tmp_path, traders=120, years=3, seed=5, world=parameters_of(world, seed=5))
    with open_warehouse(str(tmp_path / "data")) as warehouse:
        assert names(check(warehouse, today=TODAY)) == set()


def test_engines_note_the_same(postgres: Server, tmp_path: Path) -> None:
    together = {
        column: value
        for name, given in IMPLAUSIBLE.items()
        for column, value in given.items()
        if not name.endswith("end_as_others_begin")
    }
    implausible = tables(lines(**together))
    with open_warehouse(postgres_database(implausible, postgres)) as warehouse:
        by_postgres = check(warehouse, today=TODAY).outcome.notes
    assert len(by_postgres) >= 10
    assert by_postgres == checked(tmp_path, implausible).outcome.notes


def test_a_kind_of_note_that_breaks_off_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(tables: CheckedTables, dialect: Dialect) -> Iterator[Violation]:
        duckdb.sql("SELECT 'x'::BIGINT").fetchall()
        yield from ()

    monkeypatch.setattr(plausibility, "NOTES", (breaks_off, *plausibility.NOTES))
    given = IMPLAUSIBLE["declarations.duty_rate.rate_above_one"]
    assert "declarations.duty_rate.rate_above_one" in names(checked(tmp_path, tables(lines(**given))))


def test_names_of_countries_are_refused_until_the_shipped_list_is_declared(tmp_path: Path) -> None:
    rows = tables(lines(origin_country=lambda number: ("Morocco", "VIET NAM", "156")[number % 3]))
    data = write_parquet(tmp_path, rows)
    with open_warehouse(str(data)) as warehouse:
        report = check(warehouse, today=TODAY).report
    [advice] = [each.advice for each in report.violations if each.rule == "country"]
    line = advice.removeprefix("Declare ").partition(" under [declarations.columns]")[0]
    (data / "mapping.toml").write_text(f"[declarations.columns]\n{line}\n", encoding="utf-8")
    with open_warehouse(str(data)) as warehouse:
        result = check(warehouse, today=TODAY)
        countries = result.good_rows("declarations").origin_country.to_pyarrow().unique().to_pylist()
    assert (result.report.accepted, sorted(countries)) == (True, ["CN", "MA", "VN"])
