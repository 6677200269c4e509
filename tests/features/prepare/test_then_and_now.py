"""A heading and origin in the last 12 months and in the 12 before: worked by hand."""

import pytest

from tests.features.administration import administration, line
from tests.features.building import values
from tests.features.tables import Row, Tables

NOW = "2024-07-01"
NAMES = "own_rate_fall_24m new_origin_at_stake_24m new_origin_share_24m"


def of(accepted_on: str, origin: str, value: float, duty: float, **other: object) -> Row:
    return line(
        accepted_on + origin,
        "T1",
        accepted_on,
        origin_country=origin,
        customs_value=value,
        duty_assessed=duty,
        **other,
    )


def measured(*lines: Row, on: str = NOW) -> list[object]:
    tables: Tables = administration(declarations=list(lines))
    return [each for name in NAMES.split() for each in values(tables, "T1", name, on)]


def test_a_rate_that_falls_is_measured_by_the_value_of_now() -> None:
    """10 % of the year before on 400, less 8 paid."""
    lines = of("2023-06-30", "CN", 100.0, 10.0), of("2023-07-01", "CN", 400.0, 8.0)
    assert measured(*lines) == [pytest.approx(32.0), 0.0, 0.0]


def test_a_rate_that_rises_takes_nothing_off_another_origin() -> None:
    lines = (
        *(of("2023-06-30", "CN", 100.0, 10.0), of("2024-01-01", "CN", 400.0, 8.0)),
        *(of("2023-06-29", "VN", 100.0, 10.0), of("2024-01-02", "VN", 400.0, 90.0)),
    )
    assert measured(*lines) == [pytest.approx(32.0), 0.0, 0.0]


def test_an_origin_is_new_where_the_heading_is_not() -> None:
    """Shirts came from CN at 10 %, now from VN at none; coats were never imported before."""
    lines = (
        of("2023-06-30", "CN", 100.0, 10.0),
        of("2024-01-01", "CN", 100.0, 10.0),
        of("2024-01-02", "VN", 300.0, 0.0),
        of("2024-01-03", "DE", 900.0, 0.0, hs_code="620110"),
    )
    assert measured(*lines) == [0.0, pytest.approx(30.0), 0.75]


def test_a_line_known_on_the_cutoff_is_no_past_and_no_present() -> None:
    lines = of("2023-06-30", "CN", 100.0, 10.0), of("2024-01-01", "CN", 400.0, 8.0, known_on=NOW)
    assert measured(*lines) == [0.0, 0.0, None]
    assert measured(*lines, on="2024-07-02")[0] == pytest.approx(32.0)
