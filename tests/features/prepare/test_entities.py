"""How often audits of others found something about the same goods: worked by hand.

With n audits of other traders behind a subheading, k with a finding, and p = K / N over all audits of other
traders, the rate is (k + 10 p) / (n + 10).
"""

from datetime import date

import pytest

from tests.features.building import built
from tests.features.tables import Row, Tables, good_tables

CUTOFF = date(2024, 8, 15)
QUARTER = date(2024, 7, 1)
ASKED = ("me", CUTOFF)
SHIRTS, COATS = "61091000", "62011000"


def line(trader_id: str, hs_code: str, **other: object) -> Row:
    first = good_tables()["declarations"][0]
    said = {"trader_id": trader_id, "hs_code": hs_code, "accepted_on": date(2024, 3, 1)}
    return {**first, "declaration_id": f"D-{trader_id}-{hs_code}", **said, **other}


def audit(audit_id: str, trader_id: str, **other: object) -> Row:
    known: Row = {
        "opened_on": date(2024, 4, 2),
        "closed_on": date(2024, 5, 2),
        "period_from": date(2024, 1, 1),
        "period_to": date(2024, 3, 31),
        "status": "closed",
    }
    return {**good_tables()["audits"][0], "audit_id": audit_id, "trader_id": trader_id, **known, **other}


def finding(audit_id: str, amount: float, number: int = 1, **other: object) -> Row:
    day: Row = {"event_on": date(2024, 5, 2), "amount": amount, "event_number": number}
    return {**good_tables()["findings"][0], "audit_id": audit_id, **day, **other}


def four_traders() -> Tables:
    """A and B had shirts audited, A with a finding; C had coats audited without; `me` imports shirts."""
    described = good_tables()["traders"][0]
    return {
        "traders": [{**described, "trader_id": name} for name in ("me", "A", "B", "C")],
        "declarations": [line("me", SHIRTS), line("A", SHIRTS), line("B", SHIRTS), line("C", COATS)],
        "audits": [audit("1", "A"), audit("2", "B"), audit("3", "C")],
        "findings": [finding("1", 500.0)],
    }


def exposure(tables: Tables, asked: tuple[str, date] = ASKED) -> object:
    return built(tables, "hs_finding_exposure_12m", [asked])[asked]["hs_finding_exposure_12m"]


def rate(hits: int, audits: int, *, overall: float) -> object:
    return pytest.approx((hits + 10 * overall) / (audits + 10))


def test_audits_of_others_with_the_same_goods_count():
    assert exposure(four_traders()) == rate(1, 2, overall=1 / 3)


def test_subheadings_are_weighted_by_value():
    tables = four_traders()
    tables["declarations"].append(line("me", COATS, customs_value=300.0))
    shirts, coats = (1 + 10 / 3) / 12, (0 + 10 / 3) / 11
    assert exposure(tables) == pytest.approx((100 * shirts + 300 * coats) / 400)


def test_goods_that_nobody_was_audited_for_take_the_overall_rate():
    tables = four_traders()
    tables["declarations"][0] = line("me", "84713000")
    assert exposure(tables) == pytest.approx(1 / 3)


def test_own_audits_are_left_out_of_both_rates():
    """Asked for A: of B and C neither had a finding; the overall rate is 0 of 2."""
    assert exposure(four_traders(), ("A", CUTOFF)) == rate(0, 1, overall=0.0)


def test_own_findings_never_reach_the_own_row():
    tables = four_traders()
    without = exposure(tables)
    tables["audits"] += [audit("4", "me"), audit("5", "me")]
    tables["findings"] += [finding("4", 9000.0), finding("5", 100.0)]
    assert exposure(tables) == without


def test_two_audits_of_one_trader_count_twice():
    tables = four_traders()
    tables["audits"].append(audit("4", "A"))
    tables["findings"].append(finding("4", 80.0))
    assert exposure(tables) == rate(2, 3, overall=2 / 4)


def test_where_no_other_trader_was_audited_nothing_is_said():
    tables = {**four_traders(), "audits": [audit("1", "me")], "findings": []}
    assert exposure(tables) is None


@pytest.mark.parametrize(("known_on", "counts"), [(date(2024, 6, 30), True), (QUARTER, False)])
def test_a_finding_counts_when_it_was_known_before_the_quarter(known_on, counts):
    tables = four_traders()
    tables["findings"] = [finding("1", 500.0, known_on=known_on)]
    expected = rate(1, 2, overall=1 / 3) if counts else 0.0
    assert exposure(tables) == expected


@pytest.mark.parametrize(("closed_on", "audits"), [(date(2024, 6, 30), 2), (QUARTER, 1)])
def test_an_audit_counts_when_its_closing_was_known_before_the_quarter(closed_on, audits):
    tables = four_traders()
    tables["audits"][1] = audit("2", "B", closed_on=closed_on)
    assert exposure(tables) == rate(1, audits, overall=1 / (audits + 1))


def test_an_audit_still_open_counts_for_nothing():
    tables = four_traders()
    tables["audits"][0] = audit("1", "A", status="open", closed_on=None)
    assert exposure(tables) == 0.0


@pytest.mark.parametrize("event", ["reduced", "cancelled"])
def test_a_finding_later_reduced_to_nothing_is_none(event):
    tables = four_traders()
    later = {"event": event, "event_on": date(2024, 6, 3)}
    tables["findings"].append(finding("1", -500.0, 2, **later))
    assert exposure(tables) == 0.0
    tables["findings"][1]["event_on"] = QUARTER
    assert exposure(tables) == rate(1, 2, overall=1 / 3)


def test_a_finding_reduced_in_part_stays_one():
    tables = four_traders()
    tables["findings"].append(finding("1", -499.0, 2, event="reduced", event_on=date(2024, 6, 3)))
    assert exposure(tables) == rate(1, 2, overall=1 / 3)


@pytest.mark.parametrize(("accepted_on", "audits"), [(date(2024, 3, 31), 2), (date(2024, 4, 1), 1)])
def test_lines_outside_the_scope_are_not_touched(accepted_on, audits):
    tables = four_traders()
    tables["declarations"][2] = line("B", SHIRTS, accepted_on=accepted_on)
    assert exposure(tables) == rate(1, audits, overall=1 / 3)


@pytest.mark.parametrize(("known_on", "audits"), [(date(2024, 6, 30), 2), (QUARTER, 1)])
def test_a_line_in_scope_that_became_known_late_counts_from_then(known_on, audits):
    tables = four_traders()
    tables["declarations"][2] = line("B", SHIRTS, known_on=known_on)
    assert exposure(tables) == rate(1, audits, overall=1 / 3)


def test_a_code_corrected_by_the_audit_does_not_hide_what_was_declared():
    tables = four_traders()
    corrected = line("A", COATS, version=1, known_on=date(2024, 5, 2), amended_by="customs")
    tables["declarations"].append({**corrected, "declaration_id": f"D-A-{SHIRTS}"})
    assert exposure(tables) == rate(1, 2, overall=1 / 3)


def test_headings_and_origins_are_rated_together():
    """Of the shirts from China only A's were audited; B's are from India."""
    tables = four_traders()
    tables["declarations"][2] = line("B", SHIRTS, origin_country="IN")
    [row] = built(tables, "origin_finding_exposure_12m", [ASKED]).values()
    assert row["origin_finding_exposure_12m"] == rate(1, 1, overall=1 / 3)
