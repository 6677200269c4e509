"""The guard with clients that send too much, too slowly or break off, and with answers that do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.access.guard import Guard
from serving.access.shares import Resource
from serving.access.tokens import Tokens
from serving.api.app import make_app
from serving.live.state import Live
from serving.log.writer import PredictionLog
from serving.settings import Settings
from tests.clock import now
from tests.serving.caller import JSON, LOCAL, Held, Service


def test_a_body_over_the_limit_is_refused_by_what_it_says_of_itself(served: Service) -> None:
    got = served.client.post("/predict", content=b" " * 3_000_000, headers=JSON)
    assert got.status_code == 413


def test_a_chunked_body_is_refused_when_it_goes_over_the_limit(served: Service) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 10_000

    assert served.client.post("/predict", content=endless(), headers=JSON).status_code == 413


@pytest.fixture
def small(live: Live, tmp_path: Path) -> Iterator[Guard]:
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


def test_40_stalled_bodies_leave_the_others_their_answers(small: Guard, traders: list[str]) -> None:
    async def run() -> tuple[int, set[int]]:
        async with client(small) as ask:
            stalling = [
                asyncio.create_task(ask.post("/predict", content=stalled(), headers=JSON)) for _ in range(30)
            ]
            await asyncio.sleep(0.05)
            other = await ask.post("/predict", json={"trader_ids": traders[:1]})
            return other.status_code, {(await each).status_code for each in stalling}

    assert asyncio.run(run()) == (200, {408})


def slow(guard: Guard, *, seconds: float) -> Guard:
    """Put a slow answer behind a guard."""

    async def sleeping(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(seconds)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    return replace(guard, app=sleeping)


def test_more_than_it_bears_is_told_to_come_back(small: Guard) -> None:
    async def run() -> list[httpx2.Response]:
        async with client(slow(small, seconds=0.2)) as ask:
            return await asyncio.gather(*(ask.get("/models") for _ in range(20)))

    many = asyncio.run(run())
    assert sorted({got.status_code for got in many}) == [200, 429]
    assert sum(got.status_code == 200 for got in many) == 2
    assert {got.headers["retry-after"] for got in many if got.status_code == 429} == {"1"}


def test_an_answer_that_takes_too_long_is_given_up_and_its_place_is_free_again(small: Guard) -> None:
    async def run() -> tuple[list[int], int]:
        guarded = slow(small, seconds=2)
        async with client(guarded) as ask:
            late = await asyncio.gather(ask.get("/models"), ask.get("/models"))
            return [got.status_code for got in late], guarded.shares.total[Resource.ANSWER]

    assert asyncio.run(run()) == ([503, 503], 0)


def test_an_error_says_nothing_of_the_inside(small: Guard, caplog: pytest.LogCaptureFixture) -> None:
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


def test_a_body_that_breaks_off_is_no_request(small: Guard) -> None:
    begun = {"type": "http.request", "body": b"{", "more_body": True}
    sent = driven(slow(small, seconds=0), begun, {"type": "http.disconnect"}, path="/predict", method="POST")
    assert [each["status"] for each in sent if "status" in each] == [400]


def test_whoever_waits_for_the_end_of_a_connection_learns_of_it_behind_the_guard(small: Guard) -> None:
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


def test_an_answer_that_breaks_in_the_middle_is_a_problem_and_no_half_answer(small: Guard) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    guarded = slow(small, seconds=0)
    guarded.app = broken
    assert [each["status"] for each in driven(guarded) if "status" in each] == [500]
