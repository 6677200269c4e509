"""When a line is one of its trader's: from the day after it is known until it is amended or cancelled."""

from datetime import date

import pytest

from tests.features.administration import administration, line
from tests.features.building import values
from tests.features.tables import Row

FIRST = line("D1", "T1", "2024-03-01", customs_value=100.0)
AMENDED = FIRST | {"version": 1, "known_on": date(2024, 4, 1), "customs_value": 70.0}
CANCELLED = {"cancelled_on": date(2024, 5, 1)}
DAYS = ("2024-03-01", "2024-03-02", "2024-04-01", "2024-04-02", "2024-05-01", "2024-05-02")


@pytest.mark.parametrize(
    ("rows", "by_day"),
    [
        ([FIRST], [0.0, 100.0, 100.0, 100.0, 100.0, 100.0]),
        ([FIRST | CANCELLED], [0.0, 100.0, 100.0, 100.0, 100.0, 0.0]),
        ([FIRST | CANCELLED, AMENDED | CANCELLED], [0.0, 100.0, 100.0, 70.0, 70.0, 0.0]),
        (
            [FIRST | {"cancelled_on": date(2024, 3, 15)}, AMENDED | CANCELLED],
            [0.0, 100.0, 0.0, 70.0, 70.0, 0.0],
        ),
    ],
    ids=["as declared", "cancelled", "amended, then cancelled", "another day on the first version"],
)
def test_a_line_counts_until_the_day_after_it_was_cancelled(rows: list[Row], by_day: list[float]) -> None:
    assert values(administration(declarations=rows), "T1", "customs_value_12m", *DAYS) == by_day


def test_an_amendment_counts_until_the_declaration_is_cancelled() -> None:
    tables = administration(declarations=[FIRST | CANCELLED, AMENDED | CANCELLED])
    assert values(tables, "T1", "amendments_24m", "2024-05-01", "2024-05-02") == [1.0, 0.0]


def test_an_old_amendment_ends_a_version_that_names_a_later_day() -> None:
    late = FIRST | {"version": 1, "known_on": date(2024, 3, 2), "accepted_on": date(2028, 3, 1)}
    early = FIRST | {"version": 2, "known_on": date(2024, 3, 3), "accepted_on": date(2024, 2, 1)}
    tables = administration(declarations=[FIRST, late, early])
    assert values(tables, "T1", "customs_value_12m", "2028-06-01") == [0.0]
