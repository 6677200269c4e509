"""Audits beside what was known when each opened."""

from pathlib import Path

import pyarrow as pa

from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from tests.features.administration import administration, audit, day, finding, line, trader
from tests.features.tables import write_parquet
from training.backtest.labelled_audits import LabelledAudits, label_audits

FEW = LIBRARY.select(["customs_value_12m"])
TABLES = administration(
    traders=[trader("T1"), trader("T2")],
    declarations=[line("D1", "T1", "2022-06-01"), line("D2", "T2", "2022-06-01", customs_value=70.0)],
    audits=[
        audit("A9", "T2", "2023-01-10", "2023-02-01"),
        audit("A1", "T1", "2023-01-10", "2023-04-01"),
        audit("A2", "T1", "2023-01-10", "2023-02-01"),
        audit("A3", "T1", "2023-09-01", "2023-10-01"),
        audit("A4", "T1", "2023-09-01", None),
    ],
    findings=[
        finding("A2", 1, "2023-02-01", 100.0),
        finding("A2", 2, "2023-06-01", -30.0, event="reduced"),
        finding("A9", 1, "2023-02-01", -5.0),
    ],
)


def labelled_audits(tmp_path: Path) -> LabelledAudits:
    with open_warehouse(str(write_parquet(tmp_path, TABLES))) as warehouse:
        return label_audits(
            warehouse, features=FEW, cutoff=day("2024-01-01"), measure="assessed", with_penalties=False
        )


def test_features_stand_beside_their_audits_as_of_the_day_each_opened(tmp_path: Path) -> None:
    """Two audits of a trader on one day share a row of features; after a year the line is out of sight."""
    rows = labelled_audits(tmp_path)
    assert rows.audits["audit_id"].to_pylist() == ["A1", "A2", "A9", "A3"]
    assert rows.X.column_names == ["customs_value_12m"]
    assert rows.X["customs_value_12m"].to_pylist() == [1000.0, 1000.0, 70.0, 0.0]
    assert rows.y.tolist() == [0.0, 70.0, -5.0, 0.0]
    assert (len(rows), rows.cutoff) == (4, day("2024-01-01"))


def test_rows_are_chosen_on_both_sides(tmp_path: Path) -> None:
    chosen = labelled_audits(tmp_path).where(pa.array([False, True, True, False]))
    assert chosen.audits["audit_id"].to_pylist() == ["A2", "A9"]
    assert chosen.X["customs_value_12m"].to_pylist() == [1000.0, 70.0]


def test_what_was_known_on_an_earlier_day_keeps_features_and_takes_older_outcomes(tmp_path: Path) -> None:
    whole = labelled_audits(tmp_path)
    older = pa.table({"audit_id": ["A9", "A2"], "yield_amount": [-5.0, 100.0]})
    earlier = whole.as_known(older, day("2023-03-01"))
    assert earlier.X["customs_value_12m"].to_pylist() == [70.0, 1000.0]
    assert earlier.y.tolist() == [-5.0, 100.0]
    assert earlier.cutoff == day("2023-03-01")
