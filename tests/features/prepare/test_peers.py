"""Peers: who stands behind a price, from when, at which level, and that nobody is compared with itself."""

from collections.abc import Iterable
from datetime import date
from math import log
from random import Random
from uuid import uuid4

import pytest

from features.proofs.tables import warehouse_of
from features.spine import Spine
from tests.features.building import built, prepared_lines
from tests.features.tables import Cell, Row, Tables, good_tables, line, trader

CUTOFF = date(2024, 6, 1)
KEY = ("ME", CUTOFF)
PRICES = "peer_middle_log_price peer_low_log_price peer_traders_log_price peer_group_log_price"
FIVE = {"P1": 1.0, "P2": 2.0, "P3": 4.0, "P4": 8.0, "P5": 16.0}


def lines(
    trader_id: str, price: float, count: int, *, accepted_on: date = date(2024, 2, 15), **other: Cell
) -> list[Row]:
    """Lines of one kg at a price, each of a declaration of its own."""
    own = {"trader_id": trader_id, "customs_value": price, "net_mass_kg": 1.0, **other}
    return [line(accepted_on, declaration_id=uuid4().hex, **own) for _ in range(count)]


def peers(prices: dict[str, float] = FIVE, *, count: int = 6, **other: Cell) -> list[Row]:
    return [row for trader_id, price in prices.items() for row in lines(trader_id, price, count, **other)]


def own(price: float = 2.0, **other: Cell) -> list[Row]:
    return lines("ME", price, 1, **{"accepted_on": date(2024, 5, 10), **other})


def tables(rows: Iterable[Row]) -> Tables:
    declarations = list(rows)
    traders = sorted({str(row["trader_id"]) for row in declarations} | {"ME"})
    return good_tables(declarations=declarations, traders=[trader(each) for each in traders])


def facts(
    rows: Iterable[Row],
    *,
    names: str = PRICES,
    keys: Iterable[tuple[str, date]] = (KEY,),
) -> list[Row]:
    """Return the named facts of the lines of the second quarter of 2024."""
    pairs = list(keys)
    spine = Spine.of([trader for trader, _ in pairs], [day for _, day in pairs])
    columns = frozenset({*names.split(), "log_price"})
    with warehouse_of(tables(rows)) as opened:
        line_rows = prepared_lines(opened, spine, columns=columns).to_pylist()
    return [row for row in line_rows if row["happened_on"] >= date(2024, 4, 1)]


def fact(rows: Iterable[Row], name: str = "peer_middle_log_price") -> object:
    [row] = facts(rows, names=name)
    return row[name]


def test_a_price_is_compared_with_the_middle_of_the_others() -> None:
    values = built(tables(peers() + own(2.0)), "price_gap_12m", [KEY])
    assert values[KEY]["price_gap_12m"] == pytest.approx(log(2 / 4), abs=1e-5)


def test_the_taxes_missing_are_those_on_the_middle_price() -> None:
    taxed = own(1.0, duty_assessed=0.1, vat_assessed=0.2)
    values = built(tables(peers() + taxed), "undervalue_money_24m", [KEY])
    assert values[KEY]["undervalue_money_24m"] == pytest.approx(0.3 * (4 - 1), abs=1e-5)


def test_a_tenth_of_the_others_stay_under_the_low_price() -> None:
    low = log(1) + 0.4 * (log(2) - log(1))  # position 0.1 x 4 among five
    assert fact(peers() + own(), "peer_low_log_price") == pytest.approx(low, abs=1e-5)


def test_own_lines_have_no_vote() -> None:
    for price in (0.1, 3.0, 4.0, 500.0):
        rows = facts(peers() + lines("ME", price, 100) + own())
        assert [row["peer_middle_log_price"] for row in rows] == [pytest.approx(log(4), abs=1e-5)]
        assert [row["peer_traders_log_price"] for row in rows] == [5]


def test_own_lines_do_not_make_a_group_wide_enough() -> None:
    four = {name: FIVE[name] for name in ("P1", "P2", "P3", "P4")}
    assert fact(peers(four, count=10) + lines("ME", 3.0, 30) + own()) is None
    assert fact(peers(count=5) + lines("ME", 3.0, 30) + own()) is None


def test_many_lines_give_one_vote_their_mean() -> None:
    rows = peers() + lines("P1", 1.0, 500) + lines("P3", 16.0, 6) + own()
    assert fact(rows) == pytest.approx(log(8), abs=1e-5)  # P3: the mean of ln 4 and ln 16


@pytest.mark.parametrize(("known_on", "counts"), [(date(2024, 3, 31), True), (date(2024, 4, 1), False)])
def test_only_what_was_known_when_the_quarter_began_counts(known_on: date, counts: bool) -> None:
    late = lines("P5", 16.0, 6, known_on=known_on)
    four = {name: FIVE[name] for name in ("P1", "P2", "P3", "P4")}
    assert (fact(peers(four) + late + own()) is not None) is counts


@pytest.mark.parametrize(("known_on", "counts"), [(date(2023, 4, 1), True), (date(2023, 3, 31), False)])
def test_four_quarters_count(known_on: date, counts: bool) -> None:
    value = fact(peers(accepted_on=known_on) + own())
    assert (value is not None) is counts


