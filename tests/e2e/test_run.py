"""`make run`, as a user calls it: from data to a page over HTTP, and Ctrl-C."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from features.data.dataset import CHECKS
from features.simulate import simulate
from tests.e2e.conftest import call
from tests.serving.server import PATIENCE, ROOT, started


def written(place: Path) -> tuple[int, int]:
    """Which file holds the outcome of the one check: every further check puts another in its place."""
    [outcome] = (place / "mlruns" / CHECKS).glob("*.json")
    return outcome.stat().st_ino, outcome.stat().st_mtime_ns


def test_it_tells_how_the_model_fares_and_whom_it_ranks_first(place: Path) -> None:
    told = (place / "first.txt").read_text()
    assert "active traders, as known before 2025-01-01" in told
    assert "declared_value" in told
    assert "+0: " not in told
    first = json.loads(call(place, "score", "demo/data", "--as-of", "2025-01-01", "--json").stdout)
    for row in first:
        assert f"{row['rank']:>4}  {row['trader_id']} " in told
    assert "mlflow ui" in told
    assert "\x1b" not in told  # no colours and no progress where no terminal reads it


@pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv",
    reason="`make run` works in .venv, and the tests do not: see `make test`",
)
def test_called_again_it_trains_nothing_and_serves_pages_until_ctrl_c(place: Path, tmp_path: Path) -> None:
    run = ["make", "run", f"DATA={place / 'demo' / 'data'}"]
    before = written(place)
    with started(run, place, said=tmp_path / "said.txt", MAKEFLAGS="") as server:
        ranking = server.client.get("/ranking", headers={"Accept": "application/json"}).json()
        first = ranking["rows"][0]["trader_id"]
        page = server.client.get(f"/traders/{first}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert first in page.text
        assert first in server.said.read_text()
        [link, *_] = re.findall(r'href="(/traders/[^"]*/evidence/[^"]*)"', page.text)
        assert server.client.get(link, headers={"Accept": "text/html"}).status_code == 200
        os.killpg(server.process.pid, signal.SIGINT)
        assert server.process.wait(PATIENCE) == -signal.SIGINT
        assert "Traceback" not in server.said.read_text()
    assert written(place) == before  # neither a command, the service nor a click checked the data again
    assert [each["version"] for each in json.loads(call(place, "models", "--json").stdout)] == ["1"]


def test_a_home_takes_one_administration(place: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "other", traders=150, years=2, seed=9)
    refused = call(place, "run", str(tmp_path / "other" / "data"), "--no-serve")
    assert refused.returncode == 2
    assert "another administration" in refused.stderr
    assert "AUDIT_YIELD_HOME" in refused.stderr
