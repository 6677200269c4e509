"""Plots of a training: gain curve, calibration, importance by family, contributions in money."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from models.prediction import Explanation, Floats
from training.backtest.metrics import DECILES, by_decile
from training.backtest.out_of_fold import ORACLE, OutOfFold
from training.tracking.store import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 15
MONEY = "{x:,.0f}"


def gain(out_of_fold: OutOfFold, model: str) -> "Figure":
    """Draw the part of all yield that the first audits bring, for the model, the oracle and the others."""
    figure, [axes] = _figure("Yield gathered, out of fold")
    for name, prediction in out_of_fold.predictions.items():
        order = np.argsort(-prediction.expected, kind="stable")
        gathered = np.append(0.0, out_of_fold.y[order].cumsum()) / out_of_fold.y.sum()
        part = np.linspace(0.0, 1.0, len(gathered))
        axes.plot(part, gathered, label=name, **_line(name, model))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8, label="by chance")
    axes.set_xlabel("part of the audits, highest prediction first")
    axes.set_ylabel("part of the yield")
    axes.legend(fontsize="small", frameon=False)
    return figure


def calibration(out_of_fold: OutOfFold, model: str) -> "Figure":
    """Draw predictions beside outcomes, by tenths of the audits: money and adjustments."""
    figure, [money, rate] = _figure(f"Calibration of {model}, out of fold", panels=2)
    prediction, adjusted = out_of_fold.predictions[model], (out_of_fold.y != 0).astype(np.float64)
    _pairs(money, prediction.expected, out_of_fold.y, title="money an audit")
    money.yaxis.set_major_formatter(MONEY)
    _pairs(rate, prediction.probability, adjusted, title="rate of adjustments")
    return figure


def families(explanation: Explanation, family: Mapping[str, str]) -> "Figure":
    """Draw how much money an audit each family of features moves, up or down, on average."""
    figure, [axes] = _figure("What the prediction goes by")
    grouped = explanation.grouped(family)
    moved = np.abs(grouped.contributions).mean(axis=0)
    order = np.argsort(moved)
    axes.barh([grouped.names[index] for index in order], moved[order], color="tab:blue")
    axes.set_xlabel("mean money moved per audit")
    axes.xaxis.set_major_formatter(MONEY)
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

    shap_explanation = shap.Explanation(
        values=explanation.contributions,
        base_values=np.full(len(explanation.total), explanation.base),
        data=np.column_stack([np.asarray(X[name].to_numpy(), np.float64) for name in explanation.names]),
        feature_names=[labels.get(name, name) for name in explanation.names],
    )
    pyplot.figure()
    with quiet():
        axes = shap.plots.beeswarm(shap_explanation, max_display=SHOWN, show=False)
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


def _pairs(axes: "Axes", predictions: Floats, outcomes: Floats, *, title: str) -> None:
    one = np.ones(len(predictions))
    audits = by_decile(one, by=predictions, weight=one)
    positions = np.arange(1, DECILES + 1)
    for values, label, shift in ((predictions, "predicted", -0.2), (outcomes, "found", 0.2)):
        axes.bar(positions + shift, by_decile(values, by=predictions, weight=one) / audits, 0.4, label=label)
    axes.set_title(title)
    axes.set_xlabel("tenth of the audits, highest prediction first")
    axes.legend(frameon=False)
