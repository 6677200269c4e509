"""What the guard lets through: known hosts, tokens, their roles, whole bodies, no more than it bears."""

import asyncio
import base64
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx2
import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from serving.access.failed_logins import FailedLogins
from serving.access.permissions import ENDPOINTS, Endpoint
from serving.access.tokens import Role, Tokens
from serving.api.app import make_app
from serving.live.state import Live
from serving.log.verify import read_witnesses, verify
from serving.metrics import FAILED_LOGINS, NOT_FINITE
from serving.settings import Settings
from tests.clock import now
from tests.optional import not_none
from tests.serving.answers import database
from tests.serving.caller import JSON, LOCAL, Service, service


@pytest.fixture(scope="module")
def locked(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, with tokens."""
    with service(live, tmp_path_factory.mktemp("home")) as running:
        running.token(Role.AUDITOR)
        yield running


def ask(running: Service, endpoint: Endpoint, **headers: str) -> httpx2.Response:
    path = endpoint.path.format(trader_id="T0000001", feature="customs_value_12m", plan="P-1")
    content = b"{}" if endpoint.method == "POST" else None
    return running.client.request(endpoint.method, path, content=content, headers={**JSON, **headers})


def from_afar(running: Service, **headers: str) -> httpx2.Response:
    """Ask from another machine."""

    async def asked() -> httpx2.Response:
        transport = httpx2.ASGITransport(running.client.app, client=("192.0.2.1", 5))
        async with httpx2.AsyncClient(transport=transport, base_url=LOCAL) as client:
            return await client.get("/models", headers=headers)

    return asyncio.run(asked())


def test_every_route_is_an_endpoint_with_roles_and_every_endpoint_a_route(served: Service) -> None:
    routes = {(method, route.path) for route in served.routes for method in not_none(route.methods)}
    assert routes == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_without_a_token_nothing_is_answered(locked: Service, endpoint: Endpoint) -> None:
    got = ask(locked, endpoint)
    assert got.status_code == 401
    assert got.headers["www-authenticate"].startswith("Bearer")


def test_without_a_token_even_paths_that_are_not_there_are_401(locked: Service) -> None:
    assert locked.client.get("/docs.json").status_code == 401


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Bearer",
        "Bearer ay_forged",
        "Basic " + base64.b64encode(b"ann:forged").decode(),
        "Basic !!!",
        "Basic \xe9",
        "Digest x",
        "Bearer \xff",
    ],
)
def test_a_forged_token_opens_nothing(locked: Service, sent: str) -> None:
    got = locked.client.get("/models", headers={b"authorization": sent.encode("latin-1")})
    assert got.status_code == 401


def test_a_failed_login_is_counted_and_logged_with_its_address(
    locked: Service, caplog: pytest.LogCaptureFixture
) -> None:
    before, forged = FAILED_LOGINS._value.get(), {"authorization": "Bearer ay_forged"}
    with caplog.at_level(logging.WARNING):
        assert from_afar(locked).status_code == 401  # a browser asks without a token first
        assert FAILED_LOGINS._value.get() == before
        assert from_afar(locked, **forged).status_code == 401
    assert FAILED_LOGINS._value.get() == before + 1
    assert "A login from 192.0.2.1 failed" in caplog.text
    assert "ay_forged" not in caplog.text


def test_whoever_tries_again_and_again_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    seconds = [0.0]
    failed = FailedLogins(clock=lambda: seconds[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(250):
            failed.note("192.0.2.1")
        failed.note("192.0.2.2")
        seconds[0] = 61.0
        failed.note("192.0.2.1")
    assert [record.args for record in caplog.records] == [
        ("192.0.2.1", 1),
        ("192.0.2.1", 10),
        ("192.0.2.1", 100),
        ("192.0.2.2", 1),
        ("192.0.2.1", 1),
    ]


def test_a_token_opens_also_as_the_password_that_a_browser_asks_for(locked: Service) -> None:
    [_, secret] = locked.token(Role.AUDITOR)["Authorization"].split()
    assert locked.client.get("/models", auth=("ann", secret)).status_code == 200


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_an_endpoint_is_open_to_its_roles_alone(locked: Service, endpoint: Endpoint, role: Role) -> None:
    got = ask(locked, endpoint, **locked.token(role))
    assert (got.status_code == 403) == (role not in endpoint.roles)


def test_an_attempt_beyond_a_role_is_refused_and_logged(locked: Service) -> None:
    token = locked.token(Role.DATA_SCIENTIST)
    got = locked.client.post("/outcomes", content=b"{}", headers={**JSON, **token})
    assert got.status_code == 403
    assert "POST /outcomes" in logged(locked)


@pytest.mark.parametrize("path", ["/log", "/predictions", "/outcomes", "/ranking"])
def test_nobody_can_delete_what_is_logged_and_the_attempt_is_logged(locked: Service, path: str) -> None:
    got = locked.client.delete(path, headers=locked.token(Role.RISK_UNIT))
    assert got.status_code in (404, 405)
    assert f"DELETE {path}" in logged(locked)


def logged(running: Service) -> str:
    """Return what the log keeps of every request, as text."""
    with closing(sqlite3.connect(database(running.log.folder))) as connection:
        return str(connection.execute("SELECT about FROM answers").fetchall())


def test_every_answer_carries_the_head_of_the_log_and_makes_its_caller_a_witness(
    locked: Service, tmp_path: Path
) -> None:
    token = locked.token(Role.RISK_UNIT)
    heads = [locked.client.get(path, headers=token).headers["x-log-head"] for path in ("/models", "/nowhere")]
    (tmp_path / "heads").write_text("\n".join(heads))
    witnesses = read_witnesses(tmp_path / "heads")
    assert [each.line for each in witnesses] == heads
    assert verify(locked.log.folder, witnesses=witnesses).faults == ()
    assert "x-log-head" not in locked.client.get("/models").headers  # to nobody who was not let in


def test_a_method_that_a_path_does_not_take_is_named_with_those_it_does(served: Service) -> None:
    got = served.client.get("/predict")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "path",
    [
        "/traders/..%2f..%2fetc%2fpasswd",
        "/traders/%2e%2e/models",
        "/traders/a%2fb",
        "//models",
        "/models/",
        "/static/x",
        "/docs.json",
        "/schema.json",
        "/traders/x/evidence/../../y",
        "/%00",
    ],
)
def test_a_path_that_is_not_exactly_ours_is_not_found(served: Service, path: str) -> None:
    url = httpx2.URL(LOCAL).copy_with(raw_path=path.encode())
    assert served.client.get(url).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost.evil.example"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "file://"},
        {"origin": "http://["},
        {"host": "localhost:3000", "origin": "https://localhost.evil.example"},
    ],
)
def test_a_foreign_host_or_origin_is_refused(served: Service, headers: dict[str, str]) -> None:
    assert served.client.get("/models", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"host": "localhost:3000"}, {"host": "[::1]:3000"}, {"origin": "http://127.0.0.1:3000"}],
)
def test_the_service_goes_by_its_own_names(served: Service, headers: dict[str, str]) -> None:
    assert served.client.get("/models", headers=headers).status_code == 200


def test_case_makes_no_other_name(live: Live, tmp_path: Path) -> None:
    with service(live, tmp_path, settings=Settings(hosts=("Risk.Customs.example",))) as running:
        assert running.client.get("/models", headers={"host": "RISK.customs.example"}).status_code == 200


def test_without_tokens_only_the_machine_itself_is_answered(live: Live, tmp_path: Path) -> None:
    with service(live, tmp_path) as running:
        assert from_afar(running).status_code == 401


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
def test_without_tokens_a_proxy_of_the_machine_is_not_answered(served: Service, header: str) -> None:
    assert served.client.get("/models", headers={header: "198.51.100.7"}).status_code == 401


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "ü"])
def test_a_request_id_that_cannot_be_logged_is_refused(served: Service, given: str) -> None:
    got = served.client.get("/models", headers={b"x-request-id": given.encode("latin-1")})
    assert got.status_code == 400


def test_a_retried_request_is_answered_the_same_and_logged_once(served: Service, traders: list[str]) -> None:
    def again() -> httpx2.Response:
        return served.client.post(
            "/predict", json={"trader_ids": traders[:2]}, headers={"x-request-id": "mine-1"}
        )

    first, second = again(), again()
    assert first.json() == second.json()
    assert first.headers["x-request-id"] == "mine-1"


def test_a_request_id_that_stands_for_another_question_is_a_conflict(
    served: Service, traders: list[str]
) -> None:
    def say(trader: str) -> httpx2.Response:
        headers = {"x-request-id": "mine-2"}
        return served.client.post("/predict", json={"trader_ids": [trader]}, headers=headers)

    assert [say(traders[0]).status_code, say(traders[1]).status_code] == [200, 409]


def test_every_answer_keeps_browsers_from_guessing_leaking_and_running(served: Service) -> None:
    for path in ("/", "/models", "/nowhere"):
        headers = served.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == ("same-origin" if path == "/" else "no-referrer")
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert len(headers.get_list("content-security-policy")) == 1


def test_a_telemetry_of_the_machine_is_told_nothing(
    served: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    app = make_app(served.held, served.log, Settings(), Tokens(tmp_path, clock=now), clock=now)
    assert TestClient(app, base_url=LOCAL, client=("127.0.0.1", 5)).get("/openapi.json").status_code == 200
    assert seen.get_finished_spans() == ()


def test_a_number_that_is_none_is_an_alarm_and_never_null(
    served: Service, live: Live, traders: list[str]
) -> None:
    broken = replace(live)
    spoiled = live.prediction.expected.copy()
    spoiled[live.row_index[traders[0]]] = np.nan
    broken.__dict__["prediction"] = replace(live.prediction, expected=spoiled)
    before = NOT_FINITE._value.get()
    served.held.current = broken
    try:
        got = served.client.post("/predict", json={"trader_ids": traders[:2]})
    finally:
        served.held.current = live
    assert got.status_code == 500
    assert "null" not in json.dumps(got.json())
    assert NOT_FINITE._value.get() == before + 1


def test_a_websocket_is_closed_at_once(served: Service) -> None:
    with pytest.raises(WebSocketDisconnect) as closed, served.client.websocket_connect("/models"):
        pass
    assert closed.value.code == 1008
