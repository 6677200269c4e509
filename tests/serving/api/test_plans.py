"""GET /plans: read by whoever may see all traders, one trader by its own; nothing of how the draw is made."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from features.data.append import append_rows
from models.plan.acceptance import assignment_rows
from models.plan.store import FOLDER, TABLE, StoredPlan
from models.plan.text import ROLES, treated_rows
from serving.access.tokens import Role
from serving.live.plans import NewestPlan
from serving.live.state import Live, load_live
from serving.page.letters import letters
from serving.page.notice import Letterhead
from tests.clock import now
from tests.features.tables import Row
from tests.models.plan.test_store import NAME, stored
from tests.serving import tiny
from tests.serving.browser import DARK, looked_over, needs_axe, needs_chromium
from tests.serving.caller import Service, service

CAP = {"by": "size_band", "group": "large", "visits": 9.0}
DECISIONS = f"/plans/{NAME}/decisions"
SAME_ORIGIN = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
DESK, PHONE = "--window-size=1280,800", "--window-size=500,900"


def declined(*trader_ids: str, because: str = "closed down") -> Row:
    """Return the body that declines treatments."""
    return {"trader_ids": list(trader_ids), "decision": "declined", "because": because}


@pytest.fixture(scope="module")
def own_live(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """A live model whose home has room for plans."""
    own = Path(shutil.copytree(trained, tmp_path_factory.mktemp("own") / "trained"))
    dataset = tiny.dataset(own / "sim" / "data", own / "mlruns")
    return load_live(replace(dataset, today=now().date()))


@pytest.fixture(scope="module")
def plan(own_live: Live) -> StoredPlan:
    """A plan of two hundred traders of the snapshot, in its home."""
    return stored(
        own_live.dataset.home,
        trader_ids=tuple(own_live.row_index)[:200],
        reason="the first was of <another> model",
    )


@pytest.fixture(scope="module")
def running(own_live: Live, plan: StoredPlan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(own_live, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def reader(running: Service) -> dict[str, str]:
    return running.token(Role.RISK_UNIT)


def test_all_plans_are_listed(running: Service, plan: StoredPlan, reader: dict[str, str]) -> None:
    [listed] = running.client.get("/plans", headers=reader).json()["plans"]
    assert (listed["name"], listed["first_day"], listed["model_version"]) == (NAME, "2025-01-01", "1")
    assert listed["treated"] == treated_rows(plan.table).num_rows


def test_a_plan_is_answered_with_its_caps_and_who_is_treated(
    running: Service, plan: StoredPlan, reader: dict[str, str]
) -> None:
    got = running.client.get(f"/plans/{NAME}", headers=reader)
    answer = got.json()
    treated = treated_rows(plan.table)
    assert [row["trader_id"] for row in answer["traders"]] == treated["trader_id"].to_pylist()
    assert [cap["price"] for cap in answer["caps"]] == [cap["price"] for cap in plan.record["caps"]]
    assert answer["value"] == plan.record["value"]
    for secret in (plan.record["drawn_by"]["nonce"], plan.record["drawn_by"]["seed"]):
        assert str(secret) not in got.text


def test_a_trader_is_told_how_it_stands_in_the_plan(
    running: Service, plan: StoredPlan, reader: dict[str, str]
) -> None:
    for row in plan.table.to_pylist()[:20]:
        answer = running.client.get(f"/plans/{NAME}/traders/{row['trader_id']}", headers=reader).json()
        assert (answer["plan"], answer["treatment"], answer["role"]) == (NAME, row["treatment"], row["role"])
        field = row["probability_field"]
        assert answer["probability_field"] == (None if np.isnan(field or 0.0) else field)
        assert answer["means"]


def test_data_that_takes_no_rows_is_said_with_the_way_out(
    running: Service, plan: StoredPlan, own_live: Live, reader: dict[str, str], tmp_path: Path
) -> None:
    data = Path(shutil.copytree(own_live.dataset.data, tmp_path / "data"))
    pv.write_csv(assignment_rows(plan, known_on=tiny.AS_OF), data / "assignments.csv")
    (data / "assignments.parquet").unlink(missing_ok=True)
    trader = treated_rows(plan.table)["trader_id"][2].as_py()
    running.held.current = replace(own_live, dataset=replace(own_live.dataset, data=str(data)))
    try:
        got = running.client.post(DECISIONS, json=declined(trader), headers=reader)
    finally:
        running.held.current = own_live
    assert (got.status_code, "--out" in got.json()["advice"]) == (422, True)


def test_a_plan_says_whom_it_burdens(running: Service, plan: StoredPlan, reader: dict[str, str]) -> None:
    answer = running.client.get(f"/plans/{NAME}", headers=reader).json()
    assert answer["burdens"] == plan.record["burdens"]


def test_what_if_answers_worth_and_prices_and_no_names(
    running: Service, plan: StoredPlan, reader: dict[str, str]
) -> None:
    body = {"plan": NAME, "offices": {"XA1": {"field": 3000.0}}, "caps": [CAP], "random_share": 0.1}
    got = running.client.post("/plans/what-if", json=body, headers=reader)
    answer = got.json()
    assert (got.status_code, answer["bound_of_plan"]) == (200, plan.record["bound"])
    assert [cap["bound"] for cap in answer["caps"] if cap["kind"] == "count"] == [9.0]
    assert "visits where size band is large" in got.text
    assert not any(trader in got.text for trader in plan.table["trader_id"].to_pylist())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"plan": f"{NAME}9"}, 404),
        ({"plan": NAME, "offices": {"XA9": {"field": 1.0}}}, 422),
        ({"plan": NAME, "hours": 1.0}, 422),
        ({"plan": NAME, "caps": [{"by": "size_band", "group": "large"}]}, 400),
        ({"plan": NAME, "seed": 7}, 400),
    ],
    ids=["no plan", "no office", "too few hours", "no limit", "no seeds"],
)
def test_what_if_refuses_in_words(
    running: Service, reader: dict[str, str], body: dict[str, object], status: int
) -> None:
    got = running.client.post("/plans/what-if", json=body, headers=reader)
    assert (got.status_code, bool(got.json()["title"])) == (status, True)


def test_who_is_limited_asks_no_what_if(running: Service, plan: StoredPlan) -> None:
    limited = running.token(Role.AUDITOR, traders=plan.table["trader_id"].to_pylist()[:1])
    assert running.client.post("/plans/what-if", json={"plan": NAME}, headers=limited).status_code == 403


@pytest.fixture(scope="module")
def accepted(plan: StoredPlan, own_live: Live) -> Path:
    """The data of the service, which knows of the plan since the day of its model."""
    data = Path(own_live.dataset.data)
    append_rows(str(data), {"assignments": assignment_rows(plan, known_on=tiny.AS_OF)}, part=NAME)
    return data / "assignments.parquet"


def treated(plan: StoredPlan) -> list[str]:
    return [str(trader) for trader in treated_rows(plan.table)["trader_id"].to_pylist()]


def test_a_decline_is_recorded_under_the_name_of_the_token(
    running: Service, plan: StoredPlan, accepted: Path
) -> None:
    """In the data, for what is measured, and in the log, for who did it."""
    before = pq.read_metadata(accepted).num_rows
    trader, other = treated(plan)[:2]
    auditor = running.token(Role.AUDITOR, traders=[trader])
    got = running.client.post(DECISIONS, json=declined(trader), headers=auditor)
    answer = got.json()
    assert (got.status_code, answer["decision"], answer["plan"]) == (200, "declined", NAME)
    newest = pq.read_table(accepted).slice(before).to_pylist()
    assert [(row["trader_id"], row["declined_because"], row["declined_by"]) for row in newest] == [
        (trader, "closed down", answer["by"])
    ]
    logged = running.log.read(answer["traders"][0]["prediction_id"]).entry
    assert (logged.access.actor, logged.decision.override_reason) == (answer["by"], "closed down")

    assert running.client.post(DECISIONS, json=declined(other), headers=auditor).status_code == 403


def standing(html: str, trader: str) -> tuple[bool, str]:
    """Return whether a trader can be ticked on the plan's page, and how it stands there."""
    [row] = re.findall(rf'<tr>((?:(?!</tr>).)*href="/traders/{trader}".*?)</tr>', html, re.DOTALL)
    words = re.findall(r'class="under"><bdi>(.*?)</bdi>', row)
    return f'name="trader_ids" value="{trader}"' in row, "".join(words)


