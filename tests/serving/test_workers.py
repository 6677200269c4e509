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
        running = [asyncio.create_task(workers.run(gate.wait)) for _ in range(most)]
        await asyncio.sleep(0.05)
        with pytest.raises(ProblemError) as refused:
            await workers.run(gate.wait)
        gate.set()
        return refused.value.kind, await asyncio.gather(*running), workers.pending

    assert asyncio.run(run()) == (ProblemKind.BUSY, [True] * (1 + WAITING), 0)


def test_work_whose_caller_has_gone_counts_until_it_ends() -> None:
    async def run() -> tuple[int, int]:
        workers, gate = Workers(1), threading.Event()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workers.run(gate.wait), 0.05)
        while_it_runs = workers.pending
        gate.set()
        await workers.run(lambda: None)
        return while_it_runs, workers.pending

    assert asyncio.run(run()) == (1, 0)


def test_what_the_work_raises_is_raised() -> None:
    def broken() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        asyncio.run(Workers(1).run(broken))
