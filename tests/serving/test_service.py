"""The service as its own processes: it begins or refuses, swaps, drains and is killed, and loses nothing."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import count, takewhile
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from models.bundle.artefact import load_bundle
from models.bundle.champion import POINTER, PUBLISHED
from serving import run
from serving.live.state import Live
from serving.log.reader import FOLDER, read
from serving.log.verify import verify
from serving.replay import replay
from tests.serving import tiny
from tests.serving.server import Server, environment, served, started
from tests.torture import TORTURE

SWITCHES = 200 if TORTURE else 10
KILLS = 20 if TORTURE else 1
WARM, SOAK = 60, 600
"""Seconds of load."""
Ask = Callable[[httpx.Client, int], httpx.Response]


@pytest.fixture(scope="module")
def two(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained folder with two published models, the first of them champion, and its snapshot built."""
    own = Path(shutil.copytree(trained, tmp_path_factory.mktemp("two") / "own"))
    data = own / "sim" / "data"
    champion = (own / "mlruns" / POINTER).read_bytes()
    tiny.publish(own / "mlruns", data, version="2", seed=2)
    (own / "mlruns" / POINTER).write_bytes(champion)
    return own


@pytest.fixture(scope="module")
def server(two: Path) -> Iterator[Server]:
    with served(two, "--drain", "1", AUDIT_YIELD_PROCESS_LOG="json") as running:
        yield running


def test_after_the_words_of_the_command_every_line_is_an_object_where_asked_for(
    server: Server,
) -> None:
    lines = server.said.read_text().splitlines()[3:]
    records = [json.loads(line) for line in lines]
    assert {"bentoml.serve", "serving.live.swap"} <= {record["logger"] for record in records}


def test_metrics_say_what_the_process_takes_and_what_waits(server: Server) -> None:
    text = server.client.get("/metrics").text
    gauges = dict(line.split(" ") for line in text.splitlines() if line[0] != "#" and "{" not in line)
    assert float(gauges["process_resident_memory_bytes"]) > 50e6
    assert 0 < float(gauges["process_open_fds"]) < float(gauges["process_max_fds"])
    waiting = ("log_queue", "log_lag_seconds", "answers_in_the_making", "long_work")
    assert {float(gauges[f"audit_yield_{name}"]) for name in waiting} == {0.0}


@dataclass
class Load:
    """Clients that ask without pause; every answer and every failure is kept."""

    url: str
    asks: tuple[Ask, ...]
    answers: list[httpx.Response] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self._threads = [threading.Thread(target=self._ask, args=(ask,)) for ask in self.asks]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, ask: Ask) -> None:
        with httpx.Client(base_url=self.url, timeout=60.0) as client:
            number = 0
            while not self._end.is_set():
                number += 1
                try:
                    self.answers.append(ask(client, number))
                except httpx.TransportError as error:
                    self.failures.append(repr(error))


def predict(client: httpx.Client, number: int) -> httpx.Response:
    return client.post("/predict", json={"trader_ids": [f"T{4 + number % 200:07}", "T0000003"]})


def explain(client: httpx.Client, number: int) -> httpx.Response:
    return client.post("/explain", json={"trader_id": "T0000003"})


def ranking(client: httpx.Client, number: int) -> httpx.Response:
    return client.get("/ranking")


def url(server: Server) -> str:
    return str(server.client.base_url)


def ids(load: Load) -> list[str]:
    """Return the prediction ids that clients of /predict received."""
    bodies = [each.json() for each in load.answers if each.status_code == 200]
    return [
        answer["prediction_id"] for body in bodies for answer in body.get("answers", ()) if "rank" in answer
    ]


def test_a_ready_service_says_so_and_nothing_of_its_host_is_within_reach(server: Server) -> None:
    assert [server.status(path) for path in ("/livez", "/readyz", "/healthz")] == [200, 200, 200]
    for path in (
        "/docs.json",
        "/schema.json",
        "/static_content/main.js",
        "/docs.json",
        "/openapi",
        "/assets/a.js",
    ):
        answer = server.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "googletagmanager" not in server.client.get("/").text