def test_who_is_ticked_on_the_page_is_taken_on_or_declined_and_a_form_sent_twice_decides_once(
    running: Service, plan: StoredPlan, accepted: Path, reader: dict[str, str]
) -> None:
    first, second, third = treated(plan)[3:6]
    sheet = f"/plans/{NAME}/sheet"
    html = running.client.get(sheet, headers=reader).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
    before = running.log.head.rows
    for fields in (
        {"trader_ids": [first, second], "decision": "taken", "assigned_to": "<i>Ann</i>"},
        {"trader_ids": [second], "decision": "declined", "because": "no staff & no car"},
    ):
        for _ in range(2):
            sent = running.client.post(
                DECISIONS, data=hidden | fields, headers=reader | SAME_ORIGIN, follow_redirects=False
            )
            assert (sent.status_code, sent.headers["location"]) == (303, f"{sheet}#treated")
    assert running.log.head.rows == before + 3
    assert pq.read_table(accepted)["declined_because"].to_pylist().count("no staff & no car") == 1
    html = running.client.get(sheet, headers=reader).text
    assert standing(html, first) == (True, "assigned, &lt;i&gt;Ann&lt;/i&gt;")
    assert standing(html, second) == (False, "declined: no staff &amp; no car")
    assert standing(html, third) == (True, "")
    page = running.client.get(f"/traders/{first}", headers=reader).text
    assert "<b>Assigned</b>, with <bdi>&lt;i&gt;Ann&lt;/i&gt;</bdi>" in page


