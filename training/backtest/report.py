"""A backtest as JSON, and in words for a terminal."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

from models.card import Score
from training.backtest.out_of_fold import ORACLE
from training.backtest.populations import POPULATIONS
from training.backtest.run import FoldReport, Report

SHOWN = {
    "captured_5": "captured at 5 %",
    "gini": "Gini",
    "total_ratio": "predicted / found",
    "coverage": "coverage",
}
CAPTURED = "captured_5"


def to_json(report: Report) -> str:
    """Return folds and scores as JSON text; what cannot be said of so few audits is null."""
    content = {
        "as_of": report.as_of,
        "experiment": json.loads(report.experiment.to_json()),
        "features": {"number": len(report.features.names), "digest": report.features.digest},
        "folds": [asdict(fold) | {"used": fold.enough} for fold in report.folds],
        "scores": [asdict(score) for score in report.scores],
    }
    return json.dumps(content, default=date.isoformat, indent=2, allow_nan=False) + "\n"


def lines(report: Report) -> Iterator[str]:
    """Describe a backtest to a person: the folds, then a table for each population, best model first."""
    yield f"Outcomes as known by {report.as_of}, tested on audits opened from each fold's day to the next:"
    for fold in report.folds:
        yield f"  {_fold_line(fold)}"
    for population in POPULATIONS:
        yield ""
        yield from _table(report, population)
    yield ""
    yield "In brackets 95 % intervals over resampled traders; - where the audits are too few to say."


def _fold_line(report: FoldReport) -> str:
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


def _table(report: Report, population: str) -> Iterator[str]:
    found = {
        (s.metric, s.model, s.against): s
        for s in report.scores
        if s.fold is None and s.population == population
    }
    any_score = next(iter(found.values()))
    yield f"{HEADINGS[population]}: {any_score.audits:,}, {any_score.adjusted:,} with an adjustment"
    if all(found[metric, ORACLE, None].value is None for metric in SHOWN):
        yield "  too few to say anything"
        return
    own = next(iter(report.predicted.predictions))
    heads = "".join(f"{words:>20}" for words in SHOWN.values())
    yield f"  {'':15}{heads}  {f'{own} leads at 5 % by':>22}".rstrip()
    for model in sorted(report.predicted.predictions, key=lambda name: _rank(found[CAPTURED, name, None])):
        cells = "".join(f"{_cell(found[metric, model, None]):>20}" for metric in SHOWN)
        yield f"  {model:15}{cells}  {_lead(found.get((CAPTURED, own, model))):>22}".rstrip()


def _rank(score: Score) -> tuple[bool, float]:
    """The oracle first, then by captured yield; what cannot be said last."""
    return score.model != ORACLE, -(score.value if score.value is not None else -1.0)


def _cell(score: Score) -> str:
    if score.value is None:
        return "-"
    return f"{score.value:.2f}" + ("" if score.low is None else f" [{score.low:.2f}, {score.high:.2f}]")


def _lead(score: Score | None) -> str:
    if score is None or score.value is None:
        return ""
    return f"{score.value:+.2f} (s.e. {score.standard_error:.2f})" if score.standard_error else ""
