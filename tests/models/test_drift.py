"""Drift: an alarm where audits by lot find other than expected, seldom where they do not, and since when."""

from datetime import date

import numpy as np
import pytest

from models.drift import (
    MOVED,
    Period,
    cumulative_sums,
    periods_of,
    share_by_lot,
    smallest_seen,
    stability_index,
    watch,
)

MONTHS, A_MONTH = 60, 42


def month(number: int) -> date:
    return date(2020 + number // 12, number % 12 + 1, 1)


def lottery(seed: int, *, factor: float = 1.0, thinned: float = 1.0, months: int = MONTHS) -> list[Period]:
    """Periods of audits of which the model knows chance and size; then all money, or the chance, changes."""
    rng = np.random.default_rng(seed)
    number = months * A_MONTH
    chance, size = rng.beta(2.0, 8.0, number), rng.lognormal(8.0, 1.0, number)
    adjusted = rng.random(number) < chance * thinned
    y = np.where(adjusted, factor * size * rng.lognormal(-0.5, 1.0, number), 0.0)
    return periods_of(
        [month(k // A_MONTH) for k in range(number)],
        y,
        expected=chance * size,
        deviation=size * np.sqrt(chance * np.e - chance**2),
        probability=chance,
    )


def delay(periods: list[Period]) -> int:
    """The month of the first alarm of either watch, more than there are for none."""
    raised = [each.raised for each in (watch("money", periods), watch("chance", periods)) if each.raised]
    last = [each.last for each in periods]
    return min((last.index(day) + 1 for day in raised), default=len(periods) + 1)


def test_without_drift_there_is_at_most_one_alarm_in_sixty_months() -> None:
    delays = [delay(lottery(seed)) for seed in range(60)]
    assert sum(min(each, MONTHS) for each in delays) / max(1, sum(each <= MONTHS for each in delays)) >= 60


@pytest.mark.parametrize("change", [{"factor": 2.0}, {"thinned": 0.4}], ids=str)
def test_twice_the_money_or_few_adjustments_are_found_within_half_a_year(change: dict[str, float]) -> None:
    assert np.median([delay(lottery(seed, months=24, **change)) for seed in range(40)]) <= 6


def test_an_alarm_says_which_side_and_since_when() -> None:
    quiet, changed = lottery(1, months=24), lottery(2, factor=4.0, months=12)
    later = [
        Period(month(24 + k), month(24 + k), *list(vars(each).values())[2:]) for k, each in enumerate(changed)
    ]
    seen = watch("money", [*quiet, *later])
    assert seen.alarm == "up"
    assert seen.raised is not None
    assert seen.since is not None
    assert month(20) <= seen.since <= seen.raised <= month(30)
    assert watch("money", quiet).alarm is None


def test_sums_let_half_a_deviation_pass_and_bound_each_month() -> None:
    up, down = cumulative_sums(np.array([0.5, 1.5, 100.0, -2.0]))
    assert up.tolist() == [0.0, 1.0, 4.5, 2.0]
    assert down.tolist() == [0.0, 0.0, 0.0, 1.5]


def test_one_large_finding_is_no_alarm() -> None:
    assert watch("money", [Period(month(0), month(0), 40, 1e9, 1.0, 1, 5.0, 300.0, -1.0)]).alarm is None


def test_months_with_few_audits_wait_for_the_next() -> None:
    months = [month(0)] * 4 + [month(2)] * 7 + [month(3)] * 3
    ones = np.ones(len(months))
    [period] = periods_of(months, ones, expected=ones, deviation=ones, probability=0.5 * ones)
    assert (period.first, period.last, period.audits) == (month(0), month(2), 11)
    assert (period.money, period.adjusted) == (0.0, 11)
    assert period.chance == pytest.approx(5.5 / np.sqrt(11 * 0.25))


def test_fewer_audits_see_less_and_a_handful_sees_nothing() -> None:
    def seen(audits: int) -> float | None:
        return smallest_seen(np.ones(audits), np.full(audits, 4.0), months=12.0)

    many, some = seen(600), seen(300)
    assert many is not None
    assert some is not None
    assert 1.0 < many < some
    assert seen(15) is None
    assert seen(0) is None


def test_the_index_is_small_for_the_same_distribution_and_large_for_a_moved_one() -> None:
    rng = np.random.default_rng(1)
    before, again = rng.lognormal(size=2_000), rng.lognormal(size=2_000)
    assert stability_index(before, again) < 0.03
    assert stability_index(before, 3 * again) > MOVED
    missing = np.where(np.arange(2_000) < 900, np.nan, again)
    assert stability_index(before, missing) > MOVED
    assert stability_index(np.full(9, np.nan), np.full(9, np.nan)) == 0.0
    assert stability_index(np.zeros(2_000), np.zeros(2_000)) == 0.0


@pytest.mark.parametrize(
    ("alarms", "as_of", "share"),
    [(["money"], "2025-01-01", 0.225), (["money"], "2025-01-02", 0.15), ([], "2025-01-01", 0.15)],
    ids=["an alarm", "one found later", "none"],
)
def test_after_an_alarm_more_hours_go_by_lot(alarms: list[str], as_of: str, share: float) -> None:
    changed, because = share_by_lot(0.15, {"alarms": alarms, "as_of": as_of}, cutoff=date(2025, 1, 1))
    assert changed == pytest.approx(share)
    assert (because is None) == (share == 0.15)


def test_the_share_by_lot_stays_below_a_half_and_is_never_lowered() -> None:
    record = {"alarms": ["money"], "as_of": "2025-01-01"}
    assert share_by_lot(0.4, record, cutoff=date(2025, 1, 1))[0] == 0.5
    assert share_by_lot(0.15, None, cutoff=date(2025, 1, 1)) == (0.15, None)
