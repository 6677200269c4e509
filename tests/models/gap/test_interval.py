"""Intervals: lopsided as the money is, and those of changes and ratios follow from their parts."""

import numpy as np
import pytest
from scipy.stats import t as student

from models.gap.interval import GapEstimate, Z, difference, hall, ratio, trend


def test_without_skewness_it_is_students_interval_by_the_kurtosis() -> None:
    """It is 34 / 5 over 2 squared here, which leaves five terms 2 x 5 / 0.7 degrees of freedom."""
    terms = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    reach = student.ppf(0.975, 10 / 0.7) * terms.std(ddof=1) * np.sqrt(5)
    assert hall(terms) == pytest.approx((reach, reach))


def test_of_many_even_terms_it_is_the_normal_interval() -> None:
    terms = np.tile([-2.0, -1.0, 0.0, 1.0, 2.0], 2_000)
    reach = Z * terms.std(ddof=1) * np.sqrt(len(terms))
    assert hall(terms) == pytest.approx((reach, reach), rel=1e-3)


def test_terms_all_alike_leave_no_doubt() -> None:
    assert hall(np.full(10, 3.0)) == (0.0, 0.0)


def test_it_reaches_further_to_the_side_of_the_long_tail() -> None:
    terms = np.random.default_rng(1).lognormal(0.0, 1.0, 200)
    below, above = hall(terms)
    assert above > 1.2 * below
    mirrored = hall(-terms)
    assert mirrored == pytest.approx((above, below))


def test_a_change_reaches_as_far_as_its_parts_together() -> None:
    earlier, later = GapEstimate(100.0, 70.0, 160.0, 50, 9), GapEstimate(180.0, 140.0, 300.0, 60, 8)
    change = difference(later, earlier)
    assert change.amount == 80.0
    assert change.ends == pytest.approx((80 - np.hypot(40, 60), 80 + np.hypot(120, 30)))
    assert (change.answers, change.non_zero) == (110, 17)


def test_a_trend_through_two_years_is_their_change_and_keeps_to_the_line_of_more() -> None:
    years = {2021: GapEstimate(100.0, 70.0, 160.0, 50, 9), 2022: GapEstimate(180.0, 140.0, 300.0, 60, 8)}
    assert trend(years) == difference(years[2022], years[2021])
    later = years | {2023: GapEstimate(300.0, 240.0, 400.0, 50, 9)}
    line = trend(later)
    assert line.amount == pytest.approx((300 - 100) / 2)
    assert line.ends == pytest.approx((100 - np.hypot(60, 60) / 2, 100 + np.hypot(100, 30) / 2))


def test_a_change_from_or_to_what_is_not_known_is_not_known() -> None:
    known, unknown = GapEstimate(100.0, 70.0, 160.0, 50, 9), GapEstimate(90.0, None, None, 50, 4)
    assert difference(known, unknown).ends is None
    assert difference(unknown, known).ends is None


def test_a_ratio_takes_in_the_doubt_about_its_share() -> None:
    gap = GapEstimate(100.0, 50.0, 200.0, 50, 9)
    sure = ratio(gap, 0.5, low=0.5, high=0.5)
    assert (sure.amount, sure.low, sure.high) == pytest.approx((200.0, 100.0, 400.0))
    unsure = ratio(gap, 0.5, low=0.25, high=1.0)
    assert unsure.ends == pytest.approx((200 / 2 ** np.sqrt(2), 200 * 2 ** np.sqrt(2)))


def test_a_ratio_of_what_may_be_below_zero_may_be_too() -> None:
    low, high = ratio(GapEstimate(10.0, -5.0, 40.0, 50, 9), 0.5, low=0.4, high=0.6).ends or (0.0, 0.0)
    assert low == pytest.approx(-12.5)
    assert high > 80
