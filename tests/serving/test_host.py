"""The life of the service in one process: not ready until it can answer, failed where it never can."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from features.data.dataset import Dataset
from features.errors import DataError
from serving.host import Host
from serving.live.swap import ModelSwapper
from serving.log.writer import PredictionLog
from tests.clock import now
from tests.serving.answers import database


async def answering(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("answered")(scope, receive, send)


async def stalling(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(600)


def host(
    home: Path, dataset: Dataset, *, failures: list[Exception], application: ASGIApp = answering
) -> Host:
    return Host(
        ModelSwapper(lambda: replace(dataset, home=home)),
        open_log=lambda: PredictionLog(home / "log", clock=now),
        application=lambda log: application,
        on_failure=failures.append,
        drain=0.0,
        clock=now,
    )


def converse(host: Host, ask: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def conversation() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(host), base_url="http://localhost"
        ) as client:
            await ask(client)

    asyncio.run(conversation())


def test_until_it_is_loaded_it_lives_is_not_ready_and_tells_callers_to_come_back(
    own: Path, dataset: Dataset
) -> None:
    service = host(own / "mlruns", dataset, failures=[])

    async def ask(client: httpx.AsyncClient) -> None:
        await service.start()
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        early = await client.get("/ranking")
        assert (early.status_code, early.headers["retry-after"]) == (503, "2")
        assert early.headers["content-type"] == "application/problem+json"
        assert "audit_yield_model{" not in (await client.get("/metrics")).text
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.01)
        assert (await client.get("/ranking")).text == "answered"
        assert 'audit_yield_model{model_digest="' in (await client.get("/metrics")).text
        await service.stop()
        assert (await client.get("/readyz")).status_code == 503
        last = await client.get("/ranking")
        assert (last.text, last.headers["connection"]) == ("answered", "close")

    converse(service, ask)


def test_readiness_says_how_old_the_newest_declaration_is(own: Path, dataset: Dataset) -> None:
    service = host(own / "mlruns", replace(dataset, cutoff=date(2025, 3, 1)), failures=[])

    async def ask(client: httpx.AsyncClient) -> None:
        await service.start()
        while (answer := await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.01)
        ready, *warnings = answer.text.splitlines()
        assert ready == "ready"
        assert warnings[0].startswith("The newest declaration line is of 2024-12-")
        assert warnings[1].startswith("2025-03-01 lies 58 days ahead of today")
        await service.stop()

    converse(service, ask)


def test_where_nothing_can_be_loaded_it_says_so_once_and_never_turns_ready(
    tmp_path: Path, dataset: Dataset
) -> None:
    failures: list[Exception] = []
    service = host(tmp_path, dataset, failures=failures)

    async def ask(client: httpx.AsyncClient) -> None:
        await service.start()
        while not failures:
            await asyncio.sleep(0.01)
        assert (await client.get("/readyz")).status_code == 503
        await service.stop()

    converse(service, ask)
    assert [type(each) for each in failures] == [DataError]


def test_it_is_not_ready_and_alarms_as_long_as_its_log_is_not_in_its_place(
    own: Path, dataset: Dataset
) -> None:
    service = host(own / "mlruns", dataset, failures=[])

    async def ask(client: httpx.AsyncClient) -> None:
        await service.start()
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.01)
        assert "audit_yield_log_fault 0.0" in (await client.get("/metrics")).text
        elsewhere = database(own / "mlruns" / "log").rename(own / "elsewhere")
        assert (await client.get("/readyz")).status_code == 503
        assert "audit_yield_log_fault 1.0" in (await client.get("/metrics")).text
        elsewhere.rename(own / "mlruns" / "log" / f"0001-{now():%Y-%m}.sqlite")
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.01)
        await service.stop()

    converse(service, ask)


def test_paths_that_callers_make_up_make_no_new_counters(own: Path, dataset: Dataset) -> None:
    service = host(own / "mlruns", dataset, failures=[])

    async def ask(client: httpx.AsyncClient) -> None:
        await client.get("/made/up/by/a/caller")
        assert "made/up" not in (await client.get("/metrics")).text

    converse(service, ask)


def test_probes_are_answered_while_nothing_else_is(own: Path, dataset: Dataset) -> None:
    service = host(own / "mlruns", dataset, failures=[], application=stalling)

    async def ask(client: httpx.AsyncClient) -> None:
        await service.start()
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.01)
        waiting = [asyncio.create_task(client.get("/ranking")) for _ in range(200)]
        await asyncio.sleep(0.05)
        for path in ("/livez", "/readyz", "/healthz", "/metrics"):
            assert (await client.get(path)).status_code == 200
        assert not any(each.done() for each in waiting)
        for each in waiting:
            each.cancel()
        await service.stop()

    converse(service, ask)
