"""Subheadings across editions of the HS: what was renamed is followed, what was divided stands for itself."""

from datetime import date

import pytest

from features.prepare import editions, levies
from features.proofs.tables import warehouse_of
from features.snapshots.intermediate import Intermediate
from tests.features.building import built
from tests.features.tables import Row, good_tables, line, trader

FIRST, SECOND = date(2022, 1, 1), date(2028, 1, 1)


def became(former: str, new: str, valid_from: date = FIRST) -> Row:
    return {"former_code": former, "new_code": new, "valid_from": valid_from}


def subheading(code: str, accepted_on: date, correlations: list[Row]) -> str:
    """Return the subheading of a line."""
    lines = [line(accepted_on, hs_code=code)]
    with (
        warehouse_of(good_tables(declarations=lines, hs_correlations=correlations)) as opened,
        Intermediate(opened) as tables,
    ):
        [row] = editions.with_subheading(levies.declared(tables), tables).to_pyarrow().to_pylist()
    return str(row["subheading"])


@pytest.mark.parametrize(
    ("code", "accepted_on", "correlations", "expected"),
    [
        ("61091000", date(2021, 12, 31), [], "610910"),
        ("61091000", date(2021, 12, 31), [became("610910", "610911")], "610911"),
        ("61091000", date(2022, 1, 1), [became("610910", "610911")], "610910"),
        ("61091000", date(2021, 6, 1), [became("61091000", "6109110000")], "610911"),
        (
            "61091000",
            date(2021, 6, 1),
            [became("610910", "610911"), became("610911", "610912", SECOND)],
            "610912",
        ),
        ("61091100", date(2025, 6, 1), [became("610911", "610912", SECOND)], "610912"),
        (
            "61091000",
            date(2021, 6, 1),
            [became("610910", "610911"), became("610910", "610912")],
            "610910 before 2022-01-01",
        ),
        (
            "61091000",
            date(2021, 6, 1),
            [became("610910", "610990"), became("610920", "610990")],
            "610910 before 2022-01-01",
        ),
        ("61099000", date(2021, 6, 1), [became("610910", "610990")], "610990 before 2022-01-01"),
        ("61091000", date(2021, 6, 1), [became("610910", "620910")], "610910 before 2022-01-01"),
        ("61092000", date(2021, 6, 1), [became("610910", "610911")], "610920"),
    ],
    ids=[
        "no edition",
        "renamed",
        "accepted on the first day",
        "national digits",
        "renamed twice",
        "renamed by the second alone",
        "divided",
        "joined",
        "given to other goods",
        "moved to another heading",
        "another code",
    ],
)
def test_a_subheading_is_that_of_the_newest_edition_where_one_became_one(
    code: str, accepted_on: date, correlations: list[Row], expected: str
) -> None:
    assert subheading(code, accepted_on, correlations) == expected


def test_goods_under_a_renamed_code_are_not_new_and_under_a_divided_one_they_are() -> None:
    lines = [
        line(date(2021, 10, 1), trader_id="007", hs_code="61091000"),
        line(date(2022, 2, 1), trader_id="007", hs_code="61091100"),
    ]
    renamed, divided = [became("610910", "610911")], [became("610910", "610911"), became("610910", "610912")]
    for correlations, share in ((renamed, 0.0), (divided, 1.0)):
        tables = good_tables(declarations=lines, traders=[trader("007")], hs_correlations=correlations)
        cutoff = date(2022, 4, 1)
        assert built(tables, "hs_novelty_24m", [("007", cutoff)])["007", cutoff]["hs_novelty_24m"] == share
