"""The work programme: checks by expected money, and the lines that carry four fifths of each reason."""

import csv
import io
from datetime import date

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.evidence import LINE_NAMES, Evidence
from features.library import LIBRARY
from features.library.checks import CHECK_OF
from serving.live.evidence import EvidenceCache, read_rows
from serving.live.programme import (
    MOST_LINES,
    NOTHING,
    programme_table,
    programme_to_plain,
    programme_to_text,
    pulled,
    tasks_of,
)
from serving.live.state import Live
from tests.optional import not_none
from tests.serving.caller import Service


@pytest.fixture(scope="module")
def trader(live: Live) -> str:
    return str(live.ranking["trader_id"][0].as_py())


def evidence(shares: list[float], *, value: float | None = None, additive: bool = True) -> Evidence:
    """Rows of lines with such shares of a value, their sum where none is given; customs values fall."""
    count = len(shares)
    rows = pa.table(
        {
            "declaration_id": [f"D{number}" for number in range(count)],
            "customs_value": [float(count - number) for number in range(count)],
            "share": shares if additive else pa.nulls(count, pa.float64()),
        }
    )
    of, day = LIBRARY.by_name["customs_value_12m"], date(2024, 10, 1)
    return Evidence(of, "T", day, sum(shares) if value is None else value, additive, rows)


def test_the_lines_pulled_carry_four_fifths_and_no_more_than_it_takes() -> None:
    lines = pulled(evidence([50.0, 5.0, 30.0, 10.0, 5.0]))
    assert lines.rows["declaration_id"].to_pylist() == ["D0", "D2"]
    assert lines.words() == "2 lines of 5, carrying 80% of the value"


def test_of_a_value_below_zero_the_lines_that_lower_it_are_pulled() -> None:
    lines = pulled(evidence([-8.0, 3.0, -5.0]))
    assert lines.rows["declaration_id"].to_pylist() == ["D0"]


def test_lines_are_at_most_forty_and_the_largest_where_the_value_is_no_sum() -> None:
    assert pulled(evidence([1.0] * 200)).rows.num_rows == MOST_LINES
    lines = pulled(evidence([1.0] * 50, additive=False))
    assert (lines.rows.num_rows, lines.of_value) == (MOST_LINES, False)
    assert lines.rows["declaration_id"][0].as_py() == "D0"
    assert pulled(evidence([], value=0.0)).rows.num_rows == 0


def test_tasks_come_by_the_money_that_the_reasons_of_their_check_add(live: Live) -> None:
    for trader in live.ranking["trader_id"].to_pylist()[:40:8]:
        tasks = tasks_of(live, trader, limited=False)
        money = [task.money for task in tasks]
        assert money == sorted(money, reverse=True)
        explanation = live.explanation(trader)
        for task in tasks:
            of_check = [
                contribution
                for name, contribution in zip(explanation.names, explanation.contributions[0], strict=True)
                if CHECK_OF[LIBRARY.by_name[name].indicator] is task.check
            ]
            assert task.money == pytest.approx(sum(of_check))
            assert all(reason.money > 0 and reason.why for reason in task.reasons)


def test_a_programme_has_a_row_a_line_with_the_reason_and_its_share(live: Live, trader: str) -> None:
    tasks = tasks_of(live, trader, limited=False)
    rows = read_rows(live, trader, names=[not_none(task.pulled_by) for task in tasks if task.pulled_by])
    table = programme_table(tasks, rows)
    assert table["task"].to_pylist() == sorted(table["task"].to_pylist())
    of_first = table.filter(pc.equal(table["task"], 1))
    assert set(of_first["reason"].to_pylist()) == {not_none(tasks[0].pulled_for)}
    assert sum(of_first["carried"].to_pylist()) >= 0.8 or of_first.num_rows == MOST_LINES
    text = list(programme_to_text(tasks, rows))
    assert text[0].startswith(f"1. {tasks[0].check.what}")
    assert list(programme_to_text([], {})) == [NOTHING]
    plain = programme_to_plain(tasks, rows)
    assert plain[0]["lines"] == of_first.select([*LINE_NAMES, "carried"]).to_pylist()


def test_the_service_hands_it_out_as_a_page_and_as_files(served: Service, traders: list[str]) -> None:
    where = f"/traders/{traders[0]}/programme"
    page = served.client.get(where)
    assert "Pull <a" in page.text
    rows = list(csv.DictReader(io.StringIO(served.client.get(f"{where}?format=csv").text)))
    answer = served.client.get(f"{where}?format=xlsx")
    assert answer.headers["content-disposition"].startswith("attachment;")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet.max_row == len(rows) + 1
    assert {row["declaration_id"] for row in rows} <= {cell.value for cell in sheet["H"]}
    logged = served.log.read(answer.headers["X-Prediction-Id"]).entry
    assert (logged.access.endpoint, logged.trader_ids) == ("GET /traders/programme", (traders[0],))


def test_rows_behind_a_value_are_handed_out_whole(served: Service, live: Live, traders: list[str]) -> None:
    where = f"/traders/{traders[0]}/evidence/customs_value_12m"
    rows = list(csv.DictReader(io.StringIO(served.client.get(f"{where}?format=csv").text)))
    value = live.X[live.row_index[traders[0]], live.bundle.names.index("customs_value_12m")]
    assert sum(float(row["share"]) for row in rows) == pytest.approx(value)
    assert {"description", "seller_id", "declarant_id", "unit_price", "others_unit_price"} <= set(rows[0])
    assert served.client.get(f"{where}?format=pdf").status_code == 400


def test_rows_are_read_once_while_the_data_stay_as_they_are(live: Live, trader: str) -> None:
    cache = EvidenceCache()
    first = cache.read(live, trader, names=["line_count_12m"])
    again = cache.read(live, trader, names=["line_count_12m", "customs_value_12m"])
    assert again["line_count_12m"] is first["line_count_12m"]
    assert list(again) == ["line_count_12m", "customs_value_12m"]