def test_a_form_from_elsewhere_decides_nothing(
    running: Service, plan: StoredPlan, accepted: Path, reader: dict[str, str]
) -> None:
    before = pq.read_metadata(accepted).num_rows, running.log.head.rows
    foreign = {"origin": "http://localhost", "sec-fetch-site": "cross-site"}
    fields = declined(treated(plan)[11])
    assert running.client.post(DECISIONS, data=fields, headers=reader | foreign).status_code == 403
    assert (pq.read_metadata(accepted).num_rows, running.log.head.rows) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"decision": "declined"}, 400),
        ({"decision": "taken", "because": "x"}, 400),
        ({"decision": "declined", "because": "x", "assigned_to": "Ann"}, 400),
        ({"trader_ids": []}, 400),
        ({"trader_ids": ["T9999999"]}, 422),
    ],
    ids=["no reason", "a reason to take", "somebody to decline", "nobody", "not of the plan"],
)
def test_a_decision_that_contradicts_itself_is_refused(
    running: Service, plan: StoredPlan, reader: dict[str, str], body: Row, status: int
) -> None:
    whole = {"trader_ids": treated(plan)[:1], "decision": "taken"} | body
    got = running.client.post(DECISIONS, json=whole, headers=reader)
    assert (got.status_code, bool(got.json()["title"])) == (status, True)


@pytest.mark.parametrize("path", [f"{NAME}9", f"{NAME}/traders/T9999999", f"{NAME}9/sheet", "..%2fmlruns"])
def test_what_is_not_there_is_not_found(running: Service, reader: dict[str, str], path: str) -> None:
    assert running.client.get(f"/plans/{path}", headers=reader).status_code == 404


def test_a_limited_token_sees_its_own_trader_alone(running: Service, plan: StoredPlan) -> None:
    own, other = plan.table["trader_id"].to_pylist()[:2]
    limited = running.token(Role.AUDITOR, traders=[own])
    statuses = [
        running.client.get(path, headers=limited).status_code
        for path in (
            f"/plans/{NAME}/traders/{own}",
            f"/plans/{NAME}/traders/{other}",
            f"/plans/{NAME}",
            f"/plans/{NAME}/sheet",
        )
    ]
    assert statuses == [200, 403, 403, 403]


