"""The servers of a comparison: how each is started, asked and ended, one process and one thread each."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.peers.load import request_of
from benchmarks.peers.model import BOOSTER, FOLDER, PeerModel

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MLSERVER = Path(".benchmarks/mlserver").absolute()
QUIET = {"OMP_NUM_THREADS": "1", "BENTOML_DO_NOT_TRACK": "true", "DO_NOT_TRACK": "true"}
PATIENCE = 240
"""Seconds until a server is ready, on a busy machine."""
Ask = Callable[[Sequence[str]], tuple[str, object]]


@dataclass(frozen=True)
class Peer:
    """A server: the command that starts it, the path that says it is ready, and how it is asked.

    `predict` and `explain` return path and body of a request about traders; None where it does not explain.
    """

    name: str
    command: Sequence[str]
    port: int
    ready: str
    predict: Ask
    explain: Ask | None = None
    token: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def request(self, ask: Ask, traders: Sequence[str]) -> bytes:
        """Return the bytes of a request."""
        path, body = ask(traders)
        return request_of(path, json.dumps(body).encode(), token=self.token)


@dataclass(frozen=True)
class Server:
    """A peer that runs."""

    peer: Peer
    process: psutil.Process

    def processor_seconds(self) -> float:
        """Return the user and system time of its processes so far."""
        tree = [self.process, *self.process.children(recursive=True)]
        return float(sum(times.user + times.system for times in (each.cpu_times() for each in tree)))


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def by_ids(path: str) -> Ask:
    """Return how a server is asked that knows the traders."""
    return lambda traders: (path, {"trader_ids": list(traders)})


def peers(model: PeerModel, folder: Path) -> Iterator[Peer]:
    """Yield the peers that are installed here; `folder` has the model."""
    python = [sys.executable, "-P", "-m"]
    own = {FOLDER: str(folder), "PYTHONPATH": str(ROOT)}
    for name, options in (
        ("FastAPI", ()),
        ("FastAPI (asyncio, h11)", ("--loop", "asyncio", "--http", "h11")),
    ):
        port = free_port()
        command = [*python, "uvicorn", "benchmarks.peers.bare:app", "--port", f"{port}", *options]
        ask = by_ids("/predict"), by_ids("/explain")
        yield Peer(name, [*command, "--log-level", "error"], port, "/openapi.json", *ask, environment=own)
    yield from _mlserver(model, folder)
    port, mlflow = free_port(), (str(BIN / "mlflow"), "models", "serve")
    yield Peer(
        "MLflow",
        [*mlflow, "-m", _saved_for_mlflow(model, folder), "-p", f"{port}", "--env-manager", "local"],
        port,
        "/ping",
        lambda traders: ("/invocations", {"inputs": model.rows(traders).tolist()}),
        environment={"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},  # where it looks for uvicorn
    )
    for name, service, ask_one in (
        (
            "BentoML as documented",
            "documented:Documented",
            lambda traders: ("/predict", {"rows": model.rows(traders).tolist()}),
        ),
        ("BentoML echo", "echo:Echo", by_ids("/echo")),
    ):
        port = free_port()
        command = [*python, "bentoml", "serve", f"benchmarks.peers.{service}", "--working-dir", str(ROOT)]
        yield Peer(name, [*command, "--port", f"{port}"], port, "/readyz", ask_one, environment=own)


def _saved_for_mlflow(model: PeerModel, folder: Path) -> str:
    import mlflow.lightgbm

    mlflow.lightgbm.save_model(model.booster, str(folder / "mlflow"))
    return str(folder / "mlflow")


def _mlserver(model: PeerModel, folder: Path) -> Iterator[Peer]:
    """Yield MLServer, installed into an environment of its own the first time; nothing where that fails."""
    if not (MLSERVER / "bin" / "mlserver").exists():
        print("MLServer is installed below .benchmarks, once.", flush=True)
        install = [str(MLSERVER / "bin" / "pip"), "install", "--quiet", "mlserver", "mlserver-lightgbm"]
        for command in ([sys.executable, "-m", "venv", str(MLSERVER)], install):
            if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own command
                print("MLServer cannot be installed here and is left out.")
                return
    port = free_port()
    settings = {
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 0,
    }
    implementation = "mlserver_lightgbm.LightGBMModel"
    own = {"name": "model", "implementation": implementation, "parameters": {"uri": f"./{BOOSTER}"}}
    for name, content in (("settings.json", settings), ("model-settings.json", own)):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")

    def infer(traders: Sequence[str]) -> tuple[str, object]:
        rows = model.rows(traders)
        tensor = {"name": "rows", "shape": rows.shape, "datatype": "FP64", "data": rows.ravel().tolist()}
        return "/v2/models/model/infer", {"inputs": [tensor]}

    command = [str(MLSERVER / "bin" / "mlserver"), "start", str(folder)]
    yield Peer("MLServer", command, port, "/v2/models/model/ready", infer)


@contextmanager
def running(peer: Peer) -> Iterator[Server | None]:
    """Run a server until the block ends; yields None where it does not get ready."""
    with subprocess.Popen(  # noqa: S603 - our own command
        peer.command,
        env={**os.environ, **QUIET, **peer.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            is_up = _until(lambda: _answers(peer), process)
            if not is_up:
                print(f"{peer.name} does not start and is left out.")
            yield Server(peer, psutil.Process(process.pid)) if is_up else None
        finally:
            process.terminate()


def _until(is_ready: Callable[[], bool], process: "subprocess.Popen[bytes]") -> bool:
    ends = time.monotonic() + PATIENCE
    while not is_ready():
        if process.poll() is not None or time.monotonic() > ends:
            return False
        time.sleep(0.2)
    return True


def _answers(peer: Peer) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{peer.port}{peer.ready}", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
