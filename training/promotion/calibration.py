"""Calibration: whether a model's money, chances and intervals are what audits that it had not seen found.

They are judged on audits drawn at random where enough of them have an adjustment, for they alone speak for
all traders. Else on audits like those predicted, which were chosen because more was suspected than features
tell: they may find more than a good model expects. So a total above theirs refutes a model, one below theirs
does not.

A few hundred audits seldom show a total to be right. Where a champion serves, its predictions for the same
audits do: no outcome enters a ratio of two predictions, and what was accepted of the champion is accepted of
a model that expects the same.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from models.card import Score
from models.prediction import Prediction
from training.backtest.bootstrap import estimate, resample_metrics
from training.backtest.metrics import metrics
from training.backtest.out_of_fold import OutOfFold
from training.backtest.populations import POPULATIONS
from training.backtest.scores import evaluation_set, judge
from training.backtest.wilson import wilson
from training.promotion.verdict import Check, GateVerdict

REFERENCE, RANDOM = "reference", "random"
FEWEST_RANDOM = 60
"""Audits drawn at random with an adjustment; with fewer their money is uncertain by a factor of 2 or more."""
CALIBRATION = ("total_ratio", "probability_ratio")
LIMITS = (0.8, 1.25)
"""Within these a ratio is right."""
NEAR = (2 / 3, 1.5)
"""A ratio whose interval lies within these is shown to be right enough, wherever its value lies."""
WIDEST = (0.4, 2.5)
"""A value may be within `LIMITS` by luck: its interval must lie within these to show anything."""
FAR = (0.5, 2.0)
"""A ratio whose interval lies outside these is refused, however few audits it comes from."""
COVERED = {"coverage": 1.0, "coverage of the top fifth": 0.2, "coverage of the top 5 %": 0.05}
"""Parts of the audits, by predicted money, whose intervals must cover what they promise."""
FEWEST_COVERED = 20
SHORTFALL = 0.05
"""By so much the share covered may fall short of what is promised."""
SEED = 1
METRICS = metrics()


def calibrated(out_of_fold: OutOfFold, champion: Prediction | None = None) -> Iterator[Check]:
    """Check money and chances on all folds: at random first, else on audits like those predicted.

    Beside a `champion`, by its prediction for the same audits, what is merely not refuted is not passed.
    """
    by_name = {name: METRICS[name] for name in CALIBRATION}
    at_random, alike = (
        {score.metric: score for score in judge(out_of_fold, by_name, population=population, seed=SEED)}
        for population in (RANDOM, REFERENCE)
    )
    for metric in CALIBRATION:
        drawn = at_random[metric]
        if drawn.adjusted >= FEWEST_RANDOM:
            sentence = f"{_ratio_sentence(drawn)}, on audits drawn at random"
            score, check = drawn, Check(metric, _ratio_verdict(drawn), sentence)
        else:
            score, check = alike[metric], _by_chosen(alike[metric], drawn)
        if champion is None:
            yield check
        else:
            yield _beside(check, out_of_fold, champion, is_shown=_is_inside(score, NEAR))


def _beside(check: Check, out_of_fold: OutOfFold, champion: Prediction, *, is_shown: bool) -> Check:
    """Pass what both limits show, by audits or by the champion's prediction for the same audits.

    What refutes both alike is no reason to keep the champion, which expects the same.
    """
    metric = METRICS[check.name]
    predictions = {"own": next(iter(out_of_fold.predictions.values())), "champion": champion}
    values = resample_metrics(
        evaluation_set(out_of_fold, "all"), predictions, {metric.name: metric}, seed=SEED
    ).get(metric.name)
    ratio = estimate(values["own"] / values["champion"] if values else None)
    if ratio.value is None:
        return check
    low, high = (ratio.value if end is None else end for end in (ratio.low, ratio.high))
    verdict = check.verdict
    if LIMITS[0] <= low and high <= LIMITS[1]:
        verdict = GateVerdict.PASSED
    elif verdict is GateVerdict.PASSED and not is_shown:
        verdict = GateVerdict.CANNOT_TELL
    sentence = f"{check.sentence}; {ratio.value:.2f} ({low:.2f} to {high:.2f}) times the champion's"
    return Check(check.name, verdict, sentence)


def _by_chosen(alike: Score, drawn: Score) -> Check:
    """Judge a ratio on audits like those predicted, for few drawn at random have an adjustment.

    What those few credibly deny is not passed, and is refused where they are far off.
    """
    metric, verdict = alike.metric, _ratio_verdict(alike)
    if _is_outside(drawn, FAR):
        return Check(metric, GateVerdict.REFUSED, f"{_ratio_sentence(drawn)}, on the few drawn at random")
    is_denied = verdict is GateVerdict.PASSED and _is_outside(drawn, LIMITS)
    is_below = verdict is GateVerdict.REFUSED and interval(alike)[1] < LIMITS[0]
    low, high = interval(drawn)
    theirs = "" if drawn.value is None else f": {drawn.value:.2f} ({low:.2f} to {high:.2f})"
    sentence = (
        f"{_ratio_sentence(alike)}, on audits like those predicted; only {drawn.adjusted} drawn at random "
        f"have an adjustment{theirs}, and {FEWEST_RANDOM} are needed to judge the total over all traders"
    )
    return Check(metric, GateVerdict.CANNOT_TELL if is_denied or is_below else verdict, sentence)


def _ratio_verdict(score: Score) -> GateVerdict:
    """Judge a ratio: it must be shown to be right, and shown to be wrong to be refused."""
    if score.value is None:
        return GateVerdict.CANNOT_TELL
    if _is_outside(score, LIMITS):
        return GateVerdict.REFUSED
    is_right = LIMITS[0] <= score.value <= LIMITS[1] and _is_inside(score, WIDEST)
    return GateVerdict.PASSED if is_right or _is_inside(score, NEAR) else GateVerdict.CANNOT_TELL


def _is_outside(score: Score, limits: tuple[float, float]) -> bool:
    low, high = interval(score)
    return score.value is not None and (high < limits[0] or low > limits[1])


def _is_inside(score: Score, limits: tuple[float, float]) -> bool:
    low, high = interval(score)
    return limits[0] <= low and high <= limits[1]


def _ratio_sentence(score: Score) -> str:
    words, (lowest, highest) = METRICS[score.metric].words, LIMITS
    if score.value is None:
        return f"too few audits to judge {words}"
    return f"{measured(score, form='.2f', what=words)}; limits {lowest:.2f} to {highest:.2f}"


def covered(out_of_fold: OutOfFold, promised: float, champion: Prediction | None = None) -> Iterator[Check]:
    """Check that intervals cover what they promise, by the share covered and its interval (Wilson 1927).

    Beside a `champion`, what audits leave open is passed where they cover what its intervals do.
    """
    if champion is not None:
        predictions = {**out_of_fold.predictions, "champion": champion}
        out_of_fold = OutOfFold(out_of_fold.audits, predictions)
    at_random = out_of_fold.where(POPULATIONS[RANDOM](out_of_fold.audits))
    alike = out_of_fold.where(POPULATIONS[REFERENCE](out_of_fold.audits))
    is_enough = np.count_nonzero(at_random.y) >= FEWEST_RANDOM
    for name, share in COVERED.items():
        chosen, words = (
            (at_random, "drawn at random") if share == 1.0 and is_enough else (alike, "like those predicted")
        )
        expected = next(iter(chosen.predictions.values())).expected
        first = np.argsort(-expected, kind="stable")[: round(share * len(chosen))]
        if len(first) >= FEWEST_COVERED:
            inside, *accepted = (
                int(((each.low <= chosen.y) & (chosen.y <= each.high))[first].sum())
                for each in chosen.predictions.values()
            )
            yield _coverage_check(name, inside, len(first), promised, words, accepted)
        elif share == 1.0:
            yield Check(name, GateVerdict.CANNOT_TELL, f"too few audits {words} to judge the intervals")


def _coverage_check(
    name: str, inside: int, audits: int, promised: float, words: str, accepted: Sequence[int]
) -> Check:
    share = inside / audits
    low, high = wilson(share, audits)
    if high < promised - SHORTFALL:
        verdict = GateVerdict.REFUSED
    else:
        verdict = GateVerdict.PASSED if share >= promised - SHORTFALL else GateVerdict.CANNOT_TELL
    beside = ""
    for champions in accepted:
        beside = f"; the champion's cover {champions / audits:.0%} of them"
        if verdict is GateVerdict.CANNOT_TELL and share >= champions / audits - SHORTFALL:
            verdict = GateVerdict.PASSED
    between = f"{low:.0%} to {high:.0%}"
    sentence = (
        f"intervals cover {share:.0%} ({between}) of {audits:,} audits {words}; they promise {promised:.0%}"
        f"{beside}"
    )
    return Check(name, verdict, sentence)


def interval(score: Score) -> tuple[float, float]:
    """Return the interval, or the value twice where no resample differs from it."""
    value = 0.0 if score.value is None else score.value
    return (value, value) if score.low is None or score.high is None else (score.low, score.high)


def measured(score: Score, *, form: str, what: str) -> str:
    """Return a value with its interval and number of audits, in words."""
    low, high = interval(score)
    return f"{what} {score.value:{form}} ({low:{form}} to {high:{form}}, {score.audits:,} audits)"
