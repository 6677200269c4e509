"""POST /predict: every trader asked for, in order, with money in cents, and what the answer rests on."""

import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx2
import pytest

from features.errors import OutputError
from serving.access.tokens import Role
from serving.live.state import Live
from serving.log.entry import LogEntry
from serving.log.verify import verify
from serving.metrics import PREDICTIONS, UNLOGGED
from tests.optional import not_none
from tests.serving.answers import database
from tests.serving.caller import Service, service


def predict(running: Service, trader_ids: list[str], **headers: str) -> httpx2.Response:
    return running.client.post("/predict", json={"trader_ids": trader_ids}, headers=headers)


def test_answers_come_in_the_order_asked(served: Service, traders: list[str]) -> None:
    requested = [traders[3], traders[0], traders[7]]
    answers = predict(served, requested).json()["answers"]
    assert [each["trader_id"] for each in answers] == requested
    assert [each["rank"] for each in answers] == [4, 1, 8]


def test_an_answer_says_what_the_model_says_in_cents(served: Service, live: Live, traders: list[str]) -> None:
    [answer] = predict(served, traders[:1]).json()["answers"]
    row = live.bundle.model.predict(live.X[[live.row_index[traders[0]]]])
    assert answer["expected"] == round(float(row.expected[0]), 2)
    assert answer["probability"] == round(float(row.probability[0]), 6)
    for name in ("low", "high", "low_if_adjusted", "high_if_adjusted"):
        assert answer[name] == round(float(getattr(row, name)[0]), 2)
    assert sum(round(100 * part) for part in answer["by_type"].values()) == round(100 * answer["expected"])


def test_an_answer_names_model_features_day_and_prediction(
    served: Service, live: Live, traders: list[str]
) -> None:
    got = predict(served, traders[:2]).json()
    assert got["basis"] == {
        "model_version": "1",
        "model_digest": live.bundle.digest,
        "feature_digest": live.bundle.feature_digest,
        "as_of": "2024-10-01",
        "snapshot_digest": live.snapshot_digest,
        "ranked": "by what audits found",
        "warnings": [],
    }
    for answer in got["answers"]:
        logged = served.log.read(answer["prediction_id"])
        assert logged.entry.trader_ids == (answer["trader_id"],)
        assert round(float(not_none(logged.entry.prediction).expected[0]), 2) == answer["expected"]
        assert logged.entry.features is None  # they are those of the snapshot


def test_an_unknown_trader_is_a_problem_and_never_a_score_of_0(served: Service, traders: list[str]) -> None:
    got = predict(served, ["T-unknown"])
    assert (got.status_code, got.json()["unknown"]) == (404, ["T-unknown"])
    mixed = predict(served, [traders[0], "T-unknown", traders[1]]).json()
    assert mixed["unknown"] == ["T-unknown"]
    known, unknown, other = mixed["answers"]
    assert unknown["problem"]["type"] == "urn:audit-yield:problem:unknown-traders"
    assert "expected" not in unknown
    assert (known["trader_id"], other["trader_id"]) == (traders[0], traders[1])


@pytest.mark.parametrize("near", ["{} ", " {}", "{}\N{ZERO WIDTH SPACE}", "\N{CYRILLIC CAPITAL LETTER TE}{}"])
def test_an_identifier_that_only_looks_alike_is_another(
    served: Service, traders: list[str], near: str
) -> None:
    trader = traders[0][1:] if "CYRILLIC" in repr(near) else traders[0]
    assert predict(served, [near.format(trader)]).status_code == 404


@pytest.mark.parametrize("count", [0, 10_001])
def test_no_trader_and_more_than_10_000_are_refused(served: Service, count: int) -> None:
    assert predict(served, [f"T{n}" for n in range(count)]).status_code == 400


def test_the_same_trader_twice_is_refused(served: Service, traders: list[str]) -> None:
    assert predict(served, [traders[0], traders[0]]).status_code == 400


def test_many_traders_are_answered_as_one_by_one(served: Service, traders: list[str]) -> None:
    together = predict(served, traders).json()["answers"]
    assert len(together) > 200  # enough to be made by another thread
    alone = predict(served, [traders[5]]).json()["answers"][0]
    del alone["prediction_id"], together[5]["prediction_id"]
    assert together[5] == alone


