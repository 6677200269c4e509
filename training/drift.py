"""Drift of a model, from data: audits by lot closed since it learned, and how far its inputs have moved."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.build import KEY
from features.data.dataset import Dataset
from features.errors import SettingError
from features.outcomes import outcomes
from features.snapshots.line_parts import open_with_line_parts
from features.spine import Spine
from models.bundle.artefact import Bundle
from models.day import snapshot_for
from models.drift import (
    LIMIT,
    MORE_BY_LOT,
    MOVED,
    Period,
    Watch,
    periods_of,
    smallest_seen,
    stability_index,
    watch,
    write_record,
)
from models.fitting.matrix import as_matrix
from training.backtest.labelled_audits import trader_days
from training.backtest.setup import Stage
from training.score import bundle_of_day
from training.tracking.cleanup import CHAMPION

EXPLAINED = 500
"""Traders, spread over all, by whom it is told how much money a feature moves."""
VISITS = ("field", "joint")


@dataclass(frozen=True)
class MovedInput:
    """A feature of the model: how far its distribution has moved, and the mean money that it moves."""

    name: str
    label: str
    stability_index: float
    moved_amount: float


@dataclass(frozen=True)
class DriftReport:
    """What became of a model since it learned.

    - `as_of`, `version`, `learned_before`: the day, the model, and the day before which it learned.
    - `audits`, `months`: visits by lot that closed since, and the months since; `periods` of them.
    - `watches`: what the cumulative sums say of money and of chance.
    - `smallest_rise`: the factor of all money from which on a rise is seen within a year in the mean case,
      None where there are too few audits by lot.
    - `score_index`: how far the distribution of what is predicted has moved over all traders.
    - `inputs`: the features that have moved beyond `MOVED`, those first that move most money as well.
    """

    as_of: date
    version: str
    learned_before: date
    audits: int
    months: float
    periods: tuple[Period, ...]
    watches: tuple[Watch, ...]
    smallest_rise: float | None
    score_index: float
    inputs: tuple[MovedInput, ...]

    @property
    def alarms(self) -> tuple[str, ...]:
        """The names of the watches that raised an alarm."""
        return tuple(each.name for each in self.watches if each.alarm)

    def content(self) -> dict[str, Any]:
        """Return the report as data; days are ISO 8601."""
        content = asdict(self) | {"alarms": list(self.alarms)}
        return {name: _plain(value) for name, value in content.items()}


def drift(dataset: Dataset, *, model: str = CHAMPION, stage: Stage = lambda words: None) -> DriftReport:
    """Look for drift of a model as of the dataset's cutoff, and keep what was found in the home.

    Raises `SettingError` where the model learned of that day or later: nothing has happened since.
    """
    stage("Building the features of every trader")
    version, bundle, snapshot = bundle_of_day(dataset, model=model)
    if bundle.cutoff >= dataset.cutoff:
        raise SettingError(
            f"Version {version} learned what was known before {bundle.cutoff}; nothing has happened since.",
            expected="a day after that.",
            advice="Call it with a later --as-of, every month.",
        )
    stage("Building the features of audits by lot")
    audits, X = _audits_by_lot(dataset, bundle)
    stage("Building the features of every trader on the day of the training")
    before = snapshot_for(bundle, replace(dataset, cutoff=bundle.cutoff, stale=True))
    stage("Comparing")
    prediction = bundle.model.predict(X)
    known = {
        "expected": prediction.expected,
        "deviation": prediction.deviation(bundle.model.interval_.sizes.spread),
    }
    closed_on: list[date] = audits["closed_on"].to_pylist()
    periods = periods_of(
        [day.replace(day=1) for day in closed_on],
        audits["yield_amount"].to_numpy(),
        **known,
        probability=prediction.probability,
    )
    months = (dataset.cutoff - bundle.cutoff).days / 30.44
    then, now = (as_matrix(each.table.select(bundle.names)) for each in (before, snapshot))
    report = DriftReport(
        dataset.cutoff,
        version,
        bundle.cutoff,
        audits.num_rows,
        months,
        tuple(periods),
        (watch("money", periods), watch("chance", periods)),
        smallest_seen(**known, months=months),
        stability_index(bundle.model.predict(then).expected, bundle.model.predict(now).expected),
        tuple(_moved_inputs(bundle, then, now)),
    )
    write_record(dataset.home, report.content())
    return report


def _audits_by_lot(dataset: Dataset, bundle: Bundle) -> tuple[pa.Table, pa.Table]:
    """Return the visits by lot that closed since the model learned, and their features as each opened.

    One that was opened before counts too: what was not closed the model has not learned. Months would
    otherwise begin with audits that close soon, which find less.
    """
    data = bundle.card.data
    with open_with_line_parts(dataset) as (warehouse, _):
        rows = outcomes(
            warehouse,
            cutoff=dataset.cutoff,
            measure=data.measure or "assessed",  # type: ignore[arg-type]  # validated where it was trained
            with_penalties=data.with_penalties,
        )
        by_lot = rows.selection_channel == "random"
        since = rows.closed_on >= bundle.cutoff
        audits = rows.filter(by_lot, since, rows.treatment.isin(VISITS)).to_pyarrow()
        spine = Spine.of(audits["trader_id"].to_pylist(), audits["opened_on"].to_pylist())
        built = bundle.features().build(warehouse, spine)
    pairs = trader_days(audits["trader_id"], audits["opened_on"])
    rows_of = pc.index_in(pairs, trader_days(*(built[name] for name in KEY)))
    return audits, built.select(bundle.names).take(rows_of)


def _moved_inputs(bundle: Bundle, then: np.ndarray, now: np.ndarray) -> Iterator[MovedInput]:
    """Yield the features that have moved, by the money that they move times how far they have."""
    shown = now[np.unique(np.linspace(0, len(now) - 1, EXPLAINED).astype(int))]
    amounts = np.abs(bundle.model.explain(shown).contributions).mean(axis=0)
    moved = [
        MovedInput(words.name, words.label, stability_index(then[:, k], now[:, k]), float(amounts[k]))
        for k, words in enumerate(bundle.words)
    ]
    order = sorted(moved, key=lambda each: -each.stability_index * each.moved_amount)
    yield from (each for each in order if each.stability_index > MOVED)


def drift_to_text(report: DriftReport, *, top: int) -> Iterator[str]:
    """Yield what was found, and what to do, as lines for a terminal."""
    yield (
        f"Drift as of {report.as_of} of model version {report.version}, which learned before "
        f"{report.learned_before}: {report.audits:,} visits by lot closed since, in "
        f"{report.months:.0f} months."
    )
    if not report.periods:
        yield "Too few to judge: without visits by lot nobody sees whether the model still holds."
    for each in report.watches if report.periods else ():
        yield f"  {_watch_in_words(each, report.periods)}"
    yield _smallest_in_words(report)
    yield ""
    scores = "has moved" if report.score_index > MOVED else "has not moved"
    yield f"What is predicted of all traders {scores}: index {report.score_index:.2f} (moved above {MOVED})."
    if report.inputs:
        yield f"{len(report.inputs)} inputs have moved, which explains and is no alarm. First of them:"
    for moved in report.inputs[:top]:
        yield f"  {moved.stability_index:6.2f}  {moved.moved_amount:>12,.0f}  {moved.label}"
    yield ""
    if report.alarms:
        yield f"What to do: audit-yield train DATA --as-of {report.as_of}; the gate judges what comes out."
        yield (
            f"The next plan draws {MORE_BY_LOT:g} times as many hours by lot, until a look at drift finds "
            "none."
        )
    else:
        yield "What to do: nothing; look again next month."


def _watch_in_words(each: Watch, periods: tuple[Period, ...]) -> str:
    if each.name == "money":
        seen = (
            f"{sum(p.booked for p in periods):,.0f} booked, {sum(p.expected for p in periods):,.0f} expected"
        )
    else:
        seen = (
            f"{sum(p.adjusted for p in periods):,} ended in an adjustment, "
            f"{sum(p.expected_adjusted for p in periods):,.1f} expected"
        )
    sums = f"sums {each.up:.1f} up, {each.down:.1f} down, alarm above {LIMIT:g}"
    if each.alarm is None:
        return f"{each.name}: {seen}; {sums}: no alarm."
    more = "more" if each.alarm == "up" else "less"
    return (
        f"{each.name}: {seen}; {sums}. ALARM raised in {each.raised:%B %Y}: {more} than the model expects, "
        f"probably since {each.since:%B %Y}."
    )


def _smallest_in_words(report: DriftReport) -> str:
    monthly = report.audits / max(report.months, 1e-9)
    if report.smallest_rise is None:
        return f"At {monthly:.1f} visits by lot a month not even ten times the money is seen within a year."
    return (
        f"At {monthly:.1f} visits by lot a month a rise of all money by less than "
        f"{report.smallest_rise - 1:.0%} cannot be counted on to be seen within a year."
    )


def _plain(value: Any) -> Any:
    """Return data with its days as text."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
