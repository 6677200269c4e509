"""Uplift of letters: what they make traders correct, against those who by lot got none, beside the source.

Of ten traders who would get a letter one is held out by lot. The difference between what both correct by
themselves is what letters bring, whoever they went to: chances are known, so that the estimate is right
whatever the model of corrections is (augmented inverse probability weighting; Robins, Rotnitzky and Zhao,
JASA 1994). It is drawn towards what the source says, each by its precision. Nothing is said of a single
trader.

Few correct anything, and of these few most of the money: the usual interval is too narrow where by chance the
large ones are missing among those held out. The interval is that of a sum of rare events of unlike size.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import chi2, norm
from scipy.stats import t as student

from models.plan.treatments import LETTER, TREATMENTS, Treatments
from models.prediction import Floats

WOULD_GET_ONE = 0.5
"""The probability of a letter from which a trader is one of those whom letters are meant for."""
FOLDS = 5
LEAST_ANSWERS = 10
"""Traders who corrected something, among those with a letter and among those without."""
TAIL = 0.025
Z = float(norm.isf(TAIL))


@dataclass(frozen=True)
class MeanEffect:
    """A mean effect and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def deviation(self) -> float:
        """The standard deviation of a normal value whose interval is as wide."""
        return (self.high - self.low) / (2 * Z)


@dataclass(frozen=True)
class Uplift:
    """What a letter brings, in shares of the money that a field audit would book.

    - `sent`, `held_out`: traders with a letter, and those who by lot got none; `expected`: the mean of the
      money that a field audit of them would book.
    - `measured`: the difference with its interval, None where fewer than `LEAST_ANSWERS` answered on a side.
    - `sourced`, `sourced_deviation`: what the file of treatments says.
    - `combined`, `combined_deviation`: both, each by its precision.
    """

    sent: int
    held_out: int
    expected: float
    measured: MeanEffect | None
    sourced: float
    sourced_deviation: float
    combined: float
    combined_deviation: float


def uplift_of_letters(rows: pa.Table, treatments: Treatments) -> Uplift:
    """Return what letters bring by `features.assignments.own_amendments`, beside the sourced reach."""
    prior = treatments.reach[LETTER]
    chances = np.nan_to_num(
        np.column_stack([_floats(rows, f"probability_{name}") for name in TREATMENTS])
        if rows.num_rows
        else np.zeros((0, len(TREATMENTS)))
    )
    meant = chances[:, LETTER] > WOULD_GET_ONE
    meant &= np.array([role in ("lottery", "held_out") for role in _texts(rows, "role")], bool)
    treatment = np.array(_texts(rows, "treatment"), object)[meant]
    sent, held_out = treatment == TREATMENTS[LETTER], treatment == "none"
    expected = float(_floats(rows, "expected_yield")[meant].mean()) if meant.any() else 0.0
    answers = _floats(rows, "amended")[meant]
    known = min(np.count_nonzero(answers[sent]), np.count_nonzero(answers[held_out])) >= LEAST_ANSWERS
    sides, sourced = (int(sent.sum()), int(held_out.sum())), (prior.value, prior.deviation)
    if not known or expected <= 0:
        return Uplift(*sides, expected, None, *sourced, *sourced)
    before = np.column_stack([_floats(rows, name)[meant] for name in ("amended_before", "expected_yield")])
    effect = difference(
        answers,
        before,
        sent / chances[meant, LETTER],
        held_out / np.maximum(1 - chances[meant].sum(axis=1), 1e-9),
    )
    measured = MeanEffect(*(each / expected for each in (effect.value, effect.low, effect.high)))
    both = shrunk(measured.value, measured.deviation, *sourced)
    return Uplift(*sides, expected, measured, *sourced, *both)