def test_it_listens_on_this_machine_alone_while_there_are_no_tokens(server: Server) -> None:
    assert "this machine alone is answered" in server.said.read_text()
    with socket.socket() as other:
        other.settimeout(5)
        assert other.connect_ex(
            (socket.gethostbyname(socket.gethostname()), server.client.base_url.port)
        ) or (socket.gethostbyname(socket.gethostname()).startswith("127."))


def test_metrics_count_predictions_by_model_and_say_how_old_the_snapshot_is(server: Server) -> None:
    def counted() -> dict[str, float]:
        lines = server.client.get("/metrics").text.splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")
        }

    name = 'audit_yield_predictions_total{model_version="1"}'
    before = counted().get(name, 0.0)
    predict(server.client, 1)
    after = counted()
    assert after[name] == before + 2
    assert after["audit_yield_snapshot_age_seconds"] > 0
    assert after["audit_yield_refused_champions_total"] == 0
    assert any(each.startswith('audit_yield_model{model_digest="') for each in after)
    assert after['audit_yield_request_seconds_count{route="/predict",status="200"}'] >= 1


@pytest.mark.long
def test_ten_switches_under_a_load_of_mixed_requests_fail_none_and_never_mix_models(
    server: Server, two: Path
) -> None:
    bundles = {version: load_bundle(two / "mlruns" / PUBLISHED / version) for version in ("1", "2")}
    with Load(url(server), (predict, predict, explain, ranking)) as load:
        for switch in range(SWITCHES):
            version = "21"[switch % 2]
            tiny.promote(server.home, bundles[version], version=version)
            ends = time.monotonic() + 60
            while server.client.get("/models").json()["basis"]["model_version"] != version:
                assert time.monotonic() < ends, server.said.read_text()
                time.sleep(0.05)
    assert load.failures == []
    assert {each.status_code for each in load.answers} == {200}
    versions = {each.json()["basis"]["model_version"] for each in load.answers}
    assert versions == {"1", "2"}
    for each in ids(load)[:: max(1, len(ids(load)) // 40)]:
        assert replay(each, log=server.home / FOLDER, home=server.home).same
    assert verify(server.home / FOLDER).faults == ()


def test_a_refused_champion_raises_the_alarm_and_the_old_one_serves_on(server: Server, two: Path) -> None:
    serving = server.client.get("/models").json()["basis"]["model_version"]
    pointer = (server.home / POINTER).read_bytes()
    (server.home / POINTER).write_bytes(b"{")
    ends = time.monotonic() + 60
    while "audit_yield_refused_champions_total 0.0" in server.client.get("/metrics").text:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert server.client.get("/models").json()["basis"]["model_version"] == serving
    (server.home / POINTER).write_bytes(pointer)


def test_before_it_ends_it_turns_not_ready_and_answers_on_and_exits_with_0(server: Server) -> None:
    with Load(url(server), (predict,)) as load:
        time.sleep(0.3)
        server.process.terminate()
        server.wait("/readyz", 503)
        answered = predict(server.client, 1)
        load._end.set()
    assert answered.status_code == 200
    assert answered.headers["connection"] == "close"
    assert load.failures == []
    assert {each.status_code for each in load.answers} == {200}
    assert server.process.wait(timeout=60) == 0
    assert server.status("/livez") is None
    assert verify(server.home / FOLDER).faults == ()


def test_a_kill_in_mid_load_loses_no_answer_that_a_client_received(two: Path) -> None:
    for _ in range(KILLS):
        with served(two) as server, Load(url(server), (predict, predict, predict)) as load:
            while len(load.answers) < 30:
                time.sleep(0.01)
            server.kill()
        received = ids(load)
        assert len(received) >= 30
        for each in received:
            assert read(server.home / FOLDER, each).prediction_id == each
        assert verify(server.home / FOLDER).faults == ()


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
def test_a_worker_that_dies_is_replaced_and_one_that_cannot_begin_ends_the_service(two: Path) -> None:
    with served(two) as server:
        kill_worker(server)
        server.wait("/readyz", 200)
        assert predict(server.client, 1).status_code == 200
        pointer = (server.home / POINTER).read_bytes()
        (server.home / POINTER).write_bytes(b"{")
        kill_worker(server)
        assert server.process.wait(timeout=120) != 0
        assert "The service cannot begin" in server.said.read_text()
        (server.home / POINTER).write_bytes(pointer)
    assert verify(two / "mlruns" / FOLDER).faults == ()


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
def test_minutes_of_load_leave_memory_and_open_files_as_they_were(two: Path) -> None:
    with served(two) as server, ThreadPoolExecutor(3) as pool:

        def loaded(seconds: float) -> tuple[int, int]:
            """Ask for so long, then return the worker's memory in bytes and its open files."""
            ends = time.monotonic() + seconds
            for statuses in pool.map(partial(asked_until, url(server), ends), (predict, explain, ranking)):
                assert statuses == {200}
            return worker.memory_info().rss, worker.num_fds()

        [worker] = psutil.Process(server.process.pid).children()
        memory, files = loaded(WARM)
        later, then = loaded(SOAK)
        assert later - memory < 20e6
        assert abs(then - files) <= 3


def asked_until(address: str, ends: float, ask: Ask) -> set[int]:
    """Ask without pause; return the statuses that were answered."""
    with httpx.Client(base_url=address, timeout=60.0) as client:
        in_time = takewhile(lambda _: time.monotonic() < ends, count())
        return {ask(client, number).status_code for number in in_time}


def test_a_worker_ends_when_its_supervisor_was_killed(two: Path) -> None:
    with served(two, "--drain", "0") as server:
        [worker] = psutil.Process(server.process.pid).children()
        server.process.kill()
        server.process.wait()
        worker.wait(timeout=60)
        assert server.status("/livez") is None


def kill_worker(server: Server) -> None:
    [worker] = psutil.Process(server.process.pid).children()
    worker.kill()
    worker.wait()


def test_the_image_holds_neither_training_code_nor_what_only_training_needs(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "bentoml", "build", "--output", "tag"],
        cwd=run.ROOT,
        env=environment(tmp_path, BENTOML_HOME=str(tmp_path), **run.QUIET),
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    [source] = (tmp_path / "bentos" / "audit_yield").glob("*/src")
    assert {path.name for path in source.iterdir() if path.is_dir()} == {
        "audit_yield",
        "features",
        "models",
        "serving",
    }
    assert {"LICENSE", "NOTICE"} <= {path.name for path in source.iterdir() if path.is_file()}
    assert (source / "serving" / "page" / "templates" / "page.css").is_file()
    kernel = [run.ROOT / "models" / "treeshap" / name for name in ("kernel.c", "kernel.lib")]
    packed = (source / "models" / "treeshap").glob("kernel.*")
    assert {each.name for each in packed} == {each.name for each in kernel if each.exists()}
    named = {
        line.partition("==")[0]
        for line in (source.parent / "env" / "python" / "requirements.txt").read_text().splitlines()
    }
    assert {"bentoml", "lightgbm"} <= named
    assert not named & {"mlflow", "optuna", "pandas", "scikit-learn", "shap", "matplotlib"}


def test_a_prediction_is_the_models_own(two: Path, live: Live) -> None:
    prediction = live.bundle.model.predict(live.X)
    assert np.array_equal(prediction.expected, live.prediction.expected)


@pytest.mark.long
def test_a_bento_is_served_by_bentoml_with_the_settings_of_the_page(own: Path, tmp_path: Path) -> None:
    bento = {"BENTOML_HOME": str(tmp_path / "bentos"), **run.QUIET}
    build = [sys.executable, "-m", "bentoml", "build"]
    subprocess.run(build, cwd=run.ROOT, env=environment(tmp_path, **bento), capture_output=True, check=True)
    serve = f'exec {sys.executable} -P -m bentoml serve audit_yield:latest --port "$AUDIT_YIELD_PORT"'
    said, settings = tmp_path / "said.txt", {"AUDIT_YIELD_AS_OF": f"{tiny.AS_OF}", **bento}
    data = str(own / "sim" / "data")
    with started(
        ["sh", "-c", f"{serve} --host 127.0.0.1"], own, said=said, AUDIT_YIELD_DATA=data, **settings
    ) as server:
        assert predict(server.client, 1).status_code == 200
    assert verify(own / "mlruns" / FOLDER).rows == 1
