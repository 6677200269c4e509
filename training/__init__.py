"""Experiments, backtests, tracking and promotion."""

from typing import TYPE_CHECKING

from features.lazy import lazy_exports

if TYPE_CHECKING:
    from training.backtest.experiment import Experiment as Experiment
    from training.backtest.labelled_audits import LabelledAudits as LabelledAudits
    from training.backtest.labelled_audits import label_audits as label_audits
    from training.backtest.labelled_audits import label_dataset as label_dataset
    from training.backtest.report import backtest_to_text as backtest_to_text
    from training.backtest.run import BacktestReport as BacktestReport
    from training.backtest.run import run_backtest as run_backtest
    from training.score import bundle_named as bundle_named
    from training.yield_regressor import AuditDaySplit as AuditDaySplit
    from training.yield_regressor import YieldRegressor as YieldRegressor
    from training.yield_regressor import yield_gini as yield_gini
else:
    __getattr__, __dir__, __all__ = lazy_exports(
        __name__,
        {
            "backtest.experiment": ("Experiment",),
            "backtest.labelled_audits": ("LabelledAudits", "label_audits", "label_dataset"),
            "backtest.report": ("backtest_to_text",),
            "backtest.run": ("BacktestReport", "run_backtest"),
            "score": ("bundle_named",),
            "yield_regressor": ("AuditDaySplit", "YieldRegressor", "yield_gini"),
        },
    )
