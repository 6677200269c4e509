"""Draws the pictures of the README: the page of the first trader and the ranking, as the champion sees them.

make pictures            # of demo/data and the champion in mlruns/
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from features.home import home
from serving.history import past_audits
from serving.live import Source, load_live
from serving.page import ranking_page, trader_page

HERE = Path(__file__).parent
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-background-networking",
)
WINDOW = ("--window-size=1280,800", "--force-device-scale-factor=1.5")


def draw(page: str, target: Path) -> None:
    """Write a picture of a page; no-sandbox, for it is our own page and loads nothing."""
    browser = shutil.which("chromium") or sys.exit("Chromium is needed: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        place = f"--user-data-dir={folder}/profile"
        command = [browser, *FLAGS, *WINDOW, place, f"--screenshot={target}", file.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603  our own arguments


def main() -> None:
    """Read what to draw, then draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    asked = parser.parse_args()
    source = Source(asked.data, asked.as_of, date.today())
    live = load_live(source, home=home())
    first = live.ranking["trader_id"][0].as_py()
    draw(trader_page(live, first, history=past_audits(source).get(first, ())), HERE / "page.png")
    draw(ranking_page(live, query={}), HERE / "ranking.png")


if __name__ == "__main__":
    main()
