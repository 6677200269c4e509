"""Fairness by group, worked by hand."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.data.warehouse import open_warehouse
from tests.features.administration import administration, trader
from tests.features.tables import write_parquet
from tests.training.trained import audits, prediction_of
from training.backtest.fairness import SMALL_GROUPS, fairness, trader_groups
from training.backtest.out_of_fold import OutOfFold

COUNT = 100
DAY = date(2024, 1, 1)
Y = np.where(np.arange(COUNT) < 20, 100.0, 0.0)
PREDICTED = OutOfFold(
    audits(COUNT).set_column(7, "yield_amount", pa.array(Y)),
    {"hurdle": prediction_of(np.arange(COUNT, 0, -1.0), probability=0.3)},
)


def test_groups_are_judged_by_the_tenth_that_would_be_selected() -> None:
    """Of audits 0 to 9, the tenth with the highest prediction, the even ones are of group a."""
    groups = {"sector": ["a" if n % 2 == 0 else "b" for n in range(COUNT)]}
    first, second = fairness(PREDICTED, "hurdle", groups)
    assert (first.attribute, first.value, first.audits) == ("sector", "a", 50)
    assert (first.selection_rate, first.false_positive_burden) == (5 / 50, 0.0)
    assert (first.adjusted_rate, round(first.probability, 9)) == (10 / 50, 0.3)
    assert first.total_ratio == sum(range(100, 0, -2)) / 1_000
    assert second.selection_rate == 5 / 50


def test_the_burden_is_of_those_where_nothing_was_found() -> None:
    """Audits 20 to 99 found nothing; where those rank first, 10 of the 80 bear it."""
    turned = OutOfFold(PREDICTED.audits, {"hurdle": prediction_of(np.arange(COUNT, dtype=np.float64))})
    [one] = fairness(turned, "hurdle", {"region": ["x"] * COUNT})
    assert one.false_positive_burden == 10 / 80


def test_small_groups_stand_together_and_an_unfound_ratio_is_none() -> None:
    values = ["big"] * 60 + ["small"] * 29 + ["smaller"] * 11
    big, rest = fairness(PREDICTED, "hurdle", {"region": values})
    assert (big.value, rest.value, rest.audits) == ("big", SMALL_GROUPS, 40)
    assert rest.total_ratio is None


def test_traders_are_described_as_last_known(tmp_path: Path) -> None:
    tables = administration(
        traders=[
            trader("T1", "2015-01-01", size_band="small", region="XA-01"),
            trader("T1", "2020-01-01", size_band="large", region="XA-02"),
            trader("T1", "2024-01-01", size_band="medium", region="XA-03"),
            trader("T2", "2015-01-01", size_band=None, region="XA-01"),
        ]
    )
    with open_warehouse(str(write_parquet(tmp_path / "data", tables))) as warehouse:
        groups = trader_groups(warehouse, pa.chunked_array([["T2", "T1", "T9", "T1"]]), cutoff=DAY)
    assert groups["size_band"] == ["unknown", "large", "unknown", "large"]
    assert groups["region"] == ["XA-01", "XA-02", "unknown", "XA-02"]


def test_without_descriptions_of_traders_all_are_unknown(tmp_path: Path) -> None:
    rows = [{k: v for k, v in trader("T1").items() if k not in ("sector", "size_band", "region")}]
    with open_warehouse(str(write_parquet(tmp_path / "data", administration(traders=rows)))) as warehouse:
        groups = trader_groups(warehouse, pa.chunked_array([["T1"]]), cutoff=DAY)
    assert groups == {"size_band": ["unknown"], "sector": ["unknown"], "region": ["unknown"]}
