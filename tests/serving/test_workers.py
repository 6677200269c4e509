"""Threads for what would hold up other answers: a bounded queue, and work that counts until it ends."""

import asyncio
import threading

import pytest

from serving.problems import ProblemError, ProblemKind
from serving.workers import WAITING, Workers


def test_more_than_can_wait_is_refused_at_once_and_never_late() -> None:
    async def run() -> tuple[ProblemKind, list[bool], int]:
        workers, gate = Workers(1), threading.Event()
        most = 1 + WAITING
        running = [asyncio.create_task(workers.run(gate.wait, caller="ann")) for _ in range(most)]
        await asyncio.sleep(0.05)
        with pytest.raises(ProblemError) as refused:
            await workers.run(gate.wait, caller="ann")
        gate.set()
        return refused.value.kind, await asyncio.gather(*running), workers.pending["ann"]

    assert asyncio.run(run()) == (ProblemKind.BUSY, [True] * (1 + WAITING), 0)


def test_callers_take_turns_so_that_a_long_queue_of_one_is_no_queue_of_another() -> None:
    async def run() -> list[str]:
        workers, gate = Workers(1), threading.Event()
        order: list[str] = []
        first = asyncio.create_task(workers.run(gate.wait, caller="ann"))
        await asyncio.sleep(0)
        calls = ["ann", "ann", "ann", "bob", "cyd", "bob"]
        rest = [
            asyncio.create_task(workers.run(lambda caller=caller: order.append(caller), caller=caller))  # type: ignore[misc]  # the argument is bound
            for caller in calls
        ]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *rest)
        return order

    assert asyncio.run(run()) == ["ann", "bob", "cyd", "ann", "bob", "ann"]


def test_a_caller_whose_queue_is_full_is_alone_in_being_refused() -> None:
    async def run() -> tuple[str, int]:
        workers, gate = Workers(1), threading.Event()
        full = [asyncio.create_task(workers.run(gate.wait, caller="ann")) for _ in range(1 + WAITING)]
        await asyncio.sleep(0)
        other = asyncio.create_task(workers.run(lambda: "bob's", caller="bob"))
        await asyncio.sleep(0)
        with pytest.raises(ProblemError):
            await workers.run(gate.wait, caller="ann")
        gate.set()
        await asyncio.gather(*full)
        return await other, workers.pending.total()

    assert asyncio.run(run()) == ("bob's", 0)


def test_work_whose_caller_has_gone_counts_until_it_ends() -> None:
    async def run() -> tuple[int, int]:
        workers, gate = Workers(1), threading.Event()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workers.run(gate.wait, caller="ann"), 0.05)
        while_it_runs = workers.pending["ann"]
        gate.set()
        await workers.run(lambda: None, caller="ann")
        return while_it_runs, workers.pending["ann"]

    assert asyncio.run(run()) == (1, 0)


def test_what_the_work_raises_is_raised() -> None:
    def broken() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        asyncio.run(Workers(1).run(broken, caller="ann"))
