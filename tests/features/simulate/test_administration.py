"""The administration has what makes real ones hard to learn from."""

from typing import Any

import duckdb
import numpy as np
import pytest

from features.simulate.audits.audit import APPEALS, cut_expected
from features.simulate.audits.select import inclusion_probabilities
from features.simulate.trade.traders import Traders

Tables = duckdb.DuckDBPyConnection


def one(tables: Tables, query: str) -> Any:
    row = tables.sql(query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_about_33_lines_a_trader_and_year_and_one_audit_a_sixteen_trader_years(tables: Tables) -> None:
    assert 30 < one(tables, "SELECT count(*) / 1500 / 4 FROM declarations WHERE version = 0") < 36
    assert one(tables, "SELECT count(*) FROM audits") == pytest.approx(1500 * 3 / 16, rel=0.15)


def test_about_a_fifth_of_audits_end_with_a_finding(tables: Tables) -> None:
    assert 0.14 < one(tables, "SELECT avg((abs(yield) > 0.005)::INT) FROM outcome") < 0.30


def test_targeted_audits_find_more_than_random_ones(tables: Tables) -> None:
    targeted, random = one(
        tables,
        """SELECT avg(expected_yield) FILTER (selection_channel <> 'random'),
            avg(expected_yield) FILTER (selection_channel = 'random')
        FROM audits JOIN truth ON truth.trader_id = audits.trader_id AND truth.cutoff = period_to + 1""",
    )

    assert targeted > 1.5 * random


def test_rules_pick_large_traders_whatever_their_truth(tables: Tables) -> None:
    rule, random = one(
        tables,
        """SELECT median(value) FILTER (selection_channel = 'rule'),
            median(value) FILTER (selection_channel = 'random')
        FROM (SELECT audit_id, selection_channel, sum(customs_value) AS value FROM audits JOIN declarations
            ON declarations.trader_id = audits.trader_id AND version = 0
            AND accepted_on BETWEEN period_from AND period_to GROUP BY ALL)""",
    )

    assert rule > 2 * random


def test_random_audits_are_a_sixth_or_so_and_alone_have_an_inclusion_probability(tables: Tables) -> None:
    share, given, elsewhere = one(
        tables,
        """SELECT avg((selection_channel = 'random')::INT),
            avg((inclusion_probability IS NOT NULL)::INT) FILTER (selection_channel = 'random'),
            count(inclusion_probability) FILTER (selection_channel <> 'random') FROM audits""",
    )

    assert 0.10 < share < 0.25
    assert (given, elsewhere) == (1, 0)


def test_inclusion_probabilities_sum_to_the_expected_number_of_random_audits(traders: Traders) -> None:
    frame = np.arange(traders.count) % 3 > 0

    probability = inclusion_probabilities(traders, frame=frame, expected=12.0)

    assert probability.sum() == pytest.approx(12.0)
    assert np.all((probability > 0) == frame)


def test_no_two_audits_of_a_trader_look_at_the_same_declaration(tables: Tables) -> None:
    assert (
        one(
            tables,
            """SELECT count(*) FROM audits AS a JOIN audits AS b ON a.trader_id = b.trader_id
        AND a.audit_id < b.audit_id AND a.period_from <= b.period_to AND b.period_from <= a.period_to""",
        )
        == 0
    )


def test_the_money_of_findings_is_heavy_tailed(tables: Tables) -> None:
    share = one(
        tables,
        """WITH ranked AS (SELECT yield, percent_rank() OVER (ORDER BY yield DESC) AS place
            FROM outcome WHERE yield > 0)
        SELECT sum(yield) FILTER (place <= 0.1) / sum(yield) FROM ranked""",
    )

    assert share > 0.4


def test_some_audits_end_in_a_refund_and_some_are_still_open(tables: Tables) -> None:
    assert one(tables, "SELECT count(*) FROM findings WHERE event = 'refunded' AND amount < 0") > 0
    assert one(tables, "SELECT count(*) FROM findings WHERE event = 'assessed' AND amount < 0") > 0
    assert one(tables, "SELECT count(*) FROM audits WHERE status = 'open' AND hours_spent IS NULL") > 0


def test_appeals_cut_findings_months_after_they_were_assessed(tables: Tables) -> None:
    cuts, soonest = one(
        tables,
        """SELECT count(*), min(cut.event_on - first.event_on) FROM findings AS cut
        JOIN findings AS first USING (audit_id, finding_type, tax_type)
        WHERE cut.event IN ('reduced', 'cancelled') AND first.event = 'assessed'""",
    )

    assert cuts > 0
    assert soonest >= 60
    assert np.all(np.diff(cut_expected(APPEALS)) > 0)


def test_what_is_collected_and_written_off_is_what_stands(tables: Tables) -> None:
    """Of audits whose every event is known: the last settlement leaves nothing open."""
    worst = one(
        tables,
        """SELECT max(abs(due - settled)) FROM (
            SELECT audit_id,
                sum(amount) FILTER (event IN ('assessed', 'reduced', 'cancelled')) AS due,
                coalesce(sum(amount) FILTER (event IN ('collected', 'refunded', 'written_off')), 0)
                    AS settled,
                min(event_on) AS assessed_on
            FROM findings WHERE tax_type IN ('duty', 'vat', 'excise') GROUP BY audit_id)
        WHERE assessed_on < DATE '2023-01-01'""",
    )

    assert worst == pytest.approx(0, abs=0.005)


def test_corrections_by_customs_are_known_only_after_the_audit_opened(tables: Tables) -> None:
    corrected, before = one(
        tables,
        """SELECT count(*), count(*) FILTER (later.known_on <= opened_on) FROM findings
        JOIN audits USING (audit_id) JOIN declarations AS later USING (declaration_id, item_number)
        WHERE later.version > 0 AND event = 'assessed'""",
    )

    assert corrected > 20
    assert before == 0


def test_assessed_findings_are_the_tax_between_two_versions(tables: Tables) -> None:
    """A named line's finding is what its next version pays more than its first."""
    worst, lines = one(
        tables,
        """SELECT max(abs(found - (later.paid - first.paid))), count(*) FROM (
            SELECT declaration_id, item_number, sum(amount) AS found FROM findings
            WHERE event = 'assessed' AND tax_type IN ('duty', 'vat', 'excise') AND item_number IS NOT NULL
            GROUP BY ALL)
        JOIN (SELECT *, duty_assessed + vat_assessed + coalesce(excise_assessed, 0) AS paid FROM declarations
            WHERE version = 0) AS first USING (declaration_id, item_number)
        JOIN (SELECT *, duty_assessed + vat_assessed + coalesce(excise_assessed, 0) AS paid FROM declarations
            WHERE version = 1) AS later USING (declaration_id, item_number)""",
    )

    assert lines > 20
    assert worst < 0.01


def test_rates_rise_and_siblings_differ(tables: Tables) -> None:
    assert one(tables, "SELECT count(*) FROM tariff WHERE valid_to IS NOT NULL") > 10
    assert (
        one(
            tables,
            """SELECT avg((low < high)::INT) FROM (SELECT min(rate) AS low, max(rate) AS high
        FROM tariff
        WHERE preference_code IS NULL GROUP BY hs_code[:4])""",
        )
        > 0.8
    )


def test_declared_rates_are_those_of_the_tariff_on_the_day(tables: Tables) -> None:
    wrong = one(
        tables,
        """SELECT count(*) FROM declarations LEFT JOIN tariff ON tariff.hs_code = declarations.hs_code
        AND tariff.preference_code IS NOT DISTINCT FROM declarations.preference_code
        AND accepted_on BETWEEN valid_from AND coalesce(valid_to, DATE '2100-01-01')
        WHERE procedure_code = '4000' AND (rate IS NULL OR rate <> duty_rate)""",
    )

    assert wrong == 0


def test_the_new_route_opens_during_the_run_and_the_gap_drifts(tables: Tables) -> None:
    early, late = one(
        tables,
        """SELECT avg(expected_procedure) FILTER (cutoff < DATE '2022-07-01'),
            avg(expected_procedure) FILTER (cutoff > DATE '2024-01-01') FROM truth""",
    )

    assert late > 1.5 * early


def test_new_products_come_and_prices_rise(tables: Tables) -> None:
    first, last, new = one(
        tables,
        """WITH yearly AS (SELECT hs_code, min(year(accepted_on)) AS begun,
            median(customs_value / net_mass_kg) FILTER (year(accepted_on) = 2021) AS first,
            median(customs_value / net_mass_kg) FILTER (year(accepted_on) = 2024) AS last
            FROM declarations WHERE version = 0 AND net_mass_kg > 0 GROUP BY hs_code)
        SELECT 1, exp(median(ln(last / first))), count(*) FILTER (begun > 2021) FROM yearly""",
    )

    assert first < last < 1.5
    assert new > 10


def test_tax_returns_arrive_months_after_their_period(tables: Tables) -> None:
    soonest, usual = one(
        tables, "SELECT min(known_on - period_to), median(known_on - period_to) FROM tax_returns"
    )

    assert soonest > 14
    assert usual > 45


def test_traders_of_one_ring_lean_alike(traders: Traders) -> None:
    ring, leaning = traders.ring, np.log(traders.leaning)
    members = np.argsort(ring, kind="stable")
    first, second = members[:-1], members[1:]

    together = (ring[first] == ring[second]) & (ring[first] >= 0)
    apart = ~together
    likeness = np.corrcoef(leaning[first[together]], leaning[second[together]])[0, 1]
    assert likeness > 0.2 > abs(np.corrcoef(leaning[first[apart]], leaning[second[apart]])[0, 1])
    assert np.count_nonzero(together) > 200


def test_ties_name_traders_that_exist(tables: Tables) -> None:
    unknown, ties = one(
        tables,
        """SELECT count(*) FILTER (to_id LIKE 'T%' AND to_id NOT IN (SELECT trader_id FROM traders)),
            count(*) FILTER (to_id LIKE 'T%') FROM links""",
    )

    assert unknown == 0
    assert ties > 100
