"""Estimates side by side: a line changed or left out, two days, two traders; both sides add up."""

import re
from datetime import date

import httpx2
import pytest

from features.data.dataset import Dataset
from serving.access.tokens import Role
from serving.api.request_schemas import Declaration
from serving.live.case import Case
from serving.live.declared import DeclaredLine, declared_lines
from serving.live.state import Live
from serving.page.render import money
from serving.page.side_by_side import side_by_side
from tests.optional import not_none
from tests.serving.caller import Service, service


@pytest.fixture(scope="module")
def trader(traders: list[str]) -> str:
    """The trader of whom most is expected."""
    return traders[0]


@pytest.fixture(scope="module")
def line(dataset: Dataset, trader: str) -> DeclaredLine:
    """Its largest line of the last year."""
    lines = declared_lines(dataset, trader)
    return next(line for line in lines if line.row["accepted_on"] >= date(2023, 10, 1))


def expected(page: str) -> list[str]:
    """What is expected on either side of a page, and the change, as written."""
    row = re.search(r'<tr class="sum">(.*?)</tr>', page)
    assert row
    return re.findall(r"<b>(.*?)</b>", row[1])


def what_if(served: Service, trader: str, line: DeclaredLine, **values: str | float) -> httpx2.Response:
    return served.client.get(f"/traders/{trader}/what_if", params={**line.key, **values})


def test_the_lines_to_choose_from_come_the_largest_first_each_as_it_stands(
    dataset: Dataset, small_trader: str
) -> None:
    lines = declared_lines(dataset, small_trader)
    values = [line.row["customs_value"] for line in lines]
    assert values == sorted(values, reverse=True)
    assert len({tuple(line.key.values()) for line in lines}) == len(lines)
    for line in lines:
        versions = [row["version"] for row in line.versions]
        assert versions == sorted(versions)


def test_a_changed_line_gives_what_the_api_answers_for_the_same_rows(
    served: Service, trader: str, line: DeclaredLine
) -> None:
    value = round(line.row["customs_value"] * 4, 2)
    page = what_if(served, trader, line, customs_value=value)
    rows = [
        {
            name: str(row[name]) if isinstance(row[name], date) else row[name]
            for name in Declaration.model_fields
        }
        for row in line.changed({"customs_value": value})
    ]
    answer = served.client.post(
        "/score_declarations", json={"trader_id": trader, "declarations": rows, "leave_out": [line.key]}
    ).json()
    logged = served.log.read(page.headers["X-Prediction-Id"]).entry
    again = served.log.read(answer["prediction"]["prediction_id"]).entry
    assert not_none(logged.features).tolist() == not_none(again.features).tolist()
    assert answer["expected_before"] != answer["prediction"]["expected"]
    assert expected(page.text)[:2] == [
        money(answer["expected_before"]),
        money(answer["prediction"]["expected"]),
    ]


def test_a_line_that_is_left_out_counts_no_more(
    served: Service, live: Live, trader: str, line: DeclaredLine
) -> None:
    answer = served.client.post(
        "/score_declarations", json={"trader_id": trader, "leave_out": [line.key]}
    ).json()
    changes = {each["feature"]: each for each in answer["changes"]}
    value = changes["customs_value_12m"]
    assert value["before"] - value["after"] == pytest.approx(line.row["customs_value"])
    page = what_if(served, trader, line, leave_out="true")
    assert expected(page.text)[1] == money(answer["prediction"]["expected"])


def test_a_form_that_is_sent_as_it_came_computes_nothing(
    served: Service, trader: str, line: DeclaredLine
) -> None:
    page = what_if(served, trader, line, vat_assessed=line.row["vat_assessed"])
    assert "press the button" in page.text
    assert '<table class="list sides"' not in page.text


def test_a_value_beyond_its_range_and_a_line_of_another_trader_are_refused(
    served: Service, dataset: Dataset, traders: list[str], trader: str, line: DeclaredLine
) -> None:
    beyond = what_if(served, trader, line, customs_value=line.row["customs_value"] * 11)
    assert beyond.status_code == 422
    assert "a tenth to ten times" in beyond.json()["expected"]
    foreign = declared_lines(dataset, traders[1])[0]
    assert what_if(served, trader, foreign).status_code == 404
    refused = served.client.post(
        "/score_declarations", json={"trader_id": trader, "leave_out": [foreign.key]}
    )
    assert refused.status_code == 422
    assert [each["rule"] for each in refused.json()["violations"]] == ["own_line"]


def test_both_sides_add_up_and_so_do_the_changes(live: Live, traders: list[str]) -> None:
    left, right = (Case.of(live, trader) for trader in traders[:2])
    sides = side_by_side(live, left, right, names=("a", "b"))
    lines = (*sides.lines, *sides.same)
    assert (
        sides.base + sum(line.left for line in lines)
        == sides.left_total
        == round(left.prediction.expected[0])
    )
    assert sides.base + sum(line.right for line in lines) == sides.right_total
    assert sum(line.change for line in sides.lines) == sides.change
    changes = [abs(line.change) for line in sides.lines]
    assert changes == sorted(changes, reverse=True)
    assert 0 not in changes


def test_the_earlier_day_is_what_was_known_then_by_the_model_of_now(
    served: Service, live: Live, traders: list[str]
) -> None:
    page = served.client.get(f"/traders/{traders[0]}/change", params={"since": "2024-07-01"})
    logged = served.log.read(page.headers["X-Prediction-Id"]).entry
    basis = not_none(logged.basis)
    assert (str(basis.as_of), basis.snapshot_digest) == ("2024-07-01", None)
    before, now, _ = expected(page.text)
    assert before == money(not_none(logged.prediction).expected[0])
    assert now == money(live.prediction.expected[live.row_index[traders[0]]])
    assert served.client.get(f"/traders/{traders[0]}/change?since=2024-10-01").status_code == 400


def test_two_traders_are_named_over_their_sides(served: Service, traders: list[str]) -> None:
    page = served.client.get("/compare", params={"one": traders[0], "other": traders[1]})
    heads = re.findall(r'class="num"><bdi>(.*?)</bdi>', page.text)
    assert heads == traders[:2]
    alone = served.client.get("/compare", params={"one": traders[0], "other": ""})
    assert alone.status_code == 200
    assert "<table" not in alone.text
    assert served.client.get("/compare", params={"one": traders[0], "other": "T9"}).status_code == 404


def test_a_limited_reader_sees_its_own_trader_on_the_day_alone(
    live: Live, traders: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    own, foreign = traders[:2]
    with service(live, tmp_path_factory.mktemp("home")) as running:
        token = running.token(Role.AUDITOR, traders=[own])
        statuses = {
            path: running.client.get(path, headers=token).status_code
            for path in (
                f"/traders/{own}/what_if",
                f"/traders/{foreign}/what_if",
                f"/traders/{own}/change",
                f"/traders/{foreign}/change",
                f"/compare?one={own}&other={foreign}",
                f"/compare?one={foreign}",
            )
        }
    assert list(statuses.values()) == [200, 403, 403, 403, 403, 403]


@pytest.mark.parametrize("day", ["0.0", "-4e-180", "1700000000", "2024-7-1", "20240701", "2024-02-30"])
def test_a_day_is_written_as_one_and_no_number(day: str, served: Service, traders: list[str]) -> None:
    assert served.client.get(f"/traders/{traders[0]}/change", params={"since": day}).status_code == 400
    assert served.client.get("/ranking", params={"not_since": day}).status_code == 400
    body = {"trader_id": traders[0], "as_of": day}
    assert served.client.post("/score_declarations", json=body).status_code == 400
