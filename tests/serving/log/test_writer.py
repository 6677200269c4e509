"""The prediction log: kept before it is sent, once for each request, in order, and only ever added to."""

import asyncio
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import Gauge, Histogram

from features.errors import DataError, OutputError
from serving.log import store
from serving.log.codec import pack, unpack
from serving.log.entry import Access, Decision, LogEntry
from serving.log.verify import verify
from serving.log.writer import PredictionLog, RequestIdTakenError
from serving.metrics import LOG_COMMIT, LOG_LAG, LOG_QUEUE
from tests.clock import now
from tests.optional import not_none
from tests.serving.answers import appended, database, entry, witness


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PredictionLog]:
    opened = PredictionLog(tmp_path / "log", clock=now)
    yield opened
    opened.close()


def append(log: PredictionLog, *entries: LogEntry) -> list[tuple[str, ...]]:
    return [appended(log, each) for each in entries]


def test_what_was_logged_is_read_again_to_the_last_bit(log: PredictionLog) -> None:
    answer = entry()
    [ids] = append(log, answer)
    second = log.read(ids[1]).entry
    assert (second.access, second.basis, second.trader_ids) == (answer.access, answer.basis, ("T2",))
    assert not_none(second.features).tobytes() == not_none(answer.features)[1:].tobytes()
    assert not_none(second.prediction).matrix.tobytes() == not_none(answer.prediction).matrix[1:].tobytes()
    assert not_none(second.contributions).tobytes() == not_none(answer.contributions)[1:].tobytes()
    assert second.base == answer.base


def test_a_row_of_a_release_that_knew_no_range_if_adjusted_is_read() -> None:
    answer = entry()
    packed, prediction = pack(answer, code="c" * 64), not_none(answer.prediction)
    numbers = np.frombuffer(packed.outputs).reshape(2, -1)
    earlier = not_none(
        unpack(replace(packed, outputs=np.delete(numbers, [4, 5], axis=1).tobytes())).prediction
    )
    assert earlier.high.tolist() == prediction.high.tolist()
    assert earlier.by_type.tolist() == prediction.by_type.tolist()
    assert np.isnan(earlier.high_if_adjusted).all()


def test_each_trader_gets_an_id_in_the_order_asked(log: PredictionLog) -> None:
    [ids] = append(log, entry(traders=("T9", "T1", "T9")))
    assert [log.read(each).entry.trader_ids for each in ids] == [("T9",), ("T1",), ("T9",)]


def test_an_access_that_speaks_of_no_trader_is_a_row_with_one_id(log: PredictionLog) -> None:
    [[only]] = append(log, LogEntry(Access("DELETE /log", "r1", "somebody", "auditor", detail="refused")))
    assert log.read(only).entry.access.detail == "refused"
    assert log.read(only).position is None


def test_a_decision_is_a_row_of_its_own_about_the_earlier_one(log: PredictionLog) -> None:
    [[first, _]] = append(log, entry())
    decided = Decision(about=first, human_decision="not audited", override_reason="audited last year")
    [[second]] = append(log, LogEntry(Access("/decisions", "r2", "officer", "risk_unit"), decision=decided))
    assert log.read(second).entry.decision == decided


def test_a_retried_request_is_one_row_and_gets_the_ids_it_got(log: PredictionLog) -> None:
    [first, again] = append(log, entry("r1"), entry("r1"))
    assert first == again
    assert verify(log.folder).rows == 1


def test_the_same_request_id_of_another_actor_is_another_request(log: PredictionLog) -> None:
    other = replace(entry().access, actor="south office")
    append(log, entry(), replace(entry(), access=other))
    assert verify(log.folder).rows == 2


def test_a_request_id_that_stands_for_another_answer_is_refused_and_harms_no_other(
    log: PredictionLog,
) -> None:
    append(log, entry("r1", seed=1))

    async def at_once() -> list[tuple[str, ...] | BaseException]:
        entries = entry("r2"), entry("r1", seed=2), entry("r3")
        return await asyncio.gather(*map(log.append, entries), return_exceptions=True)

    second, taken, third = asyncio.run(at_once())
    assert isinstance(second, tuple)
    assert isinstance(taken, RequestIdTakenError)
    assert isinstance(third, tuple)
    assert "r1" in str(taken)
    assert [log.read(ids[0]).entry.access.request_id for ids in (second, third)] == ["r2", "r3"]


