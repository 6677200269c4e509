"""The analyst's page: each column by hand for one trader, from what was known before the cutoff."""

import math
from pathlib import Path

import pytest

from features.data.warehouse import open_warehouse
from features.spine import Spine
from tests.features.administration import administration, audit, day, finding, line, trader
from tests.features.tables import Tables, write_parquet
from training.analyst.page import PAGE, PREFIX

CUTOFF = "2024-07-01"


def tables() -> Tables:
    """T1 imports shirts in two years, at the price of six others, then at 0.4 of it."""
    others = [
        line(f"O{k}-{n}", f"P{k}", f"{year}-{month}-05", customs_value=1000.0, net_mass_kg=100.0)
        for k in range(6)
        for n, (year, month) in enumerate([(2022, "08"), (2023, "11")] * 5)
    ]
    own = [
        line("D1", "T1", "2023-01-10", customs_value=1000.0, net_mass_kg=100.0, seller_id="S1"),
        line("D2", "T1", "2024-02-10", customs_value=400.0, net_mass_kg=100.0, seller_id="S2")
        | {"duty_assessed": 20.0, "duty_rate": 0.05, "preference_code": "FTA"},
        line("D2", "T1", "2024-02-10", customs_value=600.0, net_mass_kg=150.0, seller_id="S2")
        | {"item_number": 2, "duty_assessed": 72.0, "duty_rate": 0.12},
        line("D3", "T1", "2024-06-30", customs_value=9e6, net_mass_kg=1.0, known_on="2024-07-01"),
        line("D4", "T1", "2022-06-30", customs_value=9e6, net_mass_kg=1.0),
    ]
    rate = {"preference_code": None, "valid_from": day("2020-01-01"), "valid_to": None}
    return administration(
        traders=[trader("T1", registered_on="2014-07-01"), *(trader(f"P{k}") for k in range(6))],
        declarations=[*others, *own],
        audits=[
            audit("A1", "T1", "2023-02-01", "2023-06-01"),
            audit("A2", "T1", "2023-08-01", "2023-11-01"),
            audit("A3", "T1", "2024-05-01", None),
        ],
        findings=[
            finding("A1", 1, "2023-06-01", 300.0),
            finding("A1", 2, "2024-07-01", -300.0, event="reduced"),
        ],
        tariff=[{"hs_code": "610910", "rate": 0.12, **rate}, {"hs_code": "610990", "rate": 0.20, **rate}],
    )


def test_each_column_is_what_it_says_and_sees_what_was_known(tmp_path: Path) -> None:
    """D3 and the reduction are known on the cutoff, D4 is 24 months and a day old: none of them counts."""
    with open_warehouse(str(write_parquet(tmp_path, tables()))) as warehouse:
        [row] = PAGE.build(warehouse, Spine.of(["T1"], [day(CUTOFF)])).select(PAGE.names).to_pylist()
    gap = math.log(0.4)
    assert {name.removeprefix(PREFIX): value for name, value in row.items()} == {
        "value": 2000.0,
        "duty": 92.0,
        "lines": 3.0,
        "declarations": 2.0,
        "sellers": 2.0,
        "price_gap": pytest.approx(2 * gap / 3, abs=1e-5),
        "half_price_share": 0.5,
        "price_change": pytest.approx(gap, abs=1e-5),
        "value_per_kg": pytest.approx(2000 / 350),
        "preference_duty": pytest.approx(28.0),
        "cheapest_share": 1.0,
        "turnover_multiple": None,
        "past_money": 300.0,
        "past_hit_share": 0.5,
        "years_registered": pytest.approx(10.0, abs=0.01),
    }
