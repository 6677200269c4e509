"""The clock enters at the front door and where the service starts; elsewhere it is handed in."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INNER = ("features", "models", "training", "serving")
ALLOWED = (Path("serving/service.py"),)
CLOCKS = frozenset(
    {"date.today", "datetime.today", "datetime.now", "datetime.utcnow", "time.time", "time.time_ns"}
    | {"time.localtime", "time.gmtime", "time.strftime", "time.ctime"}
)
"""What says which day it is; `time.monotonic` and `time.perf_counter` do not."""


def clocks(code: str) -> Iterator[str]:
    """Yield where code names a clock, called or handed on, under whatever name it was imported."""
    tree = ast.parse(code)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.asname or alias.name: alias.name for node in imports for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rpartition(".")[2]
            if f"{names.get(owner, owner)}.{node.attr}" in CLOCKS:
                yield f"line {node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"line {node.lineno}: {a.name}" for a in node.names if f"time.{a.name}" in CLOCKS)


MODULES = [path for name in INNER for path in (ROOT / name).rglob("*.py")]


def test_no_inner_module_reads_the_clock() -> None:
    found = {
        str(path.relative_to(ROOT)): list(clocks(path.read_text(encoding="utf-8")))
        for path in MODULES
        if path.relative_to(ROOT) not in ALLOWED
    }
    assert len(found) > 200
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import date\ndate.today()",
        "from datetime import date as day\nx = day.today",
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "import datetime as d\nd.date.today()",
        "import time as t\nt.time()",
        "from time import time_ns",
    ],
)
def test_a_clock_is_found_under_any_name(code: str) -> None:
    assert list(clocks(code))


@pytest.mark.parametrize(
    "code", ["import time\ntime.monotonic()", "clock.now()", "from datetime import time"]
)
def test_what_is_handed_in_or_only_measures_is_none(code: str) -> None:
    assert not list(clocks(code))
