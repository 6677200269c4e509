"""What the guard lets through: known hosts, tokens, their roles, whole bodies, no more than it bears."""

import asyncio
import base64
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx2
import numpy as np
import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from serving.access.guard import Guard
from serving.access.permissions import ENDPOINTS, Endpoint
from serving.access.tokens import Role, Tokens
from serving.api.app import make_app
from serving.live.state import Live
from serving.log.writer import PredictionLog
from serving.metrics import NOT_FINITE
from serving.settings import Settings
from tests.clock import now
from tests.optional import not_none
from tests.serving.caller import LOCAL, Held, Service, service

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def locked(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, with tokens."""
    with service(live, tmp_path_factory.mktemp("home")) as running:
        running.token(Role.AUDITOR)
        yield running


def ask(running: Service, endpoint: Endpoint, **headers: str) -> httpx2.Response:
    path = endpoint.path.format(trader_id="T0000001", feature="customs_value_12m")
    content = b"{}" if endpoint.method == "POST" else None
    return running.client.request(endpoint.method, path, content=content, headers={**JSON, **headers})


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
    with closing(sqlite3.connect(running.log.folder / "predictions.sqlite")) as connection:
        return str(connection.execute("SELECT about FROM answers").fetchall())


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
        "/docs",
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


def test_without_tokens_only_the_machine_itself_is_answered(live: Live, tmp_path: Path) -> None:
    with service(live, tmp_path) as running:
        far = httpx2.ASGITransport(running.client.app, client=("192.0.2.1", 5))

        async def from_afar() -> httpx2.Response:
            async with httpx2.AsyncClient(transport=far, base_url=LOCAL) as client:
                return await client.get("/models")

        assert asyncio.run(from_afar()).status_code == 401


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
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert len(headers.get_list("content-security-policy")) == 1


def test_a_body_over_the_limit_is_refused_by_what_it_says_of_itself(served: Service) -> None:
    got = served.client.post("/predict", content=b" " * 3_000_000, headers=JSON)
    assert got.status_code == 413


def test_a_chunked_body_is_refused_when_it_goes_over_the_limit(served: Service) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 10_000

    assert served.client.post("/predict", content=endless(), headers=JSON).status_code == 413


@pytest.fixture
def small(live: Live, tmp_path: Path) -> Iterator[FastAPI]:
    """The app with little patience and few places, to be driven in one event loop."""
    log = PredictionLog(tmp_path / "log", clock=now)
    settings = Settings(body_seconds=0.2, answer_seconds=0.5, concurrency=2)
    app = make_app(Held(live), log, settings, Tokens(tmp_path, clock=now), clock=now)
    yield app
    log.close()


def client(app: ASGIApp) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=LOCAL)


async def stalled() -> AsyncIterator[bytes]:
    yield b'{"trader_ids": ['
    await asyncio.sleep(30)


def test_40_stalled_bodies_leave_the_others_their_answers(small: FastAPI, traders: list[str]) -> None:
    async def run() -> tuple[int, set[int]]:
        async with client(small) as ask:
            stalling = [
                asyncio.create_task(ask.post("/predict", content=stalled(), headers=JSON)) for _ in range(30)
            ]
            await asyncio.sleep(0.05)
            other = await ask.post("/predict", json={"trader_ids": traders[:1]})
            return other.status_code, {(await each).status_code for each in stalling}

    assert asyncio.run(run()) == (200, {408})


def slow(app: FastAPI, *, seconds: float) -> Guard:
    """Put a slow answer behind the guard of an app."""

    async def sleeping(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(seconds)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    [guard] = [
        each for each in app.user_middleware if isinstance(each.cls, type) and issubclass(each.cls, Guard)
    ]
    guarded = guard.cls(sleeping, *guard.args, **guard.kwargs)
    assert isinstance(guarded, Guard)
    return guarded


def test_more_than_it_bears_is_told_to_come_back(small: FastAPI) -> None:
    async def run() -> list[httpx2.Response]:
        async with client(slow(small, seconds=0.2)) as ask:
            return await asyncio.gather(*(ask.get("/models") for _ in range(20)))

    many = asyncio.run(run())
    assert sorted({got.status_code for got in many}) == [200, 429]
    assert sum(got.status_code == 200 for got in many) == 2
    assert {got.headers["retry-after"] for got in many if got.status_code == 429} == {"1"}


def test_an_answer_that_takes_too_long_is_given_up_and_its_place_is_free_again(small: FastAPI) -> None:
    async def run() -> tuple[list[int], int]:
        guarded = slow(small, seconds=2)
        async with client(guarded) as ask:
            late = await asyncio.gather(ask.get("/models"), ask.get("/models"))
            return [got.status_code for got in late], guarded._answering

    assert asyncio.run(run()) == ([503, 503], 0)


def test_an_error_says_nothing_of_the_inside(small: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("/srv/secret/path")

    guarded = slow(small, seconds=0)
    guarded.app = broken

    async def run() -> httpx2.Response:
        async with client(guarded) as ask:
            return await ask.get("/models")

    with caplog.at_level(logging.ERROR):
        got = asyncio.run(run())
    assert got.status_code == 500
    assert "secret" not in got.text
    assert got.json()["request_id"] in caplog.text


def test_a_telemetry_of_the_machine_is_told_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    app = make_app(None, None, Settings(), Tokens(tmp_path, clock=now), clock=now)  # type: ignore[arg-type]  # neither is used
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


def driven(app: ASGIApp, *messages: Message, path: str = "/models", method: str = "GET") -> list[Message]:
    """Drive an ASGI app with what a connection says; return what it sends."""
    received, sent = list(messages), list[Message]()
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(b"host", b"127.0.0.1"), *((k.encode(), v.encode()) for k, v in JSON.items())],
        "client": ("127.0.0.1", 5),
    }

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def connect() -> None:
        await app(scope, receive, send)

    asyncio.run(connect())
    return sent


def test_a_body_that_breaks_off_is_no_request(small: FastAPI) -> None:
    begun = {"type": "http.request", "body": b"{", "more_body": True}
    sent = driven(slow(small, seconds=0), begun, {"type": "http.disconnect"}, path="/predict", method="POST")
    assert [each["status"] for each in sent if "status" in each] == [400]


def test_whoever_waits_for_the_end_of_a_connection_learns_of_it_behind_the_guard(small: FastAPI) -> None:
    heard: list[Message] = []

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        heard.extend([await receive(), await receive()])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guarded = slow(small, seconds=0)
    guarded.app = listening
    body = {"type": "http.request", "body": b"{}", "more_body": False}
    driven(guarded, body, {"type": "http.disconnect"}, path="/predict", method="POST")
    assert heard == [body, {"type": "http.disconnect"}]


def test_an_answer_that_breaks_in_the_middle_is_not_begun_a_second_time(small: FastAPI) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    guarded = slow(small, seconds=0)
    guarded.app = broken
    assert [each["status"] for each in driven(guarded)] == [200]


def test_a_websocket_is_closed_at_once(served: Service) -> None:
    with pytest.raises(WebSocketDisconnect) as closed, served.client.websocket_connect("/models"):
        pass
    assert closed.value.code == 1008
