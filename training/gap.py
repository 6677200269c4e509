"""Gap of a dataset, with what only models say: years that nothing measured, and today's expectations."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.data.dataset import Dataset
from features.errors import SettingError
from features.snapshots.cache import cached_snapshot
from features.storage.atomic import STANDARD_OUTPUT, output_file
from models.gap.estimate import Expectation, Lottery
from models.gap.report import GapReport
from models.prediction import Floats
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.labelled_audits import label_dataset
from training.backtest.populations import sample_weight
from training.backtest.setup import Stage
from training.score import bundle_of_day

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLDS = 5
"""Parts of the traders, of which each is expected by a model that learned from the others."""


def todays_model(
    dataset: Dataset, experiment: Experiment, *, stage: Stage = lambda words: None
) -> Expectation:
    """Return what the model of an experiment expects of a lottery's traders, each fitted without the trader.

    Traders are parted in `FOLDS`, and a model learns from the audits of all the other parts, as known before
    the dataset's cutoff: cross-fitted by trader, the difference estimator stays right though the model saw
    answers of the lottery (AIPW: Robins, Rotnitzky & Zhao 1994; Chernozhukov and others 2018). Features are
    those known when the lottery was drawn; of a trader without any then nothing is expected.
    """
    features = experiment.features()
    stage("Building the features of audited traders")
    audits = label_dataset(dataset, features)
    part = _part_of(audits.audits["trader_id"].to_pylist())
    models = []
    for each in range(FOLDS):
        stage(f"Fitting today's model without a part of the traders: {each + 1} of {FOLDS}")
        others = audits.where(pa.array(part != each))
        weight = sample_weight(others.audits, experiment)
        models.append(
            new_model(experiment, features).fit(
                others.X, others.y, sample_weight=weight, audits=others.audits
            )
        )

    def expected(lottery: Lottery) -> Floats:
        snapshot = cached_snapshot(replace(dataset, cutoff=lottery.drawn_on, stale=True), features)
        rows = pc.index_in(pa.array(lottery.trader_ids, pa.string()), snapshot.table["trader_id"])
        there = rows.is_valid().to_numpy(zero_copy_only=False)
        own_part, result = _part_of(lottery.trader_ids), np.zeros(len(lottery))
        for each, model in enumerate(models):
            own = np.flatnonzero(there & (own_part == each))
            if own.size:
                known = snapshot.table.select(features.names).take(rows.take(pa.array(own)))
                result[own] = model.predict(known).expected
        return result

    return expected


def _part_of(trader_ids: Iterable[str]) -> np.ndarray:
    """Return the part, 0 to `FOLDS` - 1, that each trader is in, whoever else there is."""
    return np.array([crc32(each.encode()) % FOLDS for each in trader_ids])


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

    The path `-` is standard output. Raises `SettingError` for a file of another ending.
    """
    if path.suffix != ".svg" and path != STANDARD_OUTPUT:
        raise SettingError(
            f"{path.name} is no SVG file.", expected="FILE.svg.", advice="Name the picture so."
        )
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "gap"}), output_file(path) as file:
        _figure(report).savefig(file, format="svg", metadata={"Date": None})


def _figure(report: GapReport) -> "Figure":
    """Draw the years and, where they are known, the groups of the newest and what more visits would tell."""
    from matplotlib.figure import Figure

    shown = [each for each in report.years if each.gap.ends is not None]
    segments = [each for each in shown[-1].segments if each.gap.ends is not None] if shown else []
    panels = [
        _draw_years,
        *([_draw_segments] if segments else []),
        *([_draw_widths] if report.widths else []),
    ]
    figure = Figure(figsize=(8, 4.5 + 3 * (len(panels) - 1)), layout="constrained")
    for draw, axes in zip(panels, figure.subplots(len(panels), squeeze=False)[:, 0], strict=True):
        draw(report, axes)
    return figure


def _draw_years(report: GapReport, axes: "Axes") -> None:
    """Draw each year's gap with its interval, provisional ones hollow, predicted years grey."""
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


def _draw_segments(report: GapReport, axes: "Axes") -> None:
    """Draw the groups of the newest year that have an interval, the largest above."""
    newest = [each for each in report.years if each.gap.ends is not None][-1]
    segments = [each for each in reversed(newest.segments) if each.gap.ends is not None]
    for row, each in enumerate(segments):
        low, high = each.gap.ends or (0.0, 0.0)
        axes.hlines(row, low, high, color="tab:blue", linewidth=3, alpha=0.4)
        axes.plot([each.gap.amount], [row], "o", color="tab:blue")
    axes.set_yticks(range(len(segments)), [each.group or "not known" for each in segments])
    axes.set_ylim(-0.5, len(segments) - 0.5)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_title(f"{newest.year} by {(report.by or '').replace('_', ' ')}")


def _draw_widths(report: GapReport, axes: "Axes") -> None:
    """Draw how near more visits by lot would come."""
    axes.plot(list(report.widths), [100 * part for part in report.widths.values()], "o-", color="tab:blue")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("visits by lot in a year")
    axes.set_ylabel("give or take, % of the gap")
    axes.set_title("What more visits by lot would buy")
