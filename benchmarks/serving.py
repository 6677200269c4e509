"""Benchmark of the service with token and log, against servers of a bare LightGBM of the same size.

    python -P benchmarks/serving.py [--quick] [--data DATA --as-of DAY]

Peers are FastAPI (with uvloop and httptools, as ours, and with asyncio and h11), MLServer with its LightGBM
runtime, MLflow's server, BentoML as its documents begin, and a BentoML echo. MLServer is installed below
`.benchmarks`, once; a peer that does not start is left out. All of them are up in one run and take turns, so
that a busy minute of the machine falls on all. The champion is the one of AUDIT_YIELD_HOME for DATA; else one
is trained below `.benchmarks`, once.

Prints answers a second, the middle and the 99th percentile of what an answer took, and its processor time,
which a busy machine changes least; then what a sync of the disk took in the folder of the log.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

from benchmarks.peers.load import load
from benchmarks.peers.model import PeerModel, read_peer_model, write_peer_model
from benchmarks.peers.servers import Peer, Server, by_ids, free_port, peers, running
from benchmarks.table import row
from features.data.dataset import Dataset
from features.storage.home import home
from serving.access.tokens import Role, new_token
from serving.live.state import load_live

OWN = Path(".benchmarks/serving").absolute()
DAY = "2025-01-01"
COMMAND = str(Path(sys.executable).parent / "audit-yield")
OURS = "ours"
SYNCS = 50


@dataclass(frozen=True)
class Length:
    """How long servers are loaded: seconds of a turn, and turns after one to warm up."""

    seconds: float
    turns: int


@dataclass(frozen=True)
class Turn:
    """What a server did in a turn: answers a second, and the seconds of an answer; or the medians of turns.

    `processor` are seconds of all threads of all its processes.
    """

    per_second: float
    median: float
    p99: float
    processor: float
    errors: int

    @classmethod
    def of(cls, turns: Sequence["Turn"]) -> "Turn":
        """Return the medians over turns, and all errors."""
        return cls(
            per_second=statistics.median(turn.per_second for turn in turns),
            median=statistics.median(turn.median for turn in turns),
            p99=statistics.median(turn.p99 for turn in turns),
            processor=statistics.median(turn.processor for turn in turns),
            errors=sum(turn.errors for turn in turns),
        )


Compared = Mapping[str, Turn]
Requests = Callable[[Peer], bytes]
Goals = Mapping[str, float]
AS_FAST: Goals = {"FastAPI": 1.0, "FastAPI (asyncio, h11)": 1.0, "MLServer": 1.0}


def main() -> None:
    """Start the servers, let them take turns, print what they took."""
    arguments = _arguments()
    data, day = (arguments.data, arguments.as_of) if arguments.data else _trained()
    length = Length(1.0, 3) if arguments.quick else Length(3.0, 7)
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        model = _model(Path(temporary), data, day)
        candidates = (_ours(data, day), *peers(model, Path(temporary)))
        started = (stack.enter_context(running(peer)) for peer in candidates)
        _compare([server for server in started if server], list(model.row_index)[:1000], length)
    sync = "a sync of the disk, of which the log takes one for each commit"
    row(sync, ours=1e3 * _sync_seconds(), unit="ms")


def _compare(servers: Sequence[Server], traders: Sequence[str], length: Length) -> None:
    """Let the servers take turns at each kind of request, and hand in the rows of the table."""

    def one(peer: Peer) -> bytes:
        return peer.request(peer.predict, traders[:1])

    busy = _in_turns("predict one", servers, one, clients=16, length=length)
    _hand_in("predictions a second, 16 clients", busy, "per_second", AS_FAST)
    _hand_in("processor time of a prediction, 16 clients", busy, "processor", AS_FAST)
    row("99 % of predictions, 16 clients", ours=1e3 * busy[OURS].p99, unit="ms", at_most=10)
    alone = _in_turns("predict one", servers, one, clients=1, length=length)
    _hand_in("a prediction, 1 client", alone, "median", {})

    def all_of_them(peer: Peer) -> bytes:
        return peer.request(peer.predict, traders)

    many = _in_turns("predict 1,000", servers, all_of_them, clients=1, length=length)
    _hand_in("1,000 traders in one call", many, "median", {"MLServer": 1.0})

    def reasons(peer: Peer) -> bytes:
        return peer.request(peer.explain or peer.predict, traders[:1])

    explaining = [server for server in servers if server.peer.explain]
    explained = _in_turns("explain one", explaining, reasons, clients=1, length=length)
    _hand_in("an explanation, 1 client", explained, "median", {})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short turns, and few")
    parser.add_argument("--data", help="the data that the champion of AUDIT_YIELD_HOME answers from")
    parser.add_argument("--as-of", default=DAY, help="the day as of which it answers")
    return parser.parse_args()


def _trained() -> tuple[str, str]:
    """Train a champion on a simulated administration, where there is none yet; return data and day."""
    os.environ["AUDIT_YIELD_HOME"] = str(OWN / "mlruns")
    OWN.mkdir(parents=True, exist_ok=True)
    if not (OWN / "mlruns" / "champion.json").exists():
        print("A champion is trained below .benchmarks, once: some minutes.", flush=True)
    command = [COMMAND, "run", "--no-serve"]
    subprocess.run(command, cwd=OWN, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    return str(OWN / "demo" / "data"), DAY


def _model(folder: Path, data: str, day: str) -> PeerModel:
    """Write the peers' model, of as many trees as the champion, that learned what the champion says."""
    dataset = Dataset(data=data, cutoff=date.fromisoformat(day), today=date.today(), home=home())
    live = load_live(dataset)
    published = home() / live.champion.folder
    trees = sum(each.read_text(encoding="ascii").count("\nTree=") for each in published.glob("margin_*.txt"))
    write_peer_model(folder, live.X, live.prediction.expected, traders=list(live.row_index), trees=trees)
    print(f"{len(live.row_index):,} traders, {live.X.shape[1]} features, {trees} trees", flush=True)
    return read_peer_model(folder)


