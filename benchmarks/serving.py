"""Benchmark of the service, against a bare BentoML echo and FastAPI with LightGBM and `pred_contrib`.

Run with `python -P benchmarks/serving.py [DATA DAY]`, in a folder (or with AUDIT_YIELD_HOME) where a champion
is published, as it is after `make run`. All three servers are up in one run. They take turns to answer for
one trader (predicted and logged; explained), by 1 and by 16 clients, for 1,000 and for as many as there are
up to 10,000. Milliseconds; errors are counted.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from features.storage.home import home

ROOT = Path(__file__).parents[1]
JSON = "application/json"
OURS, ECHO, BARE = 3071, 3072, 3073
REQUESTS = {1: 300, 16: 800}
WARM = 400
"""Requests to each server before any is timed: they lay out the thousand pages of our log's journal, which
are then written over."""
TURNS = 5
"""Rounds in which the servers take turns, so that a busy minute of the machine falls on all of them."""
PATIENCE = 240
DEMONSTRATION = ("demo/data", "2025-01-01")


def main() -> None:
    """Start the servers, send the requests, print the table."""
    data, day = sys.argv[1:3] or DEMONSTRATION
    if not (home() / "champion.json").exists():
        print("No champion is published here: `make run` first. Skipped.")
        return
    own = {"AUDIT_YIELD_HOME": str(home()), "PYTHONPATH": str(ROOT)}
    own |= {"BENCHMARK_DATA": data, "BENCHMARK_DAY": day}
    command = str(Path(sys.executable).parent / "audit-yield")
    python = [sys.executable, "-P", "-m"]
    echo = ["bentoml", "serve", "benchmarks.peers.echo:Echo", "--working-dir", str(ROOT), "--port", str(ECHO)]
    bare = ["uvicorn", "benchmarks.peers.bare:app", "--port", str(BARE), "--log-level", "error"]
    with (
        running([command, "serve", data, "--as-of", day, "--port", str(OURS)], own, OURS, "/readyz"),
        running([*python, *echo], own, ECHO, "/readyz"),
        running([*python, *bare], own, BARE, "/openapi.json"),
    ):
        traders = [row["trader_id"] for row in response_json(OURS, "GET", "/ranking?page_size=10000")["rows"]]
        print(f"{'':34}{'clients':>8}{'median':>9}{'p99':>9}{'errors':>8}{'of echo':>9}{'of bare':>9}")
        for port, path, body in (
            (ECHO, "/echo", {"trader_ids": traders[:1]}),
            (BARE, "/predict", {"trader_ids": traders[:1]}),
            (OURS, "/predict", {"trader_ids": traders[:1]}),
        ):
            if timed(port, path, body, clients=1, requests=WARM)[1]:
                raise SystemExit(f"{path} at {port} answers with errors.")
        for name, count, path in (
            ("predict one", 1, "/predict"),
            ("explain one", 1, "/explain"),
            *((f"predict {count:,} in one call", count, "/predict") for count in (1_000, len(traders))),
        ):
            for clients in (1, 16) if count == 1 else (1,):
                compare(name, traders[:count], path, clients=clients)


def compare(name: str, traders: Sequence[str], path: str, *, clients: int) -> None:
    """Time one kind of request on all three servers, in turns, and print a line each."""
    body = {"trader_id": traders[0]} if path == "/explain" else {"trader_ids": list(traders)}
    size = len(json.dumps(response_json(OURS, "POST", path, body)))
    requests = REQUESTS[clients] if len(traders) == 1 else 30
    calls = {
        "echo": (ECHO, "/echo", {"trader_ids": list(traders), "size": size}),
        "bare": (BARE, path, body),
        "ours": (OURS, path, body),
    }
    took: dict[str, tuple[list[float], int]] = {server: ([], 0) for server in calls}
    for _ in range(TURNS):
        for server, call in calls.items():
            times, errors = timed(*call, clients=clients, requests=requests // TURNS)
            took[server] = took[server][0] + times, took[server][1] + errors
    for server, (times, errors) in took.items():
        ratios = (statistics.median(times) / statistics.median(took[peer][0]) for peer in ("echo", "bare"))
        slow = sorted(times)[int(0.99 * (len(times) - 1))]
        print(
            f"{server + ': ' + name:34}{clients:>8}{1e3 * statistics.median(times):>9.2f}{1e3 * slow:>9.2f}",
            f"{errors:>7}" + "".join(f"{ratio:>9.2f}" for ratio in ratios),
            flush=True,
        )
    if path == "/explain" and clients == 1:
        _print_aim(statistics.median(took["echo"][0]), body)


def _print_aim(echo: float, body: object) -> None:
    alone = statistics.median(response_json(BARE, "POST", "/explain", body)["seconds"] for _ in range(100))
    aim = echo + 1.2 * alone
    print(f"aim: echo + 1.2 x pred_contrib alone, which takes {1e3 * alone:.2f}: {1e3 * aim:.2f}")


def timed(port: int, path: str, body: object, *, clients: int, requests: int) -> tuple[list[float], int]:
    """Return the seconds of each answer, and how many were none."""
    payload = json.dumps(body).encode()
    each = requests // clients
    with ThreadPoolExecutor(clients) as pool:
        done = list(pool.map(lambda _: _client(port, path, payload, each), range(clients)))
    return [second for times, _ in done for second in times], sum(errors for _, errors in done)


def _client(port: int, path: str, payload: bytes, requests: int) -> tuple[list[float], int]:
    connection, times, errors = http.client.HTTPConnection("127.0.0.1", port, timeout=60), [], 0
    for _ in range(requests + 1):
        began = time.perf_counter()
        connection.request("POST", path, payload, {"content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        times.append(time.perf_counter() - began)
        errors += response.status != 200
    connection.close()
    return times[1:], errors


def response_json(port: int, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Return the JSON of the response to one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    payload = None if body is None else json.dumps(body).encode()
    connection.request(
        method, path, payload, {"content-type": "application/json", "accept": "application/json"}
    )
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise SystemExit(f"{path} answered {response.status}: {content[:300]!r}")
    return json.loads(content)  # type: ignore[no-any-return]


@contextmanager
def running(command: list[str], own: dict[str, str], port: int, ready: str) -> Iterator[None]:
    """Run a server until the block ends; wait until it is ready."""
    process = subprocess.Popen(  # noqa: S603  our own command, no shell
        command, env={**os.environ, **own, "BENTOML_DO_NOT_TRACK": "true"}, stdout=subprocess.DEVNULL
    )
    try:
        until(lambda: _answers(port, ready), process)
        yield
    finally:
        process.terminate()
        process.wait(60)


def until(is_ready: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    """Wait until a server is ready; stop where the server has ended."""
    began = time.monotonic()
    while not is_ready():
        if process.poll() is not None or time.monotonic() - began > PATIENCE:
            raise SystemExit("A server did not get ready.")
        time.sleep(0.2)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
