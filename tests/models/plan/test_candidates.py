"""What a treatment of a trader is worth, worked by hand, and who may be treated."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.plan.candidates import Candidates, candidates
from models.plan.hours import BY_SIZE, Hours
from models.plan.treatments import DESK, FIELD, JOINT, LETTER, Treatments
from tests.models.plan.small import capacity, population
from tests.training.trained import prediction_of

AVAILABLE: dict[str, Any] = {
    "trader_id": "T1",
    "size_band": "small",
    "sector": "46",
    "region": "XA-01",
    "aeo_status": None,
    "aeo_revalidation_due": None,
    "office_code": "XA1",
    "last_opened_on": None,
    "is_audited": False,
    "is_tax_audited": False,
}
TYPES = {"aeo_revalidation_due": pa.date32(), "last_opened_on": pa.date32(), "aeo_status": pa.string()}


def of(*others: dict[str, Any], expected: float = 1_000.0) -> Candidates:
    rows = [AVAILABLE | other for other in others]
    table = pa.table({name: pa.array([row[name] for row in rows], TYPES.get(name)) for name in AVAILABLE})
    return candidates(
        table,
        prediction_of(np.full(len(rows), expected)),
        spread=3.0,
        hours=Hours(np.array([4.0, 26.0, 95.0, 140.0]), np.array(BY_SIZE), 0),
        treatments=Treatments.read(),
        capacity=capacity(),
    )


def test_the_net_effect_is_what_is_booked_and_paid_later_less_hours() -> None:
    [value] = of({}).value
    assert value.tolist() == pytest.approx(
        [
            0.08 * 1_000 * 1.3 - 20 * 4,
            0.6 * 1_000 * 1.8 - 20 * 26,
            1_000 * 2 - 20 * 95,
            1.12 * 1_000 * 2 - 20 * 140,
        ]
    )


def test_the_deviation_follows_from_chance_and_spread() -> None:
    """A chance of a quarter, adjustments of 4,000 on average, four times the square of it on average."""
    assert of({}).deviation[0] == pytest.approx(np.sqrt(0.25 * 4_000**2 * 4 - 1_000**2))


def test_of_a_visit_to_an_authorised_trader_half_the_gain_counts() -> None:
    plain, trusted = of({}, {"aeo_status": "aeo_c"}).value
    assert trusted[FIELD] == pytest.approx(plain[FIELD] / 2)
    assert trusted[JOINT] == plain[JOINT] < 0
    assert trusted[[LETTER, DESK]].tolist() == plain[[LETTER, DESK]].tolist()


def test_a_visit_that_serves_a_revalidation_saves_its_hours() -> None:
    due = {"aeo_status": "aeo_c", "aeo_revalidation_due": date(2025, 6, 1)}
    later = due | {"aeo_revalidation_due": date(2026, 1, 1)}
    first, second = of(due, later).value
    assert first[FIELD] == pytest.approx(second[FIELD] + 30 * 20)


@pytest.mark.parametrize(
    ("other", "allowed"),
    [
        ({}, [True, True, True, False]),
        ({"is_tax_audited": True}, [True, True, False, True]),
        ({"is_audited": True}, [False] * 4),
        ({"last_opened_on": date(2024, 1, 2)}, [False] * 4),
        ({"last_opened_on": date(2024, 1, 1)}, [True, True, True, False]),
    ],
)
def test_nobody_is_treated_who_is_under_audit_or_was_lately(
    other: dict[str, Any], allowed: list[bool]
) -> None:
    assert of(other).allowed[0].tolist() == allowed


def test_a_table_and_back_is_the_same() -> None:
    first = population(50)
    again = Candidates.of_table(first.table())
    assert again.table().equals(first.table())
    assert again.trader_ids == first.trader_ids
