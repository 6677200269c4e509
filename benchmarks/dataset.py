"""Benchmark of checking data once for each version of it: evidence and a what-if, against a check each time.

    python -P benchmarks/dataset.py [TRADERS]        # default: 6100, about a million lines

Each question runs in a process of its own, as in the service: `evidence` are the rows behind a value
of a trader, `what-if` its features with a line added, `command` is `audit-yield evidence` from start to end.
The peer is the same with the outcomes of checks removed before each question. Ratios are of processor time,
which others on the machine disturb least; that of a question is the middle of five.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.table import row
from features.data.dataset import CHECKS, Dataset
from features.evidence import evidence
from features.library import LIBRARY
from features.simulate import simulate
from features.spine import Spine
from serving.api.app import EXAMPLE_LINE
from serving.live.what_if import with_declarations

CUTOFF, TODAY = date(2024, 10, 1), date(2025, 6, 30)
FEATURE, TIMES = "customs_value_12m", 5
FEW = LIBRARY.select([FEATURE, "line_count_12m", "preference_share_12m", "yield_on_value"])
LINE = EXAMPLE_LINE | {"accepted_on": date(2024, 9, 20)}


def _evidence(dataset: Dataset, trader: str) -> None:
    with dataset.open() as warehouse:
        evidence(LIBRARY, FEATURE, warehouse=warehouse, trader_id=trader, cutoff=dataset.cutoff)


def _what_if(dataset: Dataset, trader: str) -> None:
    with_declarations(FEW, dataset, trader_id=trader, rows=[LINE], cutoff=dataset.cutoff)


def _command(dataset: Dataset, trader: str) -> None:
    command = [str(Path(sys.executable).with_name("audit-yield")), "evidence", dataset.data, trader, FEATURE]
    subprocess.run(  # noqa: S603 - our own command
        [*command, "--as-of", dataset.cutoff.isoformat()],
        env={**os.environ, "AUDIT_YIELD_HOME": str(dataset.home)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


QUESTIONS: dict[str, Callable[[Dataset, str], None]] = {
    "evidence": _evidence,
    "what-if": _what_if,
    "command": _command,
}


def processor_seconds() -> float:
    """Return the user and system time of this process and of those it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def only(name: str, administration: Path, *, check: bool) -> None:
    """Ask one question here, once to warm up, and print what it took as JSON."""
    dataset = Dataset(
        data=str(administration / "data"), cutoff=CUTOFF, today=TODAY, home=administration / "home"
    )
    with dataset.open() as warehouse:
        trader = Spine.active(warehouse, CUTOFF).rows["trader_id"][0].as_py()
    taken: list[tuple[float, float]] = []
    for _ in range(1 + TIMES):
        if check:
            shutil.rmtree(dataset.home / CHECKS, ignore_errors=True)
        begun, used = time.perf_counter(), processor_seconds()
        QUESTIONS[name](dataset, trader)
        taken.append((time.perf_counter() - begun, processor_seconds() - used))
    seconds, work = (median(each) for each in zip(*taken[1:], strict=True))
    print(json.dumps({"seconds": seconds, "work": work}))


def in_own_process(name: str, administration: Path, *, check: bool) -> dict[str, float]:
    """Ask one question in a fresh process; return its seconds and its processor seconds."""
    mode = "--checked" if check else "--cached"
    command = [sys.executable, "-P", __file__, mode, name, str(administration)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    taken: dict[str, float] = json.loads(done.stdout)
    return taken


def main() -> None:
    """Simulate an administration and print what each question takes."""
    if sys.argv[1:2] in (["--checked"], ["--cached"]):
        only(sys.argv[2], Path(sys.argv[3]), check=sys.argv[1] == "--checked")
        return
    traders = int(sys.argv[1]) if sys.argv[1:] else 6100
    with tempfile.TemporaryDirectory() as temporary:
        administration = Path(temporary) / "administration"
        simulated = simulate(administration, traders=traders, years=5, seed=1)
        print(f"{simulated.rows['declarations']:,} lines")
        for name in QUESTIONS:
            once, each = (in_own_process(name, administration, check=check) for check in (False, True))
            print(
                f"  {name:<9} {once['work']:5.2f} s of processor ({once['seconds']:.2f} s); "
                f"checked each time {each['work']:5.2f} s: {each['work'] / once['work']:4.1f} times as much"
            )
            what, peer = f"{name} on checked data", "a check each time"
            row(what, ours=once["work"], peer=each["work"], against=peer, unit="s", at_most=1)


if __name__ == "__main__":
    main()