def test_while_the_disk_keeps_it_waiting_the_gauges_say_how_many_answers_and_how_long(
    log: PredictionLog,
) -> None:
    async def held_up() -> tuple[float, float]:
        with closing(sqlite3.connect(database(log.folder), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = [asyncio.create_task(log.append(entry(f"r{number}"))) for number in range(3)]
            while value(LOG_QUEUE) < 3 or value(LOG_LAG) < 0.05:
                await asyncio.sleep(0.001)
            other.execute("COMMIT")
        await asyncio.gather(*waiting)
        log.close()
        return value(LOG_QUEUE), value(LOG_LAG)

    commits = value(LOG_COMMIT)
    assert asyncio.run(held_up()) == (0.0, 0.0)
    assert value(LOG_COMMIT) > commits


def value(metric: Gauge | Histogram) -> float:
    """A gauge, or how often a histogram was told something."""
    samples = {sample.name: sample.value for family in metric.collect() for sample in family.samples}
    [name] = [name for name in samples if not name.endswith(("_bucket", "_sum", "_created"))]
    return samples[name]


def test_what_is_gathered_at_once_keeps_one_row_each(log: PredictionLog) -> None:
    async def many() -> list[tuple[str, ...]]:
        return await asyncio.gather(*(log.append(entry(f"r{number}", seed=number)) for number in range(300)))

    assert len({each for ids in asyncio.run(many()) for each in ids}) == 600
    assert verify(log.folder) == verify(log.folder)
    assert verify(log.folder).rows == 300
    assert verify(log.folder).faults == ()


def test_two_processes_that_append_to_one_log_keep_one_chain(log: PredictionLog) -> None:
    other = PredictionLog(log.folder, clock=now)
    for number in range(20):
        append(other if number % 2 else log, entry(f"r{number}"))
    other.close()
    assert verify(log.folder).rows == 20
    assert verify(log.folder).faults == ()


def test_a_clock_that_jumps_backward_does_not_disorder_the_rows(tmp_path: Path) -> None:
    now = iter(datetime(2025, 1, 2, tzinfo=UTC) + timedelta(days=day) for day in (0, 0, -700, -1))
    log = PredictionLog(tmp_path, clock=lambda: next(now))
    ids = [each[0] for each in append(log, entry("r1"), entry("r2"), entry("r3"))]
    assert [log.read(each).sequence for each in ids] == [1, 2, 3]
    assert [each.prediction_id for each in log.of_trader("T1")] == ids[::-1]
    log.close()
    assert verify(tmp_path).faults == ()


def test_a_trader_finds_its_own_predictions_the_newest_first(log: PredictionLog) -> None:
    append(log, entry("r1", traders=("T1", "T2")), entry("r2", traders=("T2",)), entry("r3", traders=("T3",)))
    logged = log.of_trader("T2")
    assert [(each.entry.access.request_id, each.position) for each in logged] == [("r2", 0), ("r1", 1)]
    for each in logged:
        same = log.read(each.prediction_id)
        assert each.entry.trader_ids == same.entry.trader_ids == ("T2",)
        assert (each.entry.features, each.entry.contributions) == (None, None)
        assert (
            not_none(each.entry.prediction).matrix.tobytes()
            == not_none(same.entry.prediction).matrix.tobytes()
        )
        assert (each.entry.basis, each.entry.base, each.code) == (
            same.entry.basis,
            same.entry.base,
            same.code,
        )
    assert [each.entry.access.request_id for each in log.of_trader("T2", limit=1)] == ["r2"]


def test_a_trader_finds_an_access_without_a_prediction_whatever_its_id_is_made_of(log: PredictionLog) -> None:
    who = Access("GET /traders/evidence", "r1", "north office", "auditor")
    append(log, LogEntry(who, trader_ids=("T1", 'T"\\2é')))
    [logged] = log.of_trader('T"\\2é')
    assert (logged.entry.access, logged.entry.prediction, logged.position) == (who, None, 1)
    assert logged.entry.trader_ids == ('T"\\2é',)


@pytest.mark.parametrize(
    "mistyped", ["", "1", "2-1-{}", "1-3-{}", "1-1-00000000", "1-0-{}", "x-1-{}", "-1-1-{}"]
)
def test_an_id_that_was_never_given_is_said_to_be_unknown(log: PredictionLog, mistyped: str) -> None:
    [[first, _]] = append(log, entry())
    with pytest.raises(DataError, match="has no prediction"):
        log.read(mistyped.format(first[-8:]))


def test_rows_cannot_be_removed_or_changed_through_the_database(log: PredictionLog) -> None:
    append(log, entry())
    connection = sqlite3.connect(database(log.folder))
    for statement in (
        "DELETE FROM answers",
        "UPDATE answers SET logged_at = ''",
        "DELETE FROM traders",
        "UPDATE traders SET place = 7",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
            connection.execute(statement)
    connection.close()
    assert verify(log.folder).faults == ()


def test_nobody_else_on_the_machine_may_read_the_log(log: PredictionLog) -> None:
    append(log, entry())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in log.folder.iterdir()}
    assert {database(log.folder).name, witness(log.folder).name} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(log.folder.stat().st_mode) == 0o700


def test_an_answer_that_the_disk_refuses_is_not_given_and_the_log_recovers(log: PredictionLog) -> None:
    append(log, entry("r1"))
    log._current.connection.execute("PRAGMA max_page_count = 1")  # the disk is full
    big = tuple(f"T{number}" for number in range(20_000))
    with pytest.raises(OutputError, match="cannot be written"):
        append(log, entry("r2", traders=big))
    log._current.connection.execute("PRAGMA max_page_count = 1000000")
    append(log, entry("r2", traders=big))
    assert verify(log.folder).rows == 2
    assert verify(log.folder).faults == ()


def test_a_transaction_that_breaks_off_leaves_nothing_behind(log: PredictionLog) -> None:
    append(log, entry())
    connection = sqlite3.connect(database(log.folder), isolation_level=None)

    def broken_off() -> None:
        with store.transaction(connection):
            connection.execute("INSERT INTO traders VALUES ('T9', 1, 2)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert not connection.in_transaction
    connection.close()
    assert verify(log.folder).faults == ()


def test_a_database_that_cannot_be_opened_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "log" / f"0001-{now():%Y-%m}.sqlite-wal").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot be written: unable to open database file"):
        PredictionLog(tmp_path / "log", clock=now)


def test_a_folder_that_cannot_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file stands here")
    with pytest.raises(OutputError, match="cannot be written"):
        PredictionLog(tmp_path / "log", clock=now)


def test_numbers_that_json_lacks_are_refused_before_they_are_logged(log: PredictionLog) -> None:
    with pytest.raises(ValueError, match="JSON"):
        append(log, replace(entry(), base=np.nan))
    assert verify(log.folder).rows == 0


async def begun(log: PredictionLog, request_id: str) -> "asyncio.Task[tuple[str, ...]]":
    """Hand the writer an answer and wait until it is about to write it."""
    task = asyncio.create_task(log.append(entry(request_id)))
    await asyncio.sleep(0)
    while not log._queue.empty():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    return task


@contextmanager
def held_up(log: PredictionLog) -> Iterator[None]:
    """Make the writer wait: another connection writes."""
    with store.transaction(sqlite3.connect(database(log.folder), isolation_level=None)):
        yield


def test_a_request_given_up_before_it_was_written_leaves_the_others_alone(log: PredictionLog) -> None:
    async def given_up() -> tuple[str, ...]:
        with held_up(log):
            first = await begun(log, "r1")
            second = asyncio.create_task(log.append(entry("r2")))
            await asyncio.sleep(0)
            second.cancel()
        return await first

    assert len(asyncio.run(given_up())) == 2
    append(log, entry("r3"))
    assert (verify(log.folder).rows, verify(log.folder).faults) == (2, ())


def test_a_request_given_up_while_it_is_written_is_kept_and_nobody_is_told(log: PredictionLog) -> None:
    complaints = []

    async def given_up() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        with held_up(log):
            (await begun(log, "r1")).cancel()
        await log.append(entry("r2"))

    asyncio.run(given_up())
    assert (verify(log.folder).rows, complaints) == (2, [])


def test_a_caller_whose_loop_has_ended_does_not_end_the_writer(log: PredictionLog) -> None:
    with held_up(log):
        asyncio.run(begun(log, "r1"))
    append(log, entry("r2"))
    assert (verify(log.folder).rows, verify(log.folder).faults) == (2, ())
