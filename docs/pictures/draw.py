"""Draws the pictures of the documents: the pages as a service shows them, and what the champion gathers.

make pictures            # of demo/data and the champion in mlruns/
"""

import argparse
import csv
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from PIL import Image

from features.storage.home import home
from training.analyst.model import ANALYST
from training.backtest.out_of_fold import ORACLE, OutOfFold
from training.promotion.gate import read_out_of_fold
from training.tracking.plots import gain
from training.tracking.registry import out_of_fold, version
from training.tracking.store import store

HERE = Path(__file__).parent
COMMAND = str(Path(sys.executable).with_name("audit-yield"))
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-background-networking",
)
PATIENCE = 600.0
SCALE = "--force-device-scale-factor=1.5"
COLOURS_KEPT = 128
"""Of a picture: they are told from all of them by nobody, and take a quarter of the room."""
HEIGHT = 800
HEIGHTS: Mapping[str, int] = {"notice": 1000, "plan": 1200, "gap": 1150, "model": 1250}
"""Of the windows of pages that say what they are for further down."""
OURS = "audit-yield"
ORDERS = {
    ANALYST: "an analyst's page of SQL",
    "declared_value": "largest declared value first",
    "past_yield": "highest past yield first",
    "rule_score": "most risk rules first",
    ORACLE: ORACLE,
}
"""What a risk unit could go by without a model, in words; the oracle knows what was found."""
COLOURS = dict(
    zip(
        (OURS, *ORDERS.values()),
        ("#0b5f6e", "#b03a48", "#c2703d", "#8a6fae", "#8a9a3b", "#1c2326"),
        strict=True,
    )
)
"""Ours and the oracle's are those of the page."""


def addresses(base: str) -> Iterator[tuple[str, str]]:
    """Yield a name and an address for each page: of the trader that ranks first, beside the one after it."""
    traders = [row["trader_id"] for row in _json(f"{base}/ranking?page_size=50")["rows"]]
    first, second, *_ = traders
    tied = next(each for each in traders if len(_rows(f"{base}/traders/{each}/due_diligence?format=csv")))
    trader = f"{base}/traders/{first}"
    [feature] = (
        reason["feature"] for reason in _json(f"{base}/explain", {"trader_id": first, "top": 1})["reasons"]
    )
    pulled = _rows(f"{trader}/programme?format=csv")[0]
    line = urlencode({name: pulled[name] for name in ("declaration_id", "item_number")})
    plan = _json(f"{base}/plans")["plans"][0]["name"]
    yield from {
        "ranking": f"{base}/",
        "page": trader,
        "page_ru": f"{trader}?language=ru",
        "evidence": f"{trader}/evidence/{feature}",
        "programme": f"{trader}/programme",
        "what_if": f"{trader}/what_if?{line}&leave_out=true",
        "change": f"{trader}/change",
        "compare": f"{base}/compare?one={first}&other={second}",
        "due_diligence": f"{base}/traders/{tied}/due_diligence",
        "notice": f"{trader}?view=notice",
        "model": f"{base}/model",
        "help": f"{base}/help",
        "plan": f"{base}/plans/{plan}/sheet",
        "gap": f"{base}/gap/sheet",
        "http": f"{base}/docs",
    }.items()


def _json(address: str, body: object = None) -> Any:
    with _opened(address, json.dumps(body).encode() if body else None) as answer:
        return json.load(answer)


def _rows(address: str) -> list[dict[str, str]]:
    with _opened(address) as answer:
        return list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))


def _opened(address: str, body: bytes | None = None) -> HTTPResponse:
    request = Request(address, body, {"Content-Type": "application/json"})  # noqa: S310  our own service
    answer: HTTPResponse = urlopen(request, timeout=PATIENCE)  # noqa: S310
    return answer


@contextmanager
def service(data: str, as_of: date) -> Iterator[str]:
    """Serve the data in a process of its own, and yield the address of its pages."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    base = f"http://localhost:{port}"
    arguments = [COMMAND, "serve", data, "--as-of", str(as_of), "--port", port, "--open", "--drain", "0"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL) as process:  # noqa: S603  our own
        try:
            while not _is_ready(base):
                if process.poll() is not None:
                    sys.exit("The service did not start.")
                time.sleep(0.2)
            yield base
        finally:
            process.terminate()


def _is_ready(base: str) -> bool:
    try:
        with _opened(f"{base}/readyz") as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def draw(address: str, target: Path) -> None:
    """Write a picture of a page; no-sandbox, for it is our own page and loads nothing."""
    browser = shutil.which("chromium") or sys.exit("Chromium is needed: apt-get install chromium")
    window = f"--window-size=1280,{HEIGHTS.get(target.stem, HEIGHT)}"
    with tempfile.TemporaryDirectory() as folder:
        profile = f"--user-data-dir={folder}/profile"
        command = [browser, *FLAGS, window, SCALE, profile, f"--screenshot={target}", address]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)  # noqa: S603
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(COLOURS_KEPT).save(target, optimize=True)


def plan(data: str, as_of: date) -> None:
    """Make a plan by the capacity that docs/plans.md shows, where the period has none."""
    text = (HERE.parent / "plans.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```toml capacity.toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    year = f"first_day = {as_of}\nlast_day = {as_of.replace(year=as_of.year + 1)}"
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(re.sub(r"first_day = .*\nlast_day = .*", year, shown))
        file.flush()
        arguments = [COMMAND, "plan", data, "--as-of", str(as_of), "--capacity", file.name]
        subprocess.run(arguments, capture_output=True)  # noqa: S603  a period that has a plan is refused another


def draw_gain(target: Path) -> None:
    """Write the picture of what the champion and simpler orders gathered on audits they had not seen."""
    champion = version(store(home()), "champion")
    table = out_of_fold(champion, home=home())
    by_kind = {
        kind: read_out_of_fold(table.filter(pc.equal(table["model"], kind)))
        for kind in (champion.kind, *ORDERS)
    }
    words = {champion.kind: OURS, **ORDERS}
    predictions = {words[kind]: each.predictions[kind] for kind, each in by_kind.items()}
    figure = gain(OutOfFold(by_kind[champion.kind].audits, predictions), OURS)
    figure.set_size_inches(8, 4.2)
    figure.suptitle("")
    _style(*figure.axes)
    figure.savefig(target, dpi=150)


def _style(axes: Axes) -> None:
    axes.set_xlabel("audits made, in each order")
    axes.set_ylabel("money found, of all there was")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.05)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    for line in axes.lines:
        line.set_color(COLOURS.get(str(line.get_label()), "0.75"))
    axes.legend(frameon=False, fontsize="small", loc="lower right")


def main() -> None:
    """Read what to draw, then draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    arguments = parser.parse_args()
    plan(arguments.data, arguments.as_of)
    with service(arguments.data, arguments.as_of) as base:
        for name, address in addresses(base):
            draw(address, HERE / f"{name}.png")
    draw_gain(HERE / "gain.png")


if __name__ == "__main__":
    main()
