"""POST /judgements: in the log with their author, on the page, counted, exported; only from our own pages."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from serving.access.tokens import Role
from serving.live.state import Live
from serving.log.erase import erase
from serving.log.judgements import all_judgements
from tests.clock import now
from tests.features.tables import Row
from tests.optional import not_none
from tests.serving.caller import Service, service

SAME_ORIGIN = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
FEATURE = "customs_value_12m"


@pytest.fixture
def running(live: Live, tmp_path: Path) -> Iterator[Service]:
    """A service with a log of its own."""
    with service(live, tmp_path / "home") as made:
        yield made


def post_form(running: Service, fields: Row, **headers: str) -> httpx2.Response:
    """Send a form as a browser does."""
    return running.client.post("/judgements", data=fields, headers=headers, follow_redirects=False)


def form_of(page: str) -> Row:
    """Return the fields of the form of a page, as it comes."""
    [form] = re.findall(r'<form method="post" action="/judgements".*?</form>', page, re.DOTALL)
    names = re.findall(r'name="(\w+)"', form)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {name: hidden.get(name, "") for name in names}


def test_what_the_form_says_is_in_the_log_with_its_author_and_on_the_page(
    running: Service, traders: list[str]
) -> None:
    path = f"/traders/{traders[0]}"
    fields = form_of(running.client.get(path).text)
    said = {"verdict": "wrong", "feature": FEATURE, "because": "Declared <b>twice</b>.", "status": "closed"}
    sent = post_form(running, fields | said | {"note": "Seen on site.", "assigned_to": "Ann"}, **SAME_ORIGIN)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path}#judgements")
    [judgement] = running.log.judgements_of(traders[0])
    assert (judgement.author, judgement.trader_id) == ("this machine", traders[0])
    assert judgement.about == fields["prediction_id"]
    assert judgement.opinion.audited is None
    page = running.client.get(path).text
    assert "is wrong, because: Declared &lt;b&gt;twice&lt;/b&gt;." in page
    assert "<b>Closed</b>, with <bdi>Ann</bdi>" in page
    assert "<bdi>Seen on site.</bdi>" in page


def test_a_later_judgement_adds_and_takes_nothing_back(running: Service, traders: list[str]) -> None:
    for body in ({"status": "assigned", "assigned_to": "Ann"}, {"verdict": "agree"}, {"status": "closed"}):
        assert running.client.post("/judgements", json={"trader_id": traders[0], **body}).status_code == 200
    opinions = [each.opinion for each in running.log.judgements_of(traders[0])]
    assert [each.status for each in opinions] == ["closed", None, "assigned"]
    assert "<b>Closed</b>, with <bdi>Ann</bdi>" in running.client.get(f"/traders/{traders[0]}").text


def test_a_form_sent_twice_is_one_judgement_and_said_again_from_a_fresh_page_another(
    running: Service, traders: list[str]
) -> None:
    for counted in (1, 2):
        fields = form_of(running.client.get(f"/traders/{traders[0]}").text) | {"note": "Seen on site."}
        for _ in range(2):
            assert post_form(running, fields, **SAME_ORIGIN).status_code == 303
        assert len(running.log.judgements_of(traders[0])) == counted
    assert post_form(running, fields | {"note": "Seen twice."}, **SAME_ORIGIN).status_code == 303
    assert len(running.log.judgements_of(traders[0])) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost", "sec-fetch-site": "cross-site"},
        {"origin": "http://localhost", "sec-fetch-site": "same-site"},
        {"origin": "http://localhost", "sec-fetch-site": "none"},
        {"origin": "http://localhost:8080"},
        {"origin": "null"},
        {"origin": "https://elsewhere.example"},
        {},
    ],
    ids=str,
)
def test_a_form_from_anywhere_else_is_refused_and_nothing_is_recorded(
    running: Service, traders: list[str], headers: dict[str, str]
) -> None:
    fields = {"trader_id": traders[0], "verdict": "agree"}
    assert post_form(running, fields, **headers).status_code == 403
    assert running.log.judgements_of(traders[0]) == ()


def test_without_fetch_metadata_the_origin_must_be_the_host_that_is_called(
    running: Service, traders: list[str]
) -> None:
    fields = {"trader_id": traders[0], "verdict": "agree"}
    assert post_form(running, fields, origin="http://localhost").status_code == 303


@pytest.mark.parametrize("path", ["/outcomes", "/predict", "/score_declarations"])
def test_no_other_endpoint_takes_a_form(running: Service, path: str) -> None:
    sent = running.client.post(path, data={"trader_id": "T"}, headers=SAME_ORIGIN)
    assert sent.status_code == 415


SPOILT: dict[str, Row] = {
    "wrong without a reason": {"verdict": "wrong"},
    "a reason that is none": {"verdict": "agree", "feature": "no_such_feature"},
    "a reason without a verdict": {"feature": FEATURE, "note": "x"},
    "why no audit, and an audit": {"audited": True, "not_audited_because": "x"},
    "nothing": {},
    "a prediction of nobody": {"verdict": "agree", "prediction_id": "1-1-00000000"},
    "a status that is none": {"status": "gone"},
    "what nobody reads": {"verdict": "agree", "label": 5.0},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT.keys())
def test_what_says_nothing_or_contradicts_itself_is_refused(
    running: Service, traders: list[str], spoilt: Row
) -> None:
    assert running.client.post("/judgements", json={"trader_id": traders[0], **spoilt}).status_code == 400
    assert running.log.judgements_of(traders[0]) == ()


def test_a_prediction_of_another_trader_cannot_be_meant(running: Service, traders: list[str]) -> None:
    other = running.client.get(f"/traders/{traders[1]}").headers["X-Prediction-Id"]
    body = {"trader_id": traders[0], "verdict": "agree", "prediction_id": other}
    assert running.client.post("/judgements", json=body).status_code == 400


def test_a_limited_caller_judges_its_own_trader_alone(running: Service, traders: list[str]) -> None:
    token = running.token(Role.AUDITOR, traders=[traders[0]])
    statuses = [
        running.client.post(
            "/judgements", json={"trader_id": trader, "verdict": "agree"}, headers=token
        ).status_code
        for trader in traders[:2]
    ]
    assert statuses == [200, 403]


def test_the_page_of_the_model_counts_what_is_called_wrong_and_by_whom_each_once(
    running: Service, traders: list[str]
) -> None:
    token = running.token(Role.AUDITOR)
    wrong = {"verdict": "wrong", "feature": FEATURE, "because": "A slip."}
    for number, body in enumerate(({"verdict": "agree"}, wrong, wrong, {"note": "Seen."})):
        body = {"trader_id": traders[number], **body}
        assert running.client.post("/judgements", json=body, headers=token).status_code == 200
        page = running.client.get("/model", headers=token).text  # counts what is new since the last look
    [section] = re.findall(r'<h2 id="judged">(.*?)</section>', page, re.DOTALL)
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="num">(\d+)</td><td class="num">(\d+)', section)
    assert rows == [("The estimate", "1", "0"), ("Customs value", "0", "2")]
    assert "<bdi>auditor " in section
    limited = running.token(Role.AUDITOR, traders=[traders[0]])
    assert "<bdi>auditor " not in running.client.get("/model", headers=limited).text


def test_judgements_are_handed_out_but_those_of_an_erased_trader(
    running: Service, traders: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trader in traders[:2]:
        body = {"trader_id": trader, "verdict": "wrong", "because": "=1+1", "audited": False}
        assert running.client.post("/judgements", json=body).status_code == 200
    erase(running.log.folder, traders[0], actor="somebody", clock=now, key=None)
    assert [each.trader_id for each in all_judgements(running.log.folder)] == [traders[1]]
    target = tmp_path / "judgements.csv"
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(running.home))
    done = CliRunner().invoke(app, ["log", "judgements", "--out", str(target)])
    assert (done.exit_code, done.output) == (0, f"1 judgements are in {target}.\n")
    [row] = csv.DictReader(io.StringIO(target.read_text()))
    assert (row["trader_id"], row["verdict"], row["audited"]) == (traders[1], "wrong", "False")
    assert row["because"].lstrip("'\t ") == "=1+1" != row["because"]
    told = CliRunner().invoke(app, ["log", "judgements"]).output
    assert "Model 1, the estimate: agreed with 0, wrong 1; by this machine." in told


def test_a_judgement_is_no_outcome(running: Service, traders: list[str]) -> None:
    body = {"trader_id": traders[0], "verdict": "wrong", "because": "A slip."}
    answer = running.client.post("/judgements", json=body).json()
    entry = running.log.read(answer["judgement_id"]).entry
    assert (entry.prediction, entry.decision.outcome) == (None, None)
    assert not_none(entry.decision.judgement)
