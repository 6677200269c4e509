"""Reports of a backtest: as JSON, and as text for a terminal."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

from models.card import Score
from training.backtest.out_of_fold import ORACLE
from training.backtest.populations import POPULATIONS
from training.backtest.run import FEWEST_ADJUSTED, FEWEST_LEARNED, BacktestReport, FoldReport
from training.backtest.scores import score_name

SHOWN = {
    "captured_5": "captured at 5 %",
    "gini": "Gini",
    "total_ratio": "predicted / found",
    "coverage": "coverage",
}
CAPTURED = "captured_5"
NOT_TESTED = (
    f"No fold can be used, so no model can be judged yet: one needs {FEWEST_LEARNED} audits that were closed "
    f"before it, {FEWEST_ADJUSTED} of them with an adjustment, and one that opened in it."
)


def backtest_to_json(report: BacktestReport) -> str:
    """Return folds and scores as JSON text; what needs more audits is null."""
    content = {
        "as_of": report.cutoff,
        "experiment": json.loads(report.experiment.to_json()),
        "features": {"number": len(report.features.names), "digest": report.features.digest},
        "folds": [asdict(fold) | {"used": fold.enough} for fold in report.folds],
        "scores": [{"name": score_name(score)} | asdict(score) for score in report.scores],
    }
    return json.dumps(content, default=date.isoformat, indent=2, allow_nan=False) + "\n"


def backtest_to_text(report: BacktestReport) -> Iterator[str]:
    """Yield the folds, then a table for each population, best model first, as lines for a terminal."""
    yield f"Outcomes as known by {report.cutoff}, tested on audits opened from each fold's day to the next:"
    for fold in report.folds:
        yield f"  {_fold_text(fold)}"
    if not report.scores:
        yield ""
        yield NOT_TESTED
        return
    for population in POPULATIONS:
        yield ""
        yield from _table(report, population)
    yield ""
    yield "In brackets 95 % intervals over resampled traders; - where the audits are too few to say."


def _fold_text(report: FoldReport) -> str:
    fold = report.fold
    passed_over = "" if report.enough else " - too few, passed over"
    return (
        f"{fold.day}: learned from {report.learned:,} audits, {report.adjusted:,} with an adjustment; "
        f"tested on {report.tested:,}, while {report.without_outcome:,} have no outcome yet{passed_over}"
    )


HEADINGS = {
    "all": "All audits",
    "reference": "Audits like the one predicted: in the field, chosen on recorded data",
    "random": "Audits selected at random, each counted for the traders it stands for",
}


def _table(report: BacktestReport, population: str) -> Iterator[str]:
    scores = {
        (s.metric, s.model, s.against): s
        for s in report.scores
        if s.fold is None and s.population == population
    }
    any_score = next(iter(scores.values()))
    yield f"{HEADINGS[population]}: {any_score.audits:,}, {any_score.adjusted:,} with an adjustment"
    if all(scores[metric, ORACLE, None].value is None for metric in SHOWN):
        yield "  too few to say anything"
        return
    own = next(iter(report.out_of_fold.predictions))
    heads = "".join(f"{words:>20}" for words in SHOWN.values())
    yield f"  {'':15}{heads}  {f'{own} leads at 5 % by':>22}".rstrip()
    for model in sorted(report.out_of_fold.predictions, key=lambda name: _rank(scores[CAPTURED, name, None])):
        cells = "".join(f"{_cell(scores[metric, model, None]):>20}" for metric in SHOWN)
        yield f"  {model:15}{cells}  {_lead(scores.get((CAPTURED, own, model))):>22}".rstrip()


def _rank(score: Score) -> tuple[bool, float]:
    """Return the sort key of a model: the oracle first, then by captured yield, those without one last."""
    return score.model != ORACLE, -(score.value if score.value is not None else -1.0)


def _cell(score: Score) -> str:
    if score.value is None:
        return "-"
    return f"{score.value:.2f}" + ("" if score.low is None else f" [{score.low:.2f}, {score.high:.2f}]")


def _lead(score: Score | None) -> str:
    if score is None or score.value is None:
        return ""
    return f"{score.value:+.2f} (s.e. {score.standard_error:.2f})" if score.standard_error else ""
