"""The truth adds up, and realised audits are draws whose expectation it is."""

import duckdb
import numpy as np
import pytest

from features.simulate.arrays import Floats, Whole, take
from features.simulate.audits.audit import Booked, Cases, Exposure, expectation, exposure, reach, work
from features.simulate.evasion.evade import Faults
from features.simulate.evasion.intent import KINDS
from features.simulate.trade.lines import Lines

DRAWS = 4_000


def _faults(trader: list[int], kind: list[int], money: list[float]) -> Faults:
    count = len(trader)
    nothing = np.zeros(count)
    columns = dict.fromkeys(Lines.__dataclass_fields__, nothing) | {"trader": np.array(trader)}
    gap = np.column_stack([0.8 * np.array(money), 0.2 * np.array(money), nothing])
    return Faults(
        number=np.arange(count),
        kind=np.array(kind),
        mechanism=np.array(kind),
        gap=gap,
        lines=Lines(**columns),
    )


FAULTS = _faults(
    trader=[0, 0, 0, 0, 1, 1, 2, 2, 2, 3],
    kind=[0, 0, 1, 1, 4, 4, 3, 3, 5, 0],
    money=[900, 1500, 4000, -700, -800, -300, 20_000, 60_000, 90, 50],
)
EXPOSED = exposure(
    FAULTS, taxes_paid=np.array([20_000.0, 9_000, 400_000, 5_000]), band=np.array([0, 1, 3, 0])
)


def _net(booked: Booked, cases: int) -> Floats:
    """Return what stands after appeals, (cases, types)."""
    money, kind = booked.faults.money, booked.faults.kind
    cut = np.nan_to_num(booked.cut[booked.case, kind])
    net: Floats = np.zeros((cases, len(KINDS)))
    np.add.at(net, (booked.case, kind), np.where(money > 0, money * (1 - cut), money))
    return net


def _draws(skill: float, treatment: int) -> Floats:
    """Return the nets of many audits of each of the four traders, (draws, traders, types)."""
    stream = np.random.default_rng(1)
    cases = Cases(trader=np.arange(4), treatment=np.full(4, treatment), skill=np.full(4, skill))
    return np.stack(
        [_net(work(stream, cases, faults=FAULTS, exposed=EXPOSED), cases=4) for _ in range(DRAWS)]
    )


@pytest.mark.parametrize(("skill", "treatment"), [(1.0, 0), (1.3, 0), (0.7, 1), (1.0, 2), (1.2, 3)])
def test_the_mean_of_audits_is_the_truth_times_skill_and_reach(skill: float, treatment: int) -> None:
    nets = _draws(skill, treatment)

    expected = expectation(EXPOSED).by_type * skill * reach(EXPOSED.audits)[treatment]
    error = nets.std(axis=0) / np.sqrt(DRAWS)
    assert np.all(np.abs(nets.mean(axis=0) - expected) <= 4.5 * error)
    assert np.count_nonzero(expected) == 4


def test_the_share_of_audits_with_an_adjustment_is_the_true_probability() -> None:
    hits = (np.abs(_draws(1.0, 0)) > 0.005).any(axis=2).mean(axis=0)

    expected = expectation(EXPOSED).probability
    assert np.all(np.abs(hits - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / DRAWS))


def test_gaps_below_the_trivial_sum_are_let_pass() -> None:
    assert expectation(EXPOSED).by_type[3].sum() == 0
    assert expectation(EXPOSED).by_type[2, 5] == 0


def test_overpaid_tax_is_expected_as_a_refund() -> None:
    assert expectation(EXPOSED).by_type[1].sum() < 0


def test_an_audit_finds_only_faults_of_its_own_trader() -> None:
    cases = Cases(trader=np.array([2]), treatment=np.array([0]), skill=np.array([1.3]))
    stream = np.random.default_rng(2)

    found: set[int] = set()
    for _ in range(50):
        found |= set(work(stream, cases, faults=FAULTS, exposed=EXPOSED).faults.lines.trader.tolist())

    assert found == {2}


