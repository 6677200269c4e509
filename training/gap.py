"""Gap of a dataset, with what only models say: years that nothing measured, and today's expectations."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.data.dataset import Dataset
from features.errors import SettingError
from features.storage.atomic import atomic_file
from models.gap.report import GapReport
from training.score import bundle_of_day

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def with_predictions(report: GapReport, dataset: Dataset, *, since: int | None, model: str) -> GapReport:
    """Return a report with what a model expects of all traders at the end of years that nothing measured.

    These are the years from `since` to the first that was measured, or to that of the cutoff. The model may
    have learned from later audits, and nothing measured these years: it is a prediction.
    """
    first = report.years[0].year if report.years else dataset.cutoff.year + 1
    totals = {}
    for year in range(first if since is None else since, first):
        at_end = replace(dataset, cutoff=min(date(year, 12, 31), dataset.cutoff), stale=True)
        _, bundle, snapshot = bundle_of_day(at_end, model=model)
        totals[year] = float(bundle.model.predict(snapshot.table.select(bundle.names)).expected.sum())
    return replace(report, predicted=totals)


def write_plot(report: GapReport, path: Path) -> None:
    """Write the gap by year with its intervals as SVG; the same report gives the same bytes.

    Raises `SettingError` for a file of another ending.
    """
    if path.suffix != ".svg":
        raise SettingError(
            f"{path.name} is no SVG file.", expected="FILE.svg.", advice="Name the picture so."
        )
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "gap"}), atomic_file(path) as fresh:
        _figure(report).savefig(fresh, format="svg", metadata={"Date": None})


def _figure(report: GapReport) -> "Figure":
    """Draw each year's gap with its interval, provisional ones hollow, predicted years grey."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(f"The compliance gap, as known before {report.as_of}")
    shown = [each for each in report.years if each.gap.ends is not None]
    for each in shown:
        low, high = each.gap.ends or (0.0, 0.0)
        axes.vlines(each.year, low, high, color="tab:blue", linewidth=3, alpha=0.4)
        face = "white" if each.is_provisional else "tab:blue"
        axes.plot([each.year], [each.gap.amount], "o", color="tab:blue", markerfacecolor=face)
    for year, amount in report.predicted.items():
        axes.plot([year], [amount], "x", color="0.6")
    for each in report.years:
        if each.gap.ends is None:
            axes.annotate(
                "too few", (each.year, 0.0), ha="center", va="bottom", color="0.4", fontsize="small"
            )
    years = sorted({*report.predicted, *(each.year for each in report.years)})
    axes.set_xticks(years)
    axes.set_xlim(min(years, default=0) - 0.5, max(years, default=0) + 0.5)
    axes.set_ylim(bottom=min([0.0, *((each.gap.low or 0.0) for each in shown)]))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylabel("what visits to all traders would book")
    axes.set_xlabel("line: 95 % interval; hollow: provisional; grey: predicted by a model, not measured")
    return figure