def test_votes_are_means_over_all_four_quarters() -> None:
    rows = peers(count=5) + lines("P3", 1.0, 5, accepted_on=date(2023, 4, 1)) + own()
    assert fact(rows) == pytest.approx(log(2), abs=1e-5)  # P3: the mean of ln 4 and ln 1


def test_a_line_of_the_same_quarter_is_no_peer() -> None:
    assert fact(peers(accepted_on=date(2024, 4, 20)) + own()) is None


def test_only_first_versions_count() -> None:
    rows = peers()
    amended = [
        {**row, "version": 1, "customs_value": 900.0, "known_on": date(2024, 3, 1), "amended_by": "trader"}
        for row in rows
    ]
    assert fact(rows + amended + own()) == pytest.approx(log(4), abs=1e-5)


def test_a_narrow_group_too_small_falls_back_to_the_subheading_then_the_heading() -> None:
    groups = {
        "hs6, quantity_unit, origin_country": peers(),
        "hs6, quantity_unit": peers(origin_country="VN"),
        "hs4, quantity_unit": peers(hs_code="61099000"),
    }
    for group, rows in groups.items():
        [row] = facts(rows + own())
        assert row["peer_group_log_price"] == group
        assert row["peer_middle_log_price"] == pytest.approx(log(4), abs=1e-5)
    [row] = facts(peers(hs_code="62091000") + own())
    assert row["peer_group_log_price"] is None
    assert row["peer_traders_log_price"] is None


def test_the_narrowest_group_that_is_wide_enough_is_taken() -> None:
    others = {f"V{n}": 1000.0 for n in range(9)}
    rows = peers() + peers(others, origin_country="VN") + peers(others, hs_code="61099000") + own()
    [row] = facts(rows)
    assert (row["peer_group_log_price"], row["peer_traders_log_price"]) == (
        "hs6, quantity_unit, origin_country",
        5,
    )
    assert row["peer_middle_log_price"] == pytest.approx(log(4), abs=1e-5)


def test_prices_by_the_piece_are_not_compared_with_prices_by_the_kilogram() -> None:
    by_piece = peers(supplementary_quantity=1.0, supplementary_unit="NAR")
    assert fact(by_piece + own()) is None


def test_lines_without_the_measure_are_no_peers_for_it() -> None:
    route: Row = {"dispatch_country": "CN", "transport_mode": "1"}
    shipped = own(freight_amount=1.0, **route)
    with_freight = peers(count=6, freight_amount=0.5, **route)
    one_states = lines("P1", 1.0, 30, freight_amount=0.5, **route) + peers(count=6, **route)
    name = "peer_middle_log_freight_share"
    assert fact(with_freight + shipped, name) == pytest.approx(log(0.5 / 4), abs=1e-5)
    assert fact(one_states + shipped, name) is None


def test_habits_are_the_mean_of_the_others() -> None:
    rows = peers(count=6) + lines("P1", 1.0, 6, valuation_adjustment=5.0) + own()
    rows += lines("ME", 1.0, 50, valuation_adjustment=5.0)
    assert fact(rows, "peer_mean_is_adjusted") == pytest.approx(0.5 / 5, abs=1e-6)


def test_who_else_is_asked_and_when_changes_nothing() -> None:
    rows = peers() + lines("ME", 3.0, 4) + own() + own(7.0)
    alone = facts(rows)
    days = [date(2022, 7, 1), date(2024, 5, 11), CUTOFF]
    together = facts(rows, keys=[(trader, day) for trader in ("ME", "P3") for day in days])
    mine = [row for row in together if row["trader_id"] == "ME"]
    assert sorted(mine, key=lambda row: row["log_price"]) == sorted(alone, key=lambda row: row["log_price"])


def test_equal_prices_are_not_below_each_other() -> None:
    rows = peers(dict.fromkeys(FIVE, 3.3), count=7) + own(3.3)
    values = built(tables(rows), "low_price_share_12m price_gap_12m", [KEY])[KEY]
    assert (values["low_price_share_12m"], values["price_gap_12m"]) == (0.0, 0.0)


def quantile(values: list[float], share: float) -> float:
    position = share * (len(values) - 1)
    low = int(position)
    high = min(low + 1, len(values) - 1)
    return sorted(values)[low] + (position - low) * (sorted(values)[high] - sorted(values)[low])


@pytest.mark.parametrize("seed", range(4))
def test_quantiles_without_oneself_agree_with_plain_python(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret is drawn
    prices = {f"P{n}": float(random.randint(1, 6)) for n in range(random.choice([6, 11, 21, 22]))}
    now = [row for name in prices for row in lines(name, 1.0, 1, accepted_on=date(2024, 5, 10))]
    rows = peers(prices, gross_mass_kg=1.0) + now
    keys = [(name, CUTOFF) for name in prices]
    for row in facts(rows, names=f"{PRICES} peer_p95_log_value_per_kg", keys=keys):
        others = [log(price) for name, price in prices.items() if name != row["trader_id"]]
        assert row["peer_traders_log_price"] == len(others)
        for name, share in (("peer_low_log_price", 0.1), ("peer_middle_log_price", 0.5)):
            assert row[name] == pytest.approx(quantile(others, share), abs=1e-5)
        assert row["peer_p95_log_value_per_kg"] == pytest.approx(quantile(others, 0.95), abs=1e-5)