def difference(y: Floats, X: Floats, treated: Floats, untreated: Floats) -> MeanEffect:
    """Return the mean effect on outcomes y (n,), most of which are 0, with its interval.

    `treated` and `untreated` (n,) are the inverse probabilities of those who were and were not, 0 for others;
    among either somebody must have an outcome other than 0. X (n, p) is what was known before. What X
    explains of y is taken out, by a line fitted without the rows that it is taken from.

    The interval has the shape that the outcomes of both sides give it, `reaches`, joined as independent ones
    are (Zou and Donner, Statistics in Medicine 2008), and the width that is left to explain.
    """
    design = np.column_stack([np.ones(len(y)), X / np.maximum(np.abs(X).mean(axis=0), 1e-9)])
    weight = np.sqrt(treated + untreated)
    rest = np.empty(len(y))
    for fold in range(FOLDS):
        own = np.arange(len(y)) % FOLDS == fold
        line, *_ = np.linalg.lstsq(design[~own] * weight[~own, None], y[~own] * weight[~own], rcond=None)
        rest[own] = y[own] - design[own] @ line
    each = (treated - untreated) * rest
    value = float(each.mean())
    (less, more), (less_without, more_without) = (reaches(side * y) for side in (treated, untreated))
    unexplained = each.std(ddof=1) / np.sqrt(((treated * y) ** 2 + (untreated * y) ** 2).mean())
    down, up = np.hypot(less, more_without), np.hypot(more, less_without)
    scale = unexplained / len(y)
    return MeanEffect(value, float(value - scale * down), float(value + scale * up))


def reaches(parts: Floats) -> tuple[float, float]:
    """Return how far the 95 % interval of a sum reaches below and above it, whose parts are rare events.

    As a number of events follows a gamma distribution about what is observed, so does a sum of unlike ones
    with the same mean and variance (Fay and Feuer, Statistics in Medicine 1997). How unlike they are is
    known from the events alone: the level is that of Student's t with as many degrees of freedom as equal
    events would have that precision (Kish's effective number).
    """
    size = np.abs(parts[parts != 0])
    total, squares = float(size.sum()), float((size**2).sum())
    events, unit = total**2 / squares, squares / total
    tail = norm.sf(student.isf(TAIL, events))
    low, high = unit / 2 * chi2.ppf(tail, 2 * events), unit / 2 * chi2.isf(tail, 2 * events + 2)
    return float(total - low), float(high - total)


def shrunk(value: float, deviation: float, prior: float, prior_deviation: float) -> tuple[float, float]:
    """Return a measured value and a sourced one combined by their precisions, with its deviation."""
    precisions = np.array([deviation, prior_deviation]) ** -2.0
    mean = float(precisions @ np.array([value, prior]) / precisions.sum())
    return mean, float(precisions.sum() ** -0.5)


def uplift_to_text(uplift: Uplift) -> Iterator[str]:
    """Yield what letters bring as lines for a terminal."""
    yield (
        f"{uplift.sent:,} letters, {uplift.held_out:,} traders held out by lot; a field audit of them would "
        f"book {uplift.expected:,.0f} on average. What a letter brings, in shares of that:"
    )
    if (measured := uplift.measured) is None:
        yield f"  measured  too few to say: fewer than {LEAST_ANSWERS} corrected something on one side"
    else:
        yield f"  measured  {measured.value:7.3f}, 95 % interval {measured.low:.3f} to {measured.high:.3f}"
    yield f"  sourced   {uplift.sourced:7.3f}, standard deviation {uplift.sourced_deviation:.3f}"
    yield f"  both      {uplift.combined:7.3f}, standard deviation {uplift.combined_deviation:.3f}"
    yield "`both` is what to write as reach of [letter] in the file of treatments, with this as its source."


def _floats(rows: pa.Table, name: str) -> Floats:
    values = rows[name].to_pylist() if rows.num_rows else []
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _texts(rows: pa.Table, name: str) -> list[str]:
    return [value or "" for value in rows[name].to_pylist()] if rows.num_rows else []
