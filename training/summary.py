"""Summary of a model on one screen: metrics against other models, and the first traders with reasons."""

import math
from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from features.snapshots.snapshot import Snapshot
from models.bundle.artefact import Bundle
from models.fitting.matrix import as_matrix
from models.reasons import TopicReason, by_topic, reasons
from models.score import scored
from training.backtest.out_of_fold import ORACLE

CAPTURED, ALL = ("captured_10", "captured_5", "gini"), "all"
WORDS = {
    "captured_5": "share of the most that 5 % of the tested audits could have brought, in each order",
    "captured_10": "share of the most that a tenth of the tested audits could have brought, in each order",
    "gini": "normalised Gini of the money found, in each order",
}
ABOVE = (
    "The experiment names the model; the others are what it is held against. Whether one above it leads by "
    "more than chance, `audit-yield backtest` says with the standard error of the lead."
)
TOP = 10
BAR = 30


def summary_to_text(bundle: Bundle, snapshot: Snapshot, *, version: str, cutoff: date) -> Iterator[str]:
    """Yield a summary of a model and of the traders of a day, as lines for a terminal."""
    ranking = scored(bundle, snapshot.table, version=version)
    yield f"{ranking.num_rows:,} active traders, as known before {cutoff}."
    yield f"Model version {version}: {bundle.card.model}, from what was known before {bundle.cutoff}."
    yield from filter(None, [bundle.card.mark()])
    yield from (f"ASSUMED of the data: {sentence}." for sentence in bundle.card.data.assumed)
    yield from (f"LEAK SUSPECTED: {sentence}" for sentence in bundle.card.leaks.raised)
    yield ""
    yield from _against_others(bundle)
    yield ""
    yield from _first(bundle, snapshot, ranking.slice(0, TOP))


def _against_others(bundle: Bundle) -> Iterator[str]:
    """Yield the first metric that the audits are enough for, by model, as bars."""
    scores = [each for each in bundle.card.performance if each.fold is None and each.population == ALL]
    for metric in CAPTURED:
        values = {each.model: each.value for each in scores if each.metric == metric}
        comparable = {
            model: value for model, value in values.items() if value is not None and model != ORACLE
        }
        if comparable:
            yield f"Out of fold, on {bundle.card.data.tested_audits:,} audits: {WORDS[metric]}"
            for model, value in sorted(comparable.items(), key=lambda each: -each[1]):
                mark = "  <- the model" if model == bundle.card.model else ""
                yield f"  {model:15}{value:>6.0%}  {'█' * round(BAR * max(value, 0.0))}{mark}"
            if max(comparable.values()) > comparable.get(bundle.card.model, -math.inf):
                yield ABOVE
            return
    yield bundle.card.untested or "Too few audits were tested to say how it fares."


def _first(bundle: Bundle, snapshot: Snapshot, first: pa.Table) -> Iterator[str]:
    yield f"{'rank':>4}  {'trader':14}{'expected':>12}  the weightiest reason that points to a finding"
    X = as_matrix(snapshot.table.select(bundle.names))
    turns = bundle.turning_points(X)
    of_first = X[[snapshot.row_indices[trader] for trader in first["trader_id"].to_pylist()]]
    explanation = bundle.model.explain(of_first)
    for row, values, money in zip(first.to_pylist(), of_first, explanation.contributions, strict=True):
        first_reason = max(by_topic(reasons(bundle.words, values, money, turns)), key=_leads)
        yield (
            f"{row['rank']:>4}  {row['trader_id']:14}{row['expected_yield']:>12,.0f}  "
            f"{first_reason.money:+,.0f}: {first_reason.sentence}"
        )


def _leads(reason: TopicReason) -> tuple[bool, float]:
    """Order reasons: what points to a finding and adds to the money comes before mere size."""
    points = reason.leading is not None and reason.leading.finding_type is not None
    return points and round(reason.money) > 0, reason.money
