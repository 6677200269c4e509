"""How often audits of others found something about the same goods: worked by hand.

With n audits of other traders behind a subheading, k with a finding, and p = K / N over all audits of other
traders, the rate is (k + 10 p) / (n + 10).
"""

from datetime import date
from functools import partial

import pytest

from tests.features.building import built
from tests.features.tables import Tables, audit, finding, line, trader

CUTOFF = date(2024, 8, 15)
QUARTER = date(2024, 7, 1)
KEY = ("me", CUTOFF)
SHIRTS, COATS = "61091000", "62011000"


audit_of_2024 = partial(
    audit,
    opened_on=date(2024, 4, 2),
    closed_on=date(2024, 5, 2),
    period_from=date(2024, 1, 1),
    period_to=date(2024, 3, 31),
)
finding_of_2024 = partial(finding, event_on=date(2024, 5, 2))


def four_traders() -> Tables:
    """A and B had shirts audited, A with a finding; C had coats audited without; `me` imports shirts."""
    return {
        "traders": [trader(name) for name in ("me", "A", "B", "C")],
        "declarations": [
            line(trader_id="me", hs_code=SHIRTS),
            line(trader_id="A", hs_code=SHIRTS),
            line(trader_id="B", hs_code=SHIRTS),
            line(trader_id="C", hs_code=COATS),
        ],
        "audits": [audit_of_2024("1", "A"), audit_of_2024("2", "B"), audit_of_2024("3", "C")],
        "findings": [finding_of_2024("1", 1, amount=500.0)],
    }


def exposure(tables: Tables, key: tuple[str, date] = KEY) -> object:
    return built(tables, "hs_finding_exposure_12m", [key])[key]["hs_finding_exposure_12m"]


def rate(hits: int, audits: int, *, overall: float) -> object:
    return pytest.approx((hits + 10 * overall) / (audits + 10))


def test_audits_of_others_with_the_same_goods_count() -> None:
    assert exposure(four_traders()) == rate(1, 2, overall=1 / 3)


def test_subheadings_are_weighted_by_value() -> None:
    tables = four_traders()
    tables["declarations"].append(line(trader_id="me", hs_code=COATS, customs_value=300.0))
    shirts, coats = (1 + 10 / 3) / 12, (0 + 10 / 3) / 11
    assert exposure(tables) == pytest.approx((100 * shirts + 300 * coats) / 400)


def test_goods_that_nobody_was_audited_for_take_the_overall_rate() -> None:
    tables = four_traders()
    tables["declarations"][0] = line(trader_id="me", hs_code="84713000")
    assert exposure(tables) == pytest.approx(1 / 3)


def test_own_audits_are_left_out_of_both_rates() -> None:
    """TraderCutoff for A: of B and C neither had a finding; the overall rate is 0 of 2."""
    assert exposure(four_traders(), ("A", CUTOFF)) == rate(0, 1, overall=0.0)


def test_own_findings_never_reach_the_own_row() -> None:
    tables = four_traders()
    without = exposure(tables)
    tables["audits"] += [audit_of_2024("4", "me"), audit_of_2024("5", "me")]
    tables["findings"] += [finding_of_2024("4", 1, amount=9000.0), finding_of_2024("5", 1, amount=100.0)]
    assert exposure(tables) == without


def test_two_audits_of_one_trader_count_twice() -> None:
    tables = four_traders()
    tables["audits"].append(audit_of_2024("4", "A"))
    tables["findings"].append(finding_of_2024("4", 1, amount=80.0))
    assert exposure(tables) == rate(2, 3, overall=2 / 4)


def test_where_no_other_trader_was_audited_nothing_is_said() -> None:
    tables = {**four_traders(), "audits": [audit_of_2024("1", "me")], "findings": []}
    assert exposure(tables) is None


@pytest.mark.parametrize(("known_on", "counts"), [(date(2024, 6, 30), True), (QUARTER, False)])
def test_a_finding_counts_when_it_was_known_before_the_quarter(known_on: date, counts: bool) -> None:
    tables = four_traders()
    tables["findings"] = [finding_of_2024("1", 1, amount=500.0, known_on=known_on)]
    expected = rate(1, 2, overall=1 / 3) if counts else 0.0
    assert exposure(tables) == expected


@pytest.mark.parametrize(("closed_on", "audits"), [(date(2024, 6, 30), 2), (QUARTER, 1)])
def test_an_audit_counts_when_its_closing_was_known_before_the_quarter(closed_on: date, audits: int) -> None:
    tables = four_traders()
    tables["audits"][1] = audit_of_2024("2", "B", closed_on=closed_on)
    assert exposure(tables) == rate(1, audits, overall=1 / (audits + 1))


def test_an_audit_still_open_counts_for_nothing() -> None:
    tables = four_traders()
    tables["audits"][0] = audit_of_2024("1", "A", status="open", closed_on=None)
    assert exposure(tables) == 0.0


@pytest.mark.parametrize("event", ["reduced", "cancelled"])
def test_a_finding_later_reduced_to_nothing_is_none(event: str) -> None:
    tables = four_traders()
    later = {"event": event, "event_on": date(2024, 6, 3)}
    tables["findings"].append(finding_of_2024("1", 2, amount=-500.0, **later))
    assert exposure(tables) == 0.0
    tables["findings"][1]["event_on"] = QUARTER
    assert exposure(tables) == rate(1, 2, overall=1 / 3)


def test_a_finding_reduced_in_part_stays_one() -> None:
    tables = four_traders()
    tables["findings"].append(
        finding_of_2024("1", 2, amount=-499.0, event="reduced", event_on=date(2024, 6, 3))
    )
    assert exposure(tables) == rate(1, 2, overall=1 / 3)


@pytest.mark.parametrize(("accepted_on", "audits"), [(date(2024, 3, 31), 2), (date(2024, 4, 1), 1)])
def test_lines_outside_the_scope_are_not_touched(accepted_on: date, audits: int) -> None:
    tables = four_traders()
    tables["declarations"][2] = line(trader_id="B", hs_code=SHIRTS, accepted_on=accepted_on)
    assert exposure(tables) == rate(1, audits, overall=1 / 3)


@pytest.mark.parametrize(("known_on", "audits"), [(date(2024, 6, 30), 2), (QUARTER, 1)])
def test_a_line_in_scope_that_became_known_late_counts_from_then(known_on: date, audits: int) -> None:
    tables = four_traders()
    tables["declarations"][2] = line(trader_id="B", hs_code=SHIRTS, known_on=known_on)
    assert exposure(tables) == rate(1, audits, overall=1 / 3)


def test_a_code_corrected_by_the_audit_does_not_hide_what_was_declared() -> None:
    tables = four_traders()
    declared = tables["declarations"][1]
    corrected = {"hs_code": COATS, "version": 1, "known_on": date(2024, 5, 2), "amended_by": "customs"}
    tables["declarations"].append(declared | corrected)
    assert exposure(tables) == rate(1, 2, overall=1 / 3)


def test_headings_and_origins_are_rated_together() -> None:
    """Of the shirts from China only A's were audited; B's are from India."""
    tables = four_traders()
    tables["declarations"][2] = line(trader_id="B", hs_code=SHIRTS, origin_country="IN")
    [row] = built(tables, "origin_finding_exposure_12m", [KEY]).values()
    assert row["origin_finding_exposure_12m"] == rate(1, 1, overall=1 / 3)
