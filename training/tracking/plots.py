"""Plots of a training: gain curve, reliability, importance, learning curve, contributions in money."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from models.card import ReliabilityRow
from models.prediction import Explanation
from training.backtest.gain import gathered
from training.backtest.out_of_fold import ORACLE, OutOfFold
from training.diagnostics.importance import Importance
from training.diagnostics.learning_curve import LearningStep
from training.diagnostics.reliability import By
from training.tracking.store import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 15
MONEY = "{x:,.0f}"


def gain(out_of_fold: OutOfFold, model: str) -> "Figure":
    """Draw the part of all yield that the first audits bring, for the model, the oracle and the others."""
    figure, [axes] = _figure("Yield gathered, out of fold")
    part = np.linspace(0.0, 1.0, len(out_of_fold) + 1)
    for name, prediction in out_of_fold.predictions.items():
        axes.plot(part, gathered(out_of_fold.y, prediction), label=name, **_line(name, model))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8, label="by chance")
    axes.set_xlabel("part of the audits, highest prediction first")
    axes.set_ylabel("part of the yield")
    axes.legend(fontsize="small", frameon=False)
    return figure


def reliability(rows: Sequence[ReliabilityRow], model: str) -> "Figure":
    """Draw chance and money predicted beside what was found, with its interval, by groups of audits."""
    figure, [rate, money] = _figure(f"Reliability of {model}, out of fold, reference audits", panels=2)
    _groups(rate, rows, by="chance", title="chance of an adjustment")
    rate.yaxis.set_major_formatter("{x:.0%}")
    _groups(money, rows, by="money", title="money an audit")
    money.yaxis.set_major_formatter(MONEY)
    return figure


def importance(importances: Sequence[Importance], of: str) -> "Figure":
    """Draw the share of all money moved that the weightiest move, with its range over folds."""
    figure, [axes] = _figure(f"Importance of {of}, on audits that the model was not fitted on")
    shown = [each for each in importances if each.state == "used"][:SHOWN][::-1]
    shares = np.array([each.share for each in shown])
    ends = np.array([[each.lowest_share, each.highest_share] for each in shown]).reshape(-1, 2).T
    positions = np.arange(len(shown))
    axes.barh(positions, shares, color="tab:blue", alpha=0.7)
    axes.hlines(positions, *ends, color="black", linewidth=1.0)
    axes.set_yticks(positions, [each.label for each in shown])
    axes.set_xlabel("share of the money that all move; line: lowest to highest fold")
    axes.xaxis.set_major_formatter("{x:.0%}")
    return figure


def learning_curve(steps: Sequence[LearningStep]) -> "Figure":
    """Draw each metric by the per cent of the audits that the model learned from, with its interval."""
    metrics = list(dict.fromkeys(step.metric for step in steps if step.value is not None))
    figure, panels = _figure("Learning curve, out of fold", panels=max(len(metrics), 1))
    for axes, metric in zip(panels, metrics, strict=False):
        shown = [step for step in steps if step.metric == metric and step.value is not None]
        parts, values = [step.per_cent for step in shown], np.array([step.value for step in shown])
        known = [k for k, step in enumerate(shown) if step.low is not None]
        ends = np.array([[shown[k].low, shown[k].high] for k in known], np.float64).reshape(-1, 2).T
        axes.plot(parts, values, marker="o", color="tab:blue")
        axes.vlines([parts[k] for k in known], *ends, color="black", linewidth=1.0)
        axes.set_xticks(parts)
        axes.set_title(metric)
        axes.set_xlabel("per cent of the audits before each fold")
    return figure


def beeswarm(explanation: Explanation, X: pa.Table, labels: Mapping[str, str]) -> "Figure":
    """Draw each audit's contributions in money, a row a feature, with shap's own beeswarm.

    `labels` are the words for each feature.
    """
    with quiet():
        import matplotlib

        matplotlib.use("agg")  # draws without a screen
        import shap
        from matplotlib import pyplot

        pyplot.figure()
        axes = shap.plots.beeswarm(explanation.to_shap(X, labels=labels), max_display=SHOWN, show=False)
    axes.set_xlabel("money that the feature adds to an audit's expected yield")
    axes.xaxis.set_major_formatter(MONEY)
    for dots in axes.collections:
        dots.set_rasterized(True)  # 15,000 dots as vectors are 5 MB
    figure: Figure = axes.figure
    pyplot.close(figure)
    return figure


def _figure(title: str, *, panels: int = 1) -> "tuple[Figure, list[Axes]]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4 * panels, 4.8), layout="constrained")
    figure.suptitle(title)
    axes = [figure.add_subplot(1, panels, index + 1) for index in range(panels)]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _line(name: str, model: str) -> dict[str, Any]:
    if name == model:
        return {"color": "tab:blue", "linewidth": 2.5, "zorder": 3}
    if name == ORACLE:
        return {"color": "black", "linestyle": "--"}
    return {"linewidth": 1.0, "alpha": 0.7}


def _groups(axes: "Axes", rows: Sequence[ReliabilityRow], *, by: By, title: str) -> None:
    shown = [row for row in rows if row.population == "reference" and row.by == by]
    positions = np.array([row.group for row in shown])
    axes.set_xticks(positions)
    axes.bar(positions - 0.2, [row.predicted for row in shown], 0.4, label="predicted")
    axes.bar(positions + 0.2, [row.observed for row in shown], 0.4, label="found")
    known = [k for k, row in enumerate(shown) if row.low is not None]
    ends = np.array([[shown[k].low, shown[k].high] for k in known], np.float64).reshape(-1, 2).T
    axes.vlines(positions[known] + 0.2, *ends, color="black", linewidth=1.0, label="95 % interval")
    axes.set_title(title)
    axes.set_xlabel("group of audits, highest prediction first")
    axes.legend(frameon=False)
