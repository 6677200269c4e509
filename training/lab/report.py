"""Report page of a lab: its paragraph, its plots and its tables in one HTML file that needs no other."""

from collections.abc import Sequence
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from features.storage.atomic import output_file
from training.lab.differences import Compared, Covered, Runs
from training.lab.measures import ALL
from training.lab.text import SPOKEN, coverage_to_text, in_words, to_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Policy lab</title>
<style>
body {{ font-family: system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
svg {{ max-width: 100%; height: auto }}
pre {{ overflow-x: auto; background: #f6f6f6; padding: 1rem }}
</style>
</head>
<body>
<h1>Policy lab</h1>
<p>{words}</p>
{plots}
<h2>All measures</h2>
<pre tabindex="0">{measures}</pre>
<h2>The gap, as the lotteries measure it</h2>
<pre tabindex="0">{coverage}</pre>
</body>
</html>
"""


def write_report(runs: Runs, compared: Sequence[Compared], covered: Sequence[Covered], *, path: Path) -> None:
    """Write the page, to standard output where the path is `-`; the same runs give the same bytes."""
    plots = ((_differences(compared), "Differences"), (_gaps(runs), "What is not paid, year by year"))
    page = PAGE.format(
        words=escape(in_words(compared, covered)),
        plots="\n".join(f"<h2>{title}</h2>\n{_svg(figure, label=title)}" for figure, title in plots),
        measures=escape("\n".join(to_text(compared))),
        coverage=escape("\n".join(coverage_to_text(covered))),
    )
    with output_file(path) as file:
        file.write(page.encode())


def _differences(compared: Sequence[Compared]) -> "Figure":
    """Draw each policy's difference to the first with two standard errors, grey where it cannot be told."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.2), layout="constrained")
    first = compared[0].policy
    for axes, measure in zip(figure.subplots(1, len(SPOKEN), sharey=True), SPOKEN, strict=True):
        own = [each for each in compared if each.measure == measure and each.policy != first]
        for row, each in enumerate(own):
            colour = "tab:blue" if each.is_clear else "0.6"
            axes.errorbar(each.difference, row, xerr=2 * (each.error or 0.0), fmt="o", color=colour)
        axes.axvline(0.0, color="0.3", linewidth=0.8)
        axes.set_yticks(range(len(own)), [each.policy for each in own])
        axes.set_title(measure, fontsize="medium")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.tick_params(axis="x", labelrotation=30)
    figure.axes[0].invert_yaxis()  # of all three: they share it
    figure.supxlabel(f"beside {first}, ± 2 standard errors; grey: cannot be told from it", fontsize="small")
    return figure


def _gaps(runs: Runs) -> "Figure":
    """Draw what is not paid under each policy, the mean over seeds, year by year."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.add_subplot()
    for policy, own in runs.items():
        gap = np.mean([run.filter(pc.equal(run["by"], ALL))["gap_amount"].to_numpy() for run in own], axis=0)
        years = gap.reshape(-1, 4).mean(axis=1)
        axes.plot(np.arange(1, years.size + 1), years, marker=".", label=policy)
    axes.set_xticks(np.arange(1, years.size + 1))
    axes.set_xlabel("year")
    axes.set_ylabel("not paid within twelve months")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend(fontsize="small", ncols=2)
    return figure


def _svg(figure: "Figure", *, label: str) -> str:
    """Return a figure as SVG inside a page, with a label for those who do not see it."""
    import matplotlib

    text = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": label}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)