def test_expectation_does_not_depend_on_the_order_of_faults() -> None:
    order: Whole = np.array([7, 1, 9, 0, 3, 2, 5, 8, 6, 4])
    shuffled: Exposure = exposure(take(FAULTS, order), taxes_paid=EXPOSED.taxes_paid, band=EXPOSED.band)

    assert np.allclose(expectation(shuffled).by_type, expectation(EXPOSED).by_type, rtol=1e-12)


def test_the_columns_by_finding_type_add_up(tables: duckdb.DuckDBPyConnection) -> None:
    parts = " + ".join(f"expected_{kind}" for kind in KINDS)
    off = f"abs(expected_yield - ({parts})) > 1e-12 * greatest(abs(expected_yield), 1)"
    truth = tables.table("truth")

    assert truth.filter(off).count("*").fetchone() == (0,)
    assert truth.filter("expected_yield > 0").count("*").fetchall() > [(1000,)]


def test_probabilities_are_probabilities_and_nothing_is_found_where_nothing_is_wrong(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    low, high, wrong, some = tables.sql(
        """SELECT min(probability), max(probability),
            count(*) FILTER (probability = 0 AND expected_yield <> 0), count(*) FILTER (probability > 0)
        FROM truth"""
    ).fetchone() or (None, None, None, None)

    assert low == 0
    assert 0.5 < high < 1
    assert wrong == 0
    assert some > 1000


def test_audits_are_expected_to_find_less_than_is_lost(tables: duckdb.DuckDBPyConnection) -> None:
    gap, found = tables.sql("SELECT sum(revenue_gap), sum(expected_yield) FROM truth").fetchone() or (0, 0)

    assert 0.2 * gap < found < 0.8 * gap


def test_cutoffs_are_the_quarters_after_the_first_year(tables: duckdb.DuckDBPyConnection) -> None:
    cutoffs = [str(row[0]) for row in tables.sql("SELECT DISTINCT cutoff FROM truth ORDER BY 1").fetchall()]

    assert len(cutoffs) == 12
    assert (cutoffs[0], cutoffs[-1]) == ("2022-01-01", "2024-10-01")


def test_eligible_means_a_declaration_in_the_twelve_months_before(tables: duckdb.DuckDBPyConnection) -> None:
    differing = tables.sql(
        """SELECT count(*) FROM truth WHERE eligible <> EXISTS (
            FROM declarations WHERE declarations.trader_id = truth.trader_id
            AND accepted_on < cutoff AND accepted_on >= cutoff - INTERVAL 12 MONTH)"""
    ).fetchone()

    assert differing == (0,)


def test_an_audit_covers_the_twelve_months_before_its_quarter_and_has_a_truth(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    audits, matched = tables.sql(
        """SELECT count(*), count(truth.trader_id) FROM audits LEFT JOIN truth
        ON truth.trader_id = audits.trader_id AND truth.cutoff = period_to + 1 AND eligible
        AND period_from = cutoff - INTERVAL 12 MONTH
        AND opened_on >= cutoff AND opened_on < cutoff + INTERVAL 3 MONTH"""
    ).fetchone() or (0, 0)

    assert audits == matched > 200


def test_realised_field_audits_agree_with_the_truth_within_their_error(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    """Audits closed long enough ago for most appeals to be decided; teams of all skills among them."""
    rows = tables.sql(
        """SELECT abs(yield) > 0.005, probability FROM outcome JOIN truth
        ON truth.trader_id = outcome.trader_id AND truth.cutoff = period_to + 1
        WHERE treatment = 'field' AND closed_on < DATE '2024-01-01'"""
    ).fetchnumpy()
    hit, probability = (np.asarray(column, dtype=np.float64) for column in rows.values())

    error = np.sqrt(np.sum(probability * (1 - probability)))
    assert abs(hit.sum() - probability.sum()) < 3.5 * error + 0.05 * probability.sum()
    assert hit.size > 80
