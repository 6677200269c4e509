"""Differences: of measures between policies, paired by seed, and of measured gaps from the true ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import unknown
from features.simulate.arrays import Floats
from training.lab.measures import ALL, ALL_YEARS, GROUPED_BY, MEASURED, YEAR

Runs = Mapping[str, Sequence[pa.Table]]
"""The runs of each policy, one a seed, in the same order of seeds."""
MEASURES = {
    "assessed_amount": "sum",
    "gap_amount": "last",
    "bookable_gap_amount": "last",
    "paid_share": "last",
    "hours": "sum",
    "visits": "sum",
    "nil_visits": "sum",
    "nil_letters": "sum",
    "captured_share": "mean",
}
"""How a run's quarters become one number: their sum or mean, or the mean of the last year."""
OF_ALL_ALONE = ("captured_share",)
FEWEST_SEEDS = 5
"""Below so many a standard error says too little for a difference to be called one."""
WANTED = 0.25
"""Half the width of an interval of the gap that is wanted, as a part of the gap."""


@dataclass(frozen=True)
class Compared:
    """A measure of a policy beside that of the first: means over seeds, and the paired difference.

    It is of the traders whose attribute `by` is `group`, or of all. `error` is the standard error of
    `difference`, None with one seed.
    """

    policy: str
    by: str
    group: str
    measure: str
    mean: float
    difference: float
    error: float | None
    seeds: int

    @property
    def is_clear(self) -> bool:
        """Whether the difference is beyond two standard errors, of seeds enough to say so."""
        return self.error is not None and self.seeds >= FEWEST_SEEDS and abs(self.difference) > 2 * self.error


@dataclass(frozen=True)
class Covered:
    """How well the lotteries of a policy measure the gap of a `span`: each year, or all years together.

    - `answers`: visits by lot that a span has, on average.
    - `given`: the share of spans in which enough of them found something for an interval.
    - `covered`: the share of intervals that hold the truth, and its standard `error` over seeds; None
      without intervals, or with one seed.
    - `half_width`: half of an interval's width as a part of the true gap, and `needed`: visits by lot with
      which it would be `WANTED`; the middle ones of all intervals, None without any.
    """

    policy: str
    span: str
    answers: float
    given: float
    covered: float | None
    error: float | None
    half_width: float | None
    needed: float | None


def compare(runs: Runs, *, by: str = ALL) -> Iterator[Compared]:
    """Yield each measure of each policy and group, beside the first policy's in the same seeds.

    Raises `SettingError` where traders have no groups `by` that.
    """
    if by not in GROUPED_BY:
        raise unknown(by, GROUPED_BY, what="There are no groups by")
    parts = {policy: [_by_group(run, by) for run in own] for policy, own in runs.items()}
    first = next(iter(parts))
    for policy, own in parts.items():
        for group in own[0]:
            for measure in MEASURES:
                if by != ALL and measure in OF_ALL_ALONE:
                    continue
                values, others = (
                    np.array([_number(run[group], measure) for run in each]) for each in (own, parts[first])
                )
                yield Compared(
                    policy=policy,
                    by=by,
                    group=group,
                    measure=measure,
                    mean=float(values.mean()),
                    difference=float((values - others).mean()),
                    error=_error(values - others),
                    seeds=values.size,
                )


def coverage(runs: Runs) -> Iterator[Covered]:
    """Yield how well each policy's lotteries measure the gap of each year, and of all years together."""
    for policy, own in runs.items():
        for span in (YEAR, ALL_YEARS):
            measured = [_measured(run, span) for run in own]
            every = np.vstack(measured)
            _, low, high, truth, answers = every.T
            given = np.isfinite(low)
            half = ((high - low) / 2 / truth)[given]
            held = [
                float(
                    ((each[:, 1] <= each[:, 3]) & (each[:, 3] <= each[:, 2]))[np.isfinite(each[:, 1])].mean()
                )
                for each in measured
                if np.isfinite(each[:, 1]).any()
            ]
            yield Covered(
                policy=policy,
                span=span,
                answers=float(answers.mean()),
                given=float(given.mean()),
                covered=float(((low <= truth) & (truth <= high))[given].mean()) if held else None,
                error=_error(np.array(held)),
                half_width=float(np.median(half)) if held else None,
                needed=float(np.median(answers[given] * (half / WANTED) ** 2)) if held else None,
            )


def _by_group(run: pa.Table, by: str) -> dict[str, pa.Table]:
    own = run.filter(pc.equal(run["by"], by))
    return {group: own.filter(pc.equal(own["group"], group)) for group in pc.unique(own["group"]).to_pylist()}


def _number(quarters: pa.Table, measure: str) -> float:
    values = quarters[measure].to_numpy()
    if MEASURES[measure] == "sum":
        return float(values.sum())
    return float(values[-4:].mean() if MEASURES[measure] == "last" else values.mean())


def _measured(run: pa.Table, span: str) -> Floats:
    """Return what was measured in each span of a run (spans, 5), in the order of `MEASURED`."""
    own = run.filter(pc.is_valid(run[f"answers_{span}"]))
    return np.column_stack([own[f"{name}_{span}"].to_numpy() for name in MEASURED])


def _error(values: Floats) -> float | None:
    """Return the standard error of a mean, None of one value."""
    return float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else None
