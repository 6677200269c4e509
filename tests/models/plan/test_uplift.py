"""Uplift of letters: right on average whatever explains corrections, honest in width, drawn to the source."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import norm, poisson
from scipy.stats import t as student

from models.plan.treatments import Treatments
from models.plan.uplift import difference, reaches, shrunk, uplift_of_letters, uplift_to_text
from models.prediction import Floats

SENT, VISITED = 0.85, 0.02
TRUE, PRIOR = 0.12, (0.08, 0.05)


def drawn(rng: np.random.Generator, traders: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return outcomes, what was known before, and inverse probabilities; a letter adds `TRUE` of the size.

    Corrections are rare and heavy-tailed, and larger where the trader is.
    """
    size = rng.lognormal(0.0, 0.7, traders)
    answers = rng.random(traders) < 0.3
    own = np.where(answers, size * rng.gamma(0.5, 1.0, traders), 0.0)
    lot = rng.random(traders)
    sent, held_out = lot < SENT, lot >= SENT + VISITED
    added = np.where(rng.random(traders) < 0.3, size * TRUE / 0.3, 0.0)
    y = own + np.where(sent, added, 0.0)
    return y, np.column_stack([size, rng.normal(size=traders)]), sent / SENT, held_out / (1 - SENT - VISITED)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered, errors = [], []
    for _ in range(400):
        truth = TRUE * np.exp(0.7**2 / 2)
        effect = difference(*drawn(rng, 1_000))
        covered.append(effect.low < truth < effect.high)
        errors.append(effect.value - truth)
    assert 0.93 <= np.mean(covered) <= 0.97
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))


def test_with_a_hundred_letters_the_source_halves_the_error() -> None:
    rng = np.random.default_rng(2)
    raw, both = [], []
    for _ in range(300):
        outcomes, known, sent, held_out = drawn(rng, 118)
        if not outcomes[held_out > 0].any():  # one in two hundred
            continue
        effect = difference(outcomes, known, sent, held_out)
        raw.append(effect.value - TRUE * np.exp(0.7**2 / 2))
        both.append(shrunk(effect.value, effect.deviation, *PRIOR)[0] - TRUE * np.exp(0.7**2 / 2))
    assert np.sqrt(np.mean(np.square(both))) < 0.5 * np.sqrt(np.mean(np.square(raw)))


def test_two_values_are_combined_by_their_precision() -> None:
    assert shrunk(0.2, 0.1, 0.1, 0.1) == pytest.approx((0.15, 0.1 / np.sqrt(2)))
    assert shrunk(0.2, 1e-9, 0.1, 0.1)[0] == pytest.approx(0.2)


def test_a_sum_of_equal_events_reaches_as_far_as_their_number() -> None:
    """To the means of which ten or more, and ten or fewer, are as seldom as Student's t says of ten."""
    less, more = reaches(np.array([0.0] * 90 + [3.0] * 10))
    seldom = norm.sf(student.ppf(0.975, 10))
    assert poisson.sf(9, 10 - less / 3) == pytest.approx(seldom)
    assert poisson.cdf(10, 10 + more / 3) == pytest.approx(seldom)
    assert reaches(np.ones(10_000)) == pytest.approx((196, 197), abs=1.5)


def assigned(answers: int) -> pa.Table:
    """A plan of 180 letters and 20 held out, of whom so many corrected something on each side."""
    sent = np.arange(200) < 180
    corrects = (np.arange(200) < answers) | ((np.arange(200) >= 180) & (np.arange(200) < 180 + answers))
    return pa.table(
        {
            "treatment": np.where(sent, "letter", "none").tolist(),
            "role": np.where(sent, "lottery", "held_out").tolist(),
            "probability_letter": np.full(200, 0.9),
            "probability_desk": pa.nulls(200, pa.float64()),
            "probability_field": pa.nulls(200, pa.float64()),
            "probability_joint": pa.nulls(200, pa.float64()),
            "expected_yield": np.full(200, 100.0),
            "amended": np.where(corrects, 50.0, 0.0),
            "amended_before": np.zeros(200),
        }
    )


def test_few_answers_leave_what_the_source_says() -> None:
    treatments = Treatments.read()
    for rows in (assigned(9), pa.table({})):
        uplift = uplift_of_letters(rows, treatments)
        assert uplift.measured is None
        assert (uplift.combined, uplift.combined_deviation) == (0.08, 0.05)
    assert "too few to say" in "\n".join(uplift_to_text(uplift))


def test_who_was_never_meant_to_get_a_letter_says_nothing() -> None:
    """Letters by lot among all others, visits, and those who fill hours, whose probability nobody knows."""
    rows = assigned(10)
    others = rows.set_column(
        rows.column_names.index("probability_letter"), "probability_letter", pa.array(np.full(200, 0.002))
    )
    uplift, both = (
        uplift_of_letters(each, Treatments.read()) for each in (rows, pa.concat_tables([rows, others]))
    )
    assert (uplift.sent, uplift.held_out, uplift.expected) == (180, 20, 100.0)
    assert both == uplift
