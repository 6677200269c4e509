"""What a model came to, on one screen: how it fares against others, and whom it ranks first and why."""

from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from features.snapshot import Snapshot
from models.artefact import Bundle
from models.matrix import as_matrix
from models.reasons import reasons
from models.score import scored

CAPTURED, ALL = ("captured_10", "captured_5", "gini"), "all"
WORDS = {
    "captured_5": "share of the most that 5 % of the tested audits could have brought, in each order",
    "captured_10": "share of the most that a tenth of the tested audits could have brought, in each order",
    "gini": "normalised Gini of the money found, in each order",
}
TOP = 10
BAR = 30


def brief(bundle: Bundle, snapshot: Snapshot, *, version: str, as_of: date) -> Iterator[str]:
    """Describe a model and the traders of a day to a person."""
    ranking = scored(bundle, snapshot.table, version=version)
    yield f"{ranking.num_rows:,} active traders, as known before {as_of}."
    yield f"Model version {version}: {bundle.card['model']}, from what was known before {bundle.as_of}."
    yield from (f"ASSUMED of the data: {sentence}." for sentence in bundle.card["data"]["assumed"])
    yield from (f"LEAK SUSPECTED: {sentence}" for sentence in bundle.card["leaks"]["raised"])
    yield ""
    yield from _against_others(bundle)
    yield ""
    yield from _first(bundle, snapshot, ranking.slice(0, TOP))


def _against_others(bundle: Bundle) -> Iterator[str]:
    """The first metric that the audits are enough for, by model, as bars."""
    told = [each for each in bundle.card["performance"] if each["fold"] is None and each["population"] == ALL]
    for metric in CAPTURED:
        values = {each["model"]: each["value"] for each in told if each["metric"] == metric}
        found = {model: value for model, value in values.items() if value is not None and model != "oracle"}
        if found:
            yield f"Out of fold, on {bundle.card['data']['tested_audits']:,} audits: {WORDS[metric]}"
            for model, value in sorted(found.items(), key=lambda each: -each[1]):
                yield f"  {model:15}{value:>6.0%}  {'█' * round(BAR * max(value, 0.0))}"
            return
    yield "Too few audits were tested to say how it fares."


def _first(bundle: Bundle, snapshot: Snapshot, first: pa.Table) -> Iterator[str]:
    yield f"{'rank':>4}  {'trader':14}{'expected':>12}  the weightiest reason that points to a finding"
    for row in first.to_pylist():
        place = snapshot.place(row["trader_id"])
        values = snapshot.table.slice(place, 1).select(bundle.names)
        contributions = bundle.model.explain(values).contributions[0]
        found = reasons(bundle.words, as_matrix(values)[0], contributions)
        leading = max(found, key=lambda reason: (reason.finding_type is not None, reason.money))
        yield (
            f"{row['rank']:>4}  {row['trader_id']:14}{row['expected_yield']:>12,.0f}  "
            f"{leading.money:+,.0f}: {leading.sentence}"
        )
