"""`audit-yield export`: a workbook of a day whose sheets agree with what is answered elsewhere."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from audit_yield.commands import app
from features.data.dataset import Dataset
from features.storage.spreadsheet import write_workbook
from models.card import METRICS, ModelCard, Score, TrainingData
from models.reasons import by_topic
from serving.live.export import COLUMNS, DayExport, export_day
from serving.live.state import Live
from training.score import score

SIXTEEN_DIGITS = 1e-15
"""A cell has no more of them."""
Rows = list[dict[str, Any]]


def read(path: Path) -> Mapping[str, Rows]:
    """Read the sheets of a workbook, a row as what stands under each header."""
    book = openpyxl.load_workbook(path)
    sheets = {}
    for sheet in book.worksheets:
        header, *rows = sheet.iter_rows(values_only=True)
        sheets[sheet.title] = [dict(zip(header, row, strict=True)) for row in rows]
    return sheets


@pytest.fixture(scope="module")
def exported(live: Live) -> DayExport:
    return export_day(live, currency="EUR", progress=lambda done, total: None)


@pytest.fixture(scope="module")
def workbook(exported: DayExport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "analysis.xlsx"
    write_workbook(exported.sheets, path)
    return path


@pytest.fixture(scope="module")
def sheets(workbook: Path) -> Mapping[str, Rows]:
    return read(workbook)


def test_the_ranking_has_the_numbers_that_score_has_and_days_as_days(
    sheets: Mapping[str, Rows], dataset: Dataset, live: Live
) -> None:
    scored = score(dataset)
    for name in scored.column_names:
        values = scored[name].to_pylist()
        if isinstance(values[0], float):
            values = pytest.approx(values, rel=SIXTEEN_DIGITS)
        assert [row[name] for row in sheets["Ranking"]] == values
    days = [row["last_opened_on"] for row in sheets["Ranking"]]
    assert [day.date() if isinstance(day, datetime) else day for day in days] == live.ranking[
        "last_opened_on"
    ].to_pylist()
    assert any(days)


def test_reasons_and_base_add_up_to_what_is_expected_of_each_trader(sheets: Mapping[str, Rows]) -> None:
    [base] = [row["number"] for row in sheets["Card"] if str(row["figure"]).startswith("base:")]
    money: dict[str, float] = defaultdict(float)
    for row in sheets["Reasons"]:
        money[row["trader_id"]] += row["money"]
    expected = {row["trader_id"]: row["expected_yield"] for row in sheets["Ranking"]}
    assert money.keys() == expected.keys()
    assert all(abs(base + money[trader] - expected[trader]) < 0.01 for trader in expected)


def test_a_reason_says_what_the_explanation_of_the_trader_says(
    sheets: Mapping[str, Rows], live: Live, small_trader: str
) -> None:
    row = live.row_index[small_trader]
    topics = by_topic(live.reasons(live.X[row], live.explanation(small_trader)))
    written = [each for each in sheets["Reasons"] if each["trader_id"] == small_trader]
    shown = [(topic.topic, of_type.money) for topic in topics for of_type in topic.by_type]
    assert [each["topic"] for each in written] == [topic for topic, _ in shown]
    assert [each["money"] for each in written] == pytest.approx(
        [money for _, money in shown], rel=SIXTEEN_DIGITS
    )
    sentences = [part.sentence for topic in topics for part in topic.parts if part.why]
    assert {each["sentence"] for each in written if each["feature"]} <= set(sentences)
    assert any(each["feature"] for each in written)


def test_the_card_has_the_figures_of_all_folds_with_their_intervals_and_every_limit(live: Live) -> None:
    overall = Score(None, "random", 12, 3, "total_ratio", "hurdle", None, 1.1, 0.8, 1.4, 0.2)
    of_a_fold = replace(overall, fold=date(2024, 1, 1), value=9.9)
    card = ModelCard(
        data=TrainingData(audits=90), performance=(overall, of_a_fold), limits=("It sees what it saw.",)
    )
    judged = replace(live, bundle=replace(live.bundle, card=card))
    [_, _, sheet, _] = export_day(judged, progress=lambda done, total: None, most_rows=100).sheets
    rows = {row["part"]: row for row in sheet.table.to_pylist()}
    assert rows["performance"] == {
        "part": "performance",
        "figure": METRICS["total_ratio"],
        "population": "random",
        "model": "hurdle",
        "number": 1.1,
        "low": 0.8,
        "high": 1.4,
        "text": None,
    }
    assert rows["limit"]["text"] == "It sees what it saw."
    assert {"figure": "closed audits", "number": 90.0}.items() <= next(
        row for row in sheet.table.to_pylist() if row["part"] == "learned from"
    ).items()


def test_every_column_of_every_sheet_has_words_a_unit_and_a_source(sheets: Mapping[str, Rows]) -> None:
    explained = [(row["sheet"], row["column"]) for row in sheets["Words"]]
    assert explained == [(name, column) for name, rows in sheets.items() for column in rows[0]]
    assert all(row["meaning"] and row["unit"] and row["source"] for row in sheets["Words"])
    assert {row["unit"] for row in sheets["Words"] if row["column"] == "expected_yield"} == {"money, in EUR"}


def test_nothing_that_the_ranking_knows_is_left_out(live: Live) -> None:
    assert set(live.ranking.column_names) <= {each.name for each in COLUMNS["Ranking"]}


def test_headers_stay_in_sight_and_filter_all_rows(workbook: Path) -> None:
    for sheet in openpyxl.load_workbook(workbook).worksheets:
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", sheet.dimensions)


def test_a_trader_named_as_a_formula_is_a_text(live: Live, tmp_path: Path) -> None:
    traders = live.snapshot.traders
    names = pa.array(["=1+1"] * traders.num_rows)
    snapshot = replace(
        live.snapshot, traders=traders.set_column(traders.column_names.index("name"), "name", names)
    )
    hostile = export_day(replace(live, snapshot=snapshot), progress=lambda done, total: None, most_rows=100)
    write_workbook(hostile.sheets, tmp_path / "hostile.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "hostile.xlsx")["Ranking"]
    column = [cell.value for cell in sheet[1]].index("name") + 1
    assert (sheet.cell(2, column).value, sheet.cell(2, column).data_type) == ("=1+1", "s")


def test_where_not_all_reasons_fit_they_are_those_of_the_first_and_it_is_said(
    live: Live, exported: DayExport
) -> None:
    each_has = exported.sheets[1].table.num_rows // exported.traders
    some = export_day(live, progress=lambda done, total: None, most_rows=10 * each_has + 1)
    assert some.sheets[1].table == exported.sheets[1].table.slice(0, 10 * each_has)
    assert some.sheets[0].table == exported.sheets[0].table
    assert some.note is not None
    assert f"the first 10 of {exported.traders} traders" in some.note
    assert exported.note is None


def command(trained: Path, target: Path, *options: str) -> Result:
    data = str(trained / "sim" / "data")
    home = {"AUDIT_YIELD_HOME": str(trained / "mlruns")}
    return CliRunner().invoke(app, ["export", data, str(target), "--as-of", "2024-10-01", *options], env=home)


def test_the_command_writes_the_workbook_and_says_what_is_in_it(
    trained: Path, tmp_path: Path, sheets: Mapping[str, Rows]
) -> None:
    target = tmp_path / "analysis.xlsx"
    done = command(trained, target, "--json")
    assert done.exit_code == 0
    rows_of = {name: len(rows) for name, rows in sheets.items()}
    assert json.loads(done.stdout) == {"rows": rows_of, "note": None}
    assert [path.name for path in tmp_path.iterdir()] == ["analysis.xlsx"]
    assert read(target)["Ranking"] == sheets["Ranking"]
    as_of = [row["text"] for row in read(target)["Card"] if str(row["figure"]).startswith("as of")]
    assert as_of == [date(2024, 10, 1).isoformat()]


def test_another_ending_is_refused_before_any_work(tmp_path: Path) -> None:
    refused = command(tmp_path / "nowhere", tmp_path / "analysis.csv")
    assert refused.exit_code == 2
    assert "'analysis.csv' does not end in .xlsx." in refused.output
    assert "Name it analysis.xlsx." in refused.output
