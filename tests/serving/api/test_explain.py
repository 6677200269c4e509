"""POST /explain: reasons in money that add up to the cent, in sentences, with the rows behind them."""

import httpx2
import numpy as np
import pytest

from features.unit import Unit, format_value
from models.prediction import Explanation
from models.reasons import TOGETHER
from serving.api.serialise import serialise_reasons
from serving.live.peers import peers
from serving.live.state import Live
from serving.page.lines import account_of
from tests.optional import not_none
from tests.serving.caller import Service


def explain(served: Service, trader: str, **more: int) -> httpx2.Response:
    return served.client.post("/explain", json={"trader_id": trader, **more})


def in_cents(amount: float) -> int:
    return round(100 * amount)


@pytest.mark.parametrize("top", [1, 3, 500])
def test_base_reasons_and_rest_add_up_to_the_cent(served: Service, traders: list[str], top: int) -> None:
    for trader in traders[::50]:
        got = explain(served, trader, top=top).json()
        parts = [got["base"], got["rest"], *(reason["money"] for reason in got["reasons"])]
        assert sum(map(in_cents, parts)) == in_cents(got["prediction"]["expected"])
        assert len(got["reasons"]) + got["rest_count"] == 6
        by_topic = [got["base"], *(topic["money"] for topic in got["topics"])]
        assert sum(map(in_cents, by_topic)) == in_cents(got["prediction"]["expected"])


def test_topics_hold_every_feature_once_and_their_reasons_add_up_to_them(
    served: Service, live: Live, traders: list[str]
) -> None:
    got = explain(served, traders[0], top=500).json()
    money = {reason["feature"]: reason["money"] for reason in got["reasons"]}
    names = [name for topic in got["topics"] for name in topic["features"]]
    assert sorted(names) == sorted(live.bundle.names)
    topics = {reason["feature"]: reason["topic"] for reason in got["reasons"]}
    for topic in got["topics"]:
        assert {topics[name] for name in topic["features"]} == {topic["topic"]}
        assert sum(money[name] for name in topic["features"]) == pytest.approx(topic["money"], abs=0.05)
        said = {each["feature"]: each["sentence"] for each in got["reasons"]}
        assert topic["sentence"] == said.get(topic["feature"], TOGETHER)
        assert sum(in_cents(each["money"]) for each in topic["by_type"]) == in_cents(topic["money"])
        for each in topic["by_type"]:
            parts = [*(part["money"] for part in each["reasons"]), each["silent_money"]]
            assert sum(map(in_cents, parts)) == in_cents(each["money"])


def test_page_and_answer_give_the_same_reasons_in_the_same_order(
    served: Service, live: Live, traders: list[str]
) -> None:
    for trader in traders[:60:20]:
        topics = explain(served, trader).json()["topics"]
        account = account_of(live, trader, among=peers(live, trader), top=3)
        lines = (*account.lines, *account.others)
        assert [line.topic for line in lines] == [topic["topic"] for topic in topics]
        assert [line.sentence for line in lines] == [topic["sentence"] for topic in topics]
        for line, topic in zip(lines, topics, strict=True):
            answered = [part["sentence"] for each in topic["by_type"] for part in each["reasons"]]
            shown = [part.sentence for each in line.types for part in each.parts]
            assert shown == [sentence for sentence in answered if sentence in shown]


def test_reasons_come_weightiest_first_with_sentence_and_value(
    served: Service, live: Live, traders: list[str]
) -> None:
    first, *others = explain(served, traders[0], top=500).json()["reasons"]
    assert all(abs(first["money"]) >= abs(other["money"]) for other in others)
    assert first["feature"] == "customs_value_12m"
    value = live.X[live.row_index[traders[0]], live.bundle.names.index("customs_value_12m")]
    assert first["value"] == value
    assert first["sentence"] == f"Goods worth {value:,.0f} were declared in the last 12 months."


def test_reasons_of_the_same_weight_keep_their_own_money(live: Live) -> None:
    money = np.array([[0.0, -2.0, 1.0, -0.0, 2.0, -1.0]])
    why = Explanation(0.0, money, money.sum(axis=1), live.bundle.names)
    serialised = serialise_reasons(live, live.X[0], why, top=6)["reasons"]
    assert {each["feature"]: each["money"] for each in serialised} == dict(
        zip(live.bundle.names, money[0], strict=True)
    )
    assert [(-abs(each["money"]), each["feature"]) for each in serialised] == sorted(
        (-abs(each["money"]), each["feature"]) for each in serialised
    )


def test_an_unknown_value_is_null_and_said_to_be_unknown(served: Service, live: Live) -> None:
    row, column = np.argwhere(np.isnan(live.X))[0]
    trader, name = list(live.row_index)[row], live.bundle.names[column]
    [reason] = [r for r in explain(served, trader, top=500).json()["reasons"] if r["feature"] == name]
    assert reason["value"] is None
    assert format_value(None, Unit.DAY) in reason["sentence"]


def test_the_rows_behind_a_reason_add_up_to_its_value(served: Service, small_trader: str) -> None:
    [behind] = explain(served, small_trader, evidence=1).json()["evidence"]
    assert behind["additive"]
    assert behind["rows_in_all"] == len(behind["rows"])
    assert sum(row["share"] for row in behind["rows"]) == pytest.approx(behind["value"])
    assert all(row["declaration_id"] for row in behind["rows"])


def test_reasons_are_logged_as_the_model_gave_them(served: Service, live: Live, traders: list[str]) -> None:
    got = explain(served, traders[1]).json()
    logged = served.log.read(got["prediction"]["prediction_id"]).entry
    explanation = live.bundle.model.explain(live.X[[live.row_index[traders[1]]]])
    assert not_none(logged.contributions).tolist() == explanation.contributions.tolist()
    assert logged.base == explanation.base


def test_an_unknown_trader_has_no_reasons(served: Service) -> None:
    assert explain(served, "T-unknown").status_code == 404
