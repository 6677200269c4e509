"""Cases from the field, where a folder of them lies beside: each refusal names its cure, which then works."""

import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.data.check import CheckResult, check
from features.data.contract.violation import Severity
from features.data.look import look
from features.data.look.proposal import as_toml
from features.data.mapping import Dialect
from features.data.systems import SYSTEMS, import_export
from features.data.warehouse import open_warehouse
from features.errors import SettingError
from tests.torture import TORTURE

CASES = Path(__file__).parents[4] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases from the field are not here")

ROUNDS = 4
LIMIT = 0.3
"""Of rows in quarantine: one of five is bad in itself where brackets turn out to be a minus."""
REFUSED = [
    "c01_thousands_dash_paren",
    "c02_nbsp_thousands",
    "c03_hs_dots",
    "c05_hs_spaces_and_quotes",
    "c06_two_digit_year",
    "c07_excel_serial_days",
    "c08_day_month_name",
    "c09_ddmmyyyy_lost_zero",
    "c10_one_table_other_date_form",
    "c11_title_rows",
    "c12_footer_total",
    "c13_header_repeated",
    "c19_country_numeric",
    "c20_country_names",
    "c21_country_EU_XX",
    "c31_rate_percent_sign",
]
"""Those that a mapping cures."""
EVERY_TIME = ("c06_two_digit_year", "c10_one_table_other_date_form")
NOTED = {
    "c30_rate_in_percent": "duty_beside_rate",
    "c37_loaded_yesterday": "known_at_once",
    "c38_placeholder_trader": "word_for_nothing",
}
SETTING = r"[a-z_]+ = (?:\"[^\"]*\"|\[[^\]]*\]|[0-9]+)"
UNDER_TABLE = re.compile(rf"({SETTING}(?: and {SETTING})*) under \[([a-z_]+)\] in")
OF_COLUMN = re.compile(r"([a-z_]+ = \{.*? \}) under \[([a-z_]+)\.columns\] in")
LEFT_OUT = re.compile(r"declare (\"[^\"]+\" = \[[^\]]*\]) under \[([a-z_]+)\.leave_out\] in")
AT_TOP = re.compile(r"([a-z_]+ = (?:\[[^\]]*\]|[0-9]+)) at the top of|such as: ([a-z_]+ = [0-9]+)")


def cures(advice: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a mapping that an advice names, each with the section that it stands in."""
    for lines, table in UNDER_TABLE.findall(advice):
        yield from ((line, table) for line in re.findall(SETTING, lines))
    yield from ((line, f"{table}.columns") for line, table in OF_COLUMN.findall(advice))
    yield from ((line, f"{table}.leave_out") for line, table in LEFT_OUT.findall(advice))
    yield from ((line or other, "") for line, other in AT_TOP.findall(advice))


def applied(settings: dict[str, Any], advice: str) -> None:
    """Write the lines that an advice names into a mapping, the first where it names two ways."""
    for line, section in cures(advice.partition(", or else ")[0]):
        place = settings
        for name in filter(None, section.split(".")):
            place = place.setdefault(name, {})
        for name, value in tomllib.loads(line).items():
            is_list_of_words = section.endswith("leave_out") and name in place
            place[name] = [*place[name], *value] if is_list_of_words else value


def checked(folder: Path, settings: Mapping[str, Any]) -> CheckResult:
    dialect = Dialect.of(settings, folder=folder)
    with open_warehouse(str(folder), dialect=dialect) as warehouse:
        return check(warehouse, today=date(2024, 12, 31), limit=LIMIT)


def given(folder: Path) -> dict[str, Any]:
    file = folder / "dialect.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_refusal_names_cures_it(case: str) -> None:
    if not TORTURE and case not in EVERY_TIME:
        pytest.skip("long: AUDIT_YIELD_TORTURE=1")
    settings = given(CASES / case)
    for refused in range(ROUNDS):
        try:
            report = checked(CASES / case, settings).report
        except SettingError as error:
            applied(settings, error.advice)
            continue
        if report.accepted:
            assert refused
            return
        before = repr(settings)
        for violation in report.violations:
            if violation.severity is not Severity.NOTE:
                applied(settings, violation.advice)
        assert repr(settings) != before, [violation.advice for violation in report.violations]
    pytest.fail(f"{case} is still refused with {settings}")


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
@pytest.mark.parametrize(("case", "note"), NOTED.items())
def test_what_is_accepted_and_looks_wrong_is_told(case: str, note: str) -> None:
    report = checked(CASES / case, {}).report
    assert report.accepted
    assert note in {violation.rule for violation in report.violations}


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
def test_amounts_beyond_the_bound_are_rows_to_leave_out_and_those_below_are_added_up() -> None:
    case = CASES / "c29_tiny_and_huge"
    report = checked(case, {}).report
    assert not report.accepted
    beyond = {"customs_value": ["1500000000000000", "9999999999999999"]}
    assert checked(case, {"declarations": {"leave_out": beyond}}).report.accepted
    assert checked(CASES / "c42_line_of_ten_million_million", {}).report.accepted


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
def test_what_a_spreadsheet_damaged_is_named_as_that() -> None:
    report = checked(CASES / "c36_spreadsheet_damage", {}).report
    advice = " ".join(violation.advice for violation in report.violations)
    assert "what a spreadsheet leaves of a longer value" in advice


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
@pytest.mark.parametrize(
    ("layout", "by_hand"),
    [
        ("r3_kazakhstan", {"…": ""}),
        ("r5_colombia", {}),
        (
            "r6_philippines",
            {'accepted_on = { value = "…" }': 'accepted_on = { value = "2025-09-30" }', '"…"': '"PORT"'},
        ),
    ],
)
def test_a_register_is_accepted_with_the_mapping_that_a_look_proposes(
    layout: str, by_hand: Mapping[str, str], tmp_path: Path
) -> None:
    shutil.copy(CASES / f"{layout}.csv", tmp_path)
    (tmp_path / "countries.csv").write_text("КАЗАХСТАН;KZ\nКИТАЙ;CN\n", encoding="utf-8")  # noqa: RUF001
    mapping = re.sub("^#[?] ", "", as_toml(look([str(tmp_path / f"{layout}.csv")])), flags=re.MULTILINE)
    for guess, answer in by_hand.items():
        mapping = mapping.replace(guess, answer)
    lines = [line for line in mapping.splitlines() if line and not line.startswith("#")]
    assert len(lines) < 40
    dialect = Dialect.of(tomllib.loads(mapping), folder=tmp_path)
    with open_warehouse(str(tmp_path), dialect=dialect) as warehouse:
        assert check(warehouse, today=date(2025, 12, 31)).report.accepted


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
def test_a_declaration_of_asycuda_world_is_imported_and_accepted(tmp_path: Path) -> None:
    columns = {
        "TAX_LIN_RAT_DTY": "TAX_LIN_RAT_DOG",
        "TAX_LIN_AMT_DTY": "TAX_LIN_AMT_DOG",
        "TAX_LIN_AMT_VAT": "TAX_LIN_AMT_TVS",
    }
    asycuda = SYSTEMS["asycuda"]
    settings = {"dates": "mm/dd/yy", "pivot": 50, "asycuda": {"columns": columns}}
    dialect = Dialect.of(settings, tables={"asycuda": asycuda.source})
    file = CASES / "r1_asycuda_declaration.xml"
    import_export(asycuda, [file], out=tmp_path / "data", dialect=dialect)
    assert checked(tmp_path / "data", {}).report.accepted