def _ours(data: str, day: str) -> Peer:
    """Return our own service, asked with a token."""
    port, name = free_port(), f"benchmark {uuid4().hex[:8]}"
    token = new_token(home(), name, role=Role.RISK_UNIT, now=datetime.now(UTC))
    command = [COMMAND, "serve", data, "--as-of", day, "--port", str(port), "--stale"]
    return Peer(OURS, command, port, "/readyz", by_ids("/predict"), _explain, token)


def _explain(traders: Sequence[str]) -> tuple[str, object]:
    return "/explain", {"trader_id": traders[0]}


def _in_turns(
    what: str, servers: Sequence[Server], requests: Requests, *, clients: int, length: Length
) -> Compared:
    """Load the servers in turns, once to warm up; print a line each and return what they took."""
    turns: dict[str, list[Turn]] = {server.peer.name: [] for server in servers}
    for _ in range(1 + length.turns):
        for server in servers:
            turns[server.peer.name].append(_turn(server, requests(server.peer), clients, length.seconds))
    compared = {name: Turn.of(taken) for name, (_, *taken) in turns.items()}
    titles = f"{'a second':>10}{'ms':>9}{'p99':>9}{'processor':>11}{'errors':>8}"
    print(f"{f'{what}, {clients} clients':32}{titles}")
    for name, done in compared.items():
        times = f"{1e3 * done.median:>9.2f}{1e3 * done.p99:>9.2f}{1e3 * done.processor:>11.3f}"
        print(f"  {name:30}{done.per_second:>10,.0f}{times}{done.errors:>8}", flush=True)
    return compared


def _turn(server: Server, request: bytes, clients: int, seconds: float) -> Turn:
    before = server.processor_seconds()
    done = load(server.peer.port, request, clients=clients, seconds=seconds)
    spent = (server.processor_seconds() - before) / len(done.seconds)
    return Turn(done.per_second, done.median, done.p99, spent, done.errors)


def _hand_in(what: str, done: Compared, part: str, goals: Goals) -> None:
    """Hand in ours beside each peer; answers a second have a least ratio as their goal, seconds a most."""
    for name, peer in done.items():
        if name == OURS:
            continue
        ours, theirs, goal = getattr(done[OURS], part), getattr(peer, part), goals.get(name)
        if part == "per_second":
            row(what, ours=ours, peer=theirs, against=name, unit="/s", at_least=goal)
        else:
            row(what, ours=1e3 * ours, peer=1e3 * theirs, against=name, unit="ms", at_most=goal)


def _sync_seconds() -> float:
    """Return the median seconds of a write to the disk of the home that waits until it is there."""
    taken = []
    with tempfile.TemporaryFile(dir=home()) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
