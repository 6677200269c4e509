"""The rows behind a reason: what they say, in which columns, and whether the data has changed since."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from features.errors import SettingError
from features.evidence import Evidence
from features.library import LIBRARY
from serving.live.evidence import read_rows
from serving.live.state import Live
from serving.page import evidence_page
from serving.page.behind import COLUMNS, ROWS_A_PAGE, EvidenceView, evidence_view
from tests.features.tables import Cell
from tests.optional import not_none


@pytest.fixture(scope="module")
def trader(live: Live) -> str:
    return str(live.ranking["trader_id"][0].as_py())


def evidence(
    live: Live,
    trader: str,
    feature: str,
    *,
    value: float,
    additive: bool = True,
    **columns: Sequence[Cell] | pa.Array,
) -> Evidence:
    rows = pa.table(columns)
    return Evidence(LIBRARY.by_name[feature], trader, live.dataset.cutoff, value, additive, rows)


def columns_of(shown: EvidenceView) -> dict[str, tuple[str, ...]]:
    return {column.name: column.cells for column in shown.columns}


def test_the_rows_read_from_the_data_add_up_to_what_the_model_saw(live: Live, trader: str) -> None:
    read = read_rows(live, trader, names=["customs_value_12m"])["customs_value_12m"]
    column = live.bundle.names.index("customs_value_12m")
    was = live.X[live.row_index[trader], column]
    assert read.value == pytest.approx(was, rel=1e-12)
    assert sum(read.rows["share"].to_pylist()) == pytest.approx(was, rel=1e-9)
    assert evidence_view(live, read).changed_from is None
    assert "The data has changed" not in evidence_page(live, read)


def test_data_that_changed_since_is_said_to_have_changed(live: Live, trader: str) -> None:
    read = read_rows(live, trader, names=["customs_value_12m"])["customs_value_12m"]
    other = replace(read, value=not_none(read.value) + 1_000_000.0)
    assert "The data has changed since the estimate was made" in evidence_page(live, other)
    assert evidence_view(live, replace(read, value=None)).changed_from is not None


def test_a_feature_that_the_model_does_not_take_has_no_rows_here(live: Live, trader: str) -> None:
    with pytest.raises(SettingError, match="no feature 'duty_12m'"):
        read_rows(live, trader, names=["duty_12m"])["duty_12m"]


def test_rows_are_written_for_people(live: Live, trader: str) -> None:
    rows = {
        "hs_code": ["0101", None],
        "declaration_id": ["D1", "D2"],
        "accepted_on": pa.array([0, 1], pa.date32()),
        "customs_value": [1234.5, 20.0],
        "is_new": [True, False],
        "known_on": pa.array([0, 0], pa.date32()),
        "share": [75.0, 25.0],
    }
    shown = evidence_view(live, evidence(live, trader, "customs_value_12m", value=100.0, **rows))
    assert columns_of(shown) == {
        "Declaration ID": ("D1", "D2"),
        "Accepted on": ("1 January 1970", "2 January 1970"),
        "HS code": ("0101 Live animals", ""),
        "Customs value": ("1,234.50", "20.00"),
        "Is new": ("yes", "no"),
        "Adds": ("75 (75.0 %)", "25 (25.0 %)"),
    }
    assert [column.number for column in shown.columns] == [False, False, False, True, False, True]


def test_what_is_no_sum_has_no_shares(live: Live, trader: str) -> None:
    shown = evidence_view(
        live, evidence(live, trader, "line_count_12m", value=2.0, additive=False, hs2=["01"], share=[None])
    )
    assert columns_of(shown) == {"HS chapter": ("01",)}
    assert "no sum of its rows" in shown.share


def test_a_row_without_a_share_of_its_own_adds_nothing_that_could_be_said(live: Live, trader: str) -> None:
    read = evidence(live, trader, "customs_value_12m", value=75.0, hs2=["01", "02"], share=[75.0, None])
    assert columns_of(evidence_view(live, read))["Adds"] == ("75 (100.0 %)", "")


def test_a_mean_of_logarithms_has_factors_whose_product_is_the_value(live: Live, trader: str) -> None:
    read = evidence(live, trader, "price_gap_12m", value=np.log(0.5), x=["a", "b"], share=np.log([0.25, 2.0]))
    shown = evidence_view(_taking(live, "price_gap_12m", value=np.log(0.5)), read)
    assert columns_of(shown)["Factor"] == ("0.25 times", "2.00 times")
    assert "0.50 times the middle price" in shown.sentence
    assert shown.changed_from is None


def _taking(live: Live, feature: str, *, value: float) -> Live:
    """What is live, had the first column of the model been another feature with that value for all."""
    words = (replace(live.bundle.words[0], name=feature), *live.bundle.words[1:])
    table = live.snapshot.table
    same = pa.array([value] * table.num_rows)
    rows = table.set_column(table.column_names.index(live.bundle.names[0]), feature, same)
    bundle, snapshot = replace(live.bundle, words=words), replace(live.snapshot, table=rows)
    return replace(live, bundle=bundle, snapshot=snapshot)


def test_a_page_has_as_many_rows_and_columns_as_can_be_read(live: Live, trader: str) -> None:
    wide = {f"c{number}": [f"r{row}" for row in range(ROWS_A_PAGE + 7)] for number in range(COLUMNS + 5)}
    read = evidence(live, trader, "customs_value_12m", value=1.0, additive=False, **wide)
    shown = evidence_view(live, read)
    assert (len(shown.rows), len(shown.columns), shown.count) == (ROWS_A_PAGE, COLUMNS, ROWS_A_PAGE + 7)
    first, last = evidence_page(live, read), evidence_page(live, read, page=2)
    assert f"The first {ROWS_A_PAGE} are shown." in first
    assert f"Rows {ROWS_A_PAGE + 1} to {ROWS_A_PAGE + 7} are shown." in last
    assert ('?page=2" rel="next"' in first, '?page=1" rel="prev"' in last) == (True, True)
    assert evidence_page(live, read, page=99) == last


def test_empty_columns_and_logarithms_are_not_shown(live: Live, trader: str) -> None:
    read = evidence(
        live,
        trader,
        "customs_value_12m",
        value=1.0,
        additive=False,
        unit_price=[4.5],
        log_price=[1.5],
        peer_low_log_price=[1.0],
        description=pa.array([None], pa.string()),
    )
    assert columns_of(evidence_view(live, read)) == {"Unit price": ("4.5000",)}


def test_a_hostile_cell_is_only_text(live: Live, trader: str) -> None:
    cells = ["<script>owned()</script>", "=1+1", "a\x00b\u202ec"]
    page = evidence_page(
        live, evidence(live, trader, "customs_value_12m", value=1.0, additive=False, description=cells)
    )
    assert "<script" not in page
    assert "&lt;script&gt;owned()" in page
    assert r"a\x00b\u202ec" in page
