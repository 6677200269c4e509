"""Draws the pictures of the README: the page of the first trader, the ranking, and what the champion gathers.

make pictures            # of demo/data and the champion in mlruns/
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from features.data.dataset import Dataset
from features.storage.home import home
from serving.live.history import past_audits
from serving.live.state import load_live
from serving.page import list_ranking, ranking_page, trader_page
from training.analyst.model import ANALYST
from training.backtest.out_of_fold import ORACLE, OutOfFold
from training.promotion.gate import read_out_of_fold
from training.tracking.plots import gain
from training.tracking.registry import out_of_fold, version
from training.tracking.store import store

HERE = Path(__file__).parent
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-background-networking",
)
WINDOW = ("--window-size=1280,800", "--force-device-scale-factor=1.5")
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


def draw(page: str, target: Path) -> None:
    """Write a picture of a page; no-sandbox, for it is our own page and loads nothing."""
    browser = shutil.which("chromium") or sys.exit("Chromium is needed: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        profile = f"--user-data-dir={folder}/profile"
        command = [browser, *FLAGS, *WINDOW, profile, f"--screenshot={target}", file.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603  our own arguments


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
    dataset = Dataset(data=arguments.data, cutoff=arguments.as_of, today=date.today(), home=home())
    live = load_live(dataset)
    first = live.ranking["trader_id"][0].as_py()
    draw(trader_page(live, first, history=past_audits(dataset).get(first, ())), HERE / "page.png")
    draw(ranking_page(live, list_ranking(live, query={})), HERE / "ranking.png")
    draw_gain(HERE / "gain.png")


if __name__ == "__main__":
    main()