def test_10_000_traders_take_a_request_of_a_second(served: Service, traders: list[str]) -> None:
    requested = traders + [f"T-unknown-{n}" for n in range(10_000 - len(traders))]
    begun = time.monotonic()
    got = predict(served, requested)
    assert got.status_code == 200
    assert len(got.json()["answers"]) == 10_000
    assert time.monotonic() - begun < 10  # 0.2 s on a quiet machine


def test_a_token_limited_to_traders_sees_no_other(live: Live, tmp_path: Path, traders: list[str]) -> None:
    with service(live, tmp_path) as running:
        token = running.token(Role.AUDITOR, traders=traders[:2])
        assert predict(running, traders[:2], **token).status_code == 200
        got = predict(running, traders[1:3], **token)
        assert (got.status_code, got.json()["not_yours"]) == (403, [traders[2]])
        shown = running.client.get("/ranking", headers=token).json()["rows"]
        assert [row["trader_id"] for row in shown] == traders[:2]
        assert running.client.get(f"/traders/{traders[2]}", headers=token).status_code == 403
        page = running.client.get("/", headers=token).text
        assert traders[0] in page
        assert traders[2] not in page


def test_predictions_are_counted_by_model(served: Service, traders: list[str]) -> None:
    counted = PREDICTIONS.labels("1")
    before = counted._value.get()
    predict(served, traders[:3])
    assert counted._value.get() == before + 3


def test_no_answer_is_given_that_could_not_be_logged(
    served: Service, traders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(entry: LogEntry) -> None:
        raise OutputError("The disk is full.", expected="free space", advice="Free some.")

    before = UNLOGGED._value.get()
    monkeypatch.setattr(served.log, "append", full)
    got = predict(served, traders[:1])
    assert got.status_code == 503
    assert "disk is full" not in got.text
    assert UNLOGGED._value.get() == before + 1


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_answers_that_would_go_to_a_log_that_was_moved_are_not_given(
    live: Live, traders: list[str], tmp_path: Path, ending: str
) -> None:
    with service(live, tmp_path / "home") as running:
        assert predict(running, traders[:1]).status_code == 200
        path = database(running.log.folder)
        path.with_name(path.name + ending).rename(tmp_path / "elsewhere")
        assert {predict(running, traders[:1]).status_code for _ in range(5)} == {503}
        (tmp_path / "elsewhere").rename(path.with_name(path.name + ending))
        assert predict(running, traders[:1]).status_code == 200
        assert (verify(running.log.folder).rows, verify(running.log.folder).faults) == (2, ())


def test_who_asked_and_what_for_is_logged(served: Service, traders: list[str]) -> None:
    body = {"trader_ids": traders[:1], "purpose": "audit plan"}
    [answer] = served.client.post("/predict", json=body).json()["answers"]
    access = served.log.read(answer["prediction_id"]).entry.access
    assert (access.endpoint, access.actor, access.purpose) == ("POST /predict", "this machine", "audit plan")


def test_a_model_asked_about_a_day_before_its_own_says_so_in_every_answer(
    served: Service, live: Live, traders: list[str]
) -> None:
    assert predict(served, traders[:1]).json()["basis"]["warnings"] == []
    later = replace(live, bundle=replace(live.bundle, cutoff=date(2024, 12, 1)))
    sentence = "The model has learned what was known before 2024-12-01; of 2024-10-01 it knows what was found"
    served.held.current = later
    try:
        [warning] = predict(served, traders[:1]).json()["basis"]["warnings"]
        csv = served.client.get("/ranking?page_size=1", headers={"accept": "text/csv"}).text
        pages = [served.client.get(path).text for path in ("/", f"/traders/{traders[0]}")]
    finally:
        served.held.current = live
    assert warning.startswith(sentence)
    assert all(sentence in text for text in (csv, *pages))


def test_an_answer_and_a_page_say_how_old_the_newest_declaration_is(
    served: Service, live: Live, traders: list[str]
) -> None:
    served.held.current = replace(live, snapshot=replace(live.snapshot, newest_on=date(2024, 7, 1)))
    try:
        [warning] = predict(served, traders[:1]).json()["basis"]["warnings"]
        page = served.client.get(f"/traders/{traders[0]}").text
    finally:
        served.held.current = live
    assert warning.startswith("The newest declaration line is of 2024-07-01, 92 days before 2024-10-01")
    assert warning in page