def test_who_read_whom_is_in_the_log(running: Service, plan: StoredPlan, reader: dict[str, str]) -> None:
    trader = plan.table["trader_id"][0].as_py()
    running.client.get(f"/plans/{NAME}/traders/{trader}", headers=reader)
    [newest] = running.log.of_trader(trader, limit=1)
    assert (newest.entry.access.endpoint, newest.entry.access.detail) == ("GET /plans/plan/traders", NAME)


def test_the_page_says_it_all_and_escapes_it(
    running: Service, plan: StoredPlan, reader: dict[str, str]
) -> None:
    html = running.client.get(f"/plans/{NAME}/sheet", headers=reader).text
    assert "the first was of &lt;another&gt; model" in html
    for row in treated_rows(plan.table).to_pylist():
        assert f'href="/traders/{row["trader_id"]}"' in html
    assert "one more" in html.lower()


def test_the_page_of_a_trader_says_how_it_stands_in_the_plan(
    running: Service, plan: StoredPlan, reader: dict[str, str]
) -> None:
    """With its chances, and a link to the whole plan for whoever may see all traders."""
    own = treated_rows(plan.table).to_pylist()[0]
    page = f"/traders/{own['trader_id']}"
    html = running.client.get(page, headers=reader).text
    assert "In the audit plan" in html
    assert f"<b>{own['treatment']}</b>, {ROLES[own['role']]}" in html
    assert f'href="/plans/{NAME}/sheet"' in html
    limited = running.token(Role.AUDITOR, traders=[own["trader_id"]])
    html = running.client.get(page, headers=limited).text
    assert "In the audit plan" in html
    assert f"/plans/{NAME}/sheet" not in html
    notice = running.client.get(f"{page}?view=notice", headers=reader).text
    assert "audit plan" not in notice


def test_a_damaged_plan_keeps_no_trader_from_being_shown(tmp_path: Path) -> None:
    plan = stored(tmp_path)
    assert NewestPlan().standing(tmp_path, "T0001") is not None
    (tmp_path / FOLDER / plan.name / TABLE).write_bytes(b"x")
    assert NewestPlan().standing(tmp_path, "T0001") is None


def test_a_letter_says_what_was_looked_at_and_no_number(own_live: Live, plan: StoredPlan) -> None:
    table = plan.table.set_column(
        plan.table.column_names.index("treatment"),
        "treatment",
        [["letter" if row % 20 == 0 else "none" for row in range(plan.table.num_rows)]],
    )
    head = Letterhead(date(2025, 1, 2), "Post-clearance audit, XA", "Customs Act 12")
    some = replace(plan, table=table)
    first = table["trader_id"][0].as_py()
    rows = letters(own_live, some, letterhead=head, without=[first]).to_pylist()
    wanted = sorted(table["trader_id"].to_pylist()[::20])
    assert [row["trader_id"] for row in rows] == [trader for trader in wanted if trader != first]
    for row in rows:
        assert (row["office"], row["legal_basis"], row["plan_id"]) == (head.office, head.legal_basis, NAME)
        assert not re.search(r"\d{3}", row["looked_at"])
    assert any("your declarations: " in row["looked_at"] for row in rows)
    assert all(row["looked_at"] for row in rows)


def test_who_is_treated_is_handed_out_as_a_file(
    running: Service, plan: StoredPlan, reader: dict[str, str]
) -> None:
    got = running.client.get(f"/plans/{NAME}/sheet?format=csv", headers=reader)
    assert got.headers["content-disposition"] == f"attachment; filename*=UTF-8''{NAME}.csv"
    assert got.text.count("\n") == treated_rows(plan.table).num_rows + 1
    assert running.client.get(f"/plans/{NAME}/sheet?format=pdf", headers=reader).status_code == 400


@needs_chromium
@needs_axe
@pytest.mark.parametrize("flags", [(DESK,), (PHONE, DARK)], ids=str)
def test_the_page_is_accessible_and_fits_the_window(
    running: Service, accepted: Path, reader: dict[str, str], tmp_path: Path, flags: tuple[str, ...]
) -> None:
    html = running.client.get(f"/plans/{NAME}/sheet", headers=reader).text
    seen = looked_over(html, tmp_path, *flags)
    assert seen["faults"] == []
    assert (seen["wide"], seen["loaded"]) == (0, [])
