"""Hours of audits: what was assumed, drawn towards what the administration's own audits took."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from models.plan.hours import BY_SIZE, fit_hours
from models.plan.treatments import Treatments
from models.prediction import Floats

PRIOR = Treatments.read()


def column(values: Sequence[object]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values)])


def hours(treatments: list[str], spent: list[float | None], *, sizes: list[str | None]) -> Floats:
    fitted = fit_hours(column(treatments), column(sizes), column(spent), prior=PRIOR)
    [row] = fitted.of(column(["small"]))
    return np.asarray(row, np.float64)


def test_without_audits_hours_are_what_is_assumed() -> None:
    fitted = fit_hours(
        pa.chunked_array([[]], pa.string()),
        pa.chunked_array([[]], pa.string()),
        pa.chunked_array([[]], pa.float64()),
        prior=PRIOR,
    )
    assert fitted.of(column(["small", "large", None])) == pytest.approx(
        np.outer([1.0, BY_SIZE[-1], 1.0], [4.0, 26.0, 95.0, 140.0])
    )


def test_many_audits_outweigh_what_is_assumed_and_few_do_not() -> None:
    few, many = (hours(["field"] * n, [190.0] * n, sizes=["small"] * n)[2] for n in (1, 5_000))
    assert 95 < few < 115
    assert many == pytest.approx(190, rel=0.01)


def test_an_audit_without_hours_or_of_no_known_treatment_says_nothing() -> None:
    assert hours(["field", "call"], [None, 900.0], sizes=["small", None])[2] == pytest.approx(95)


def test_hours_add_up_to_those_spent_however_much_they_vary() -> None:
    rng = np.random.default_rng(4)
    sizes = rng.choice(["micro", "small", "medium", "large"], 4_000)
    treatments = rng.choice(["desk", "field"], 4_000)
    mean = np.where(treatments == "desk", 20.0, 120.0) * np.where(sizes == "large", 2.0, 1.0)
    spent = mean * rng.lognormal(-(0.6**2) / 2, 0.6, 4_000)
    columns = column(treatments.tolist()), column(sizes.tolist()), column(spent.tolist())
    fitted = fit_hours(*columns, prior=PRIOR)

    expected = fitted.of(columns[1])[np.arange(4_000), np.where(treatments == "desk", 1, 2)]
    assert expected.sum() == pytest.approx(spent.sum(), rel=0.02)
