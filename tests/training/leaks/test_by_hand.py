"""What the leak alarms reckon with, worked by hand on a few rows."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.build import FeatureSet
from features.data.warehouse import open_warehouse
from features.errors import DataError
from tests.features.administration import administration, audit, finding, line, trader
from tests.features.tables import write_parquet
from training.backtest.labelled_audits import label_audits
from training.backtest.out_of_fold import ORACLE
from training.leaks import leak_report
from training.leaks.alarm import Alarm, LeakReport, least_share, too_often
from training.leaks.area import area, areas
from training.leaks.by_time import of_newest_folds
from training.leaks.evidence import LeakEvidence
from training.leaks.labelled import with_lateness
from training.leaks.tables import Lookup, score_lookup

CUTOFF = date(2025, 1, 1)
CODE = Lookup("code", "the code", lambda row: [row.code])


def labelled(*rows: tuple[str, str, bool, bool]) -> pa.Table:
    """Rows of trader, code, late and found."""
    trader_id, code, late, positive = (list(column) for column in zip(*rows, strict=True))
    return pa.table(
        {
            "trader_id": trader_id,
            "audit_id": pa.nulls(len(rows), pa.string()),
            "is_late": late,
            "has_finding": positive,
            "code_0": code,
        }
    )


def test_a_table_learns_on_earlier_rows_and_speaks_of_later_ones() -> None:
    scored = score_lookup(
        labelled(
            ("A", "x", False, True), ("B", "x", False, True), ("C", "y", False, False), ("D", "x", True, True)
        ),
        CODE,
    )
    # among others 2 of 3 were found; 2 of 2 in the cell, drawn to it by ten rows: (2 + 10 x 2/3) / 12
    assert scored.score == pytest.approx([(2 + 20 / 3) / 12])
    assert scored.has_finding.tolist() == scored.is_known.tolist() == [True]


def test_a_traders_own_rows_teach_the_table_nothing_about_it() -> None:
    scored = score_lookup(
        labelled(("A", "x", False, True), ("B", "y", False, False), ("A", "x", True, True)), CODE
    )
    assert scored.score.tolist() == [0.0]
    assert scored.is_known.tolist() == [False]


def test_an_empty_attribute_is_a_cell_of_its_own() -> None:
    rows = labelled(("A", "x", False, False), ("B", "x", False, True), ("C", "x", True, True))
    emptied = rows.set_column(4, "code_0", pa.array([None, "x", None], pa.string()))
    # 1 of 2 overall; the empty cell holds one row, not found: (0 + 10 x 1/2) / 11
    assert score_lookup(emptied, CODE).score == pytest.approx([5 / 11])


def test_rows_after_the_middle_of_those_found_are_late() -> None:
    days = [date(2024, 1, day) for day in (1, 2, 3, 4, 5)]
    rows = pa.table({"day": days, "has_finding": [True, False, True, False, True]})
    assert with_lateness(rows, day="day")["is_late"].to_pylist() == [False, False, False, True, True]


def test_an_area_counts_the_pairs_in_order_and_half_of_the_ties() -> None:
    # of the pairs (2,1) (2,2) (4,1) (4,2) one is a tie: 3.5 of 4
    assert area(np.array([2.0, 4.0, 1.0, 2.0]), np.array([True, True, False, False])) == 0.875


def test_a_perfect_order_of_few_rows_is_not_taken_for_certain() -> None:
    positive = np.arange(12) < 6
    few = areas(positive[None].astype(float), positive)
    many = areas(np.repeat(positive, 50)[None].astype(float), np.repeat(positive, 50))
    # one row more that ranks by chance: (6 + 0.5) / 7
    assert few.values[0] == pytest.approx(6.5 / 7)
    assert not few.surely_above(1.0, limit=0.75, errors=3.09)
    assert many.surely_above(1.0, limit=0.95, errors=3.09)


def test_the_standard_error_of_an_area_is_that_of_repeated_draws() -> None:
    rng = np.random.default_rng(1)
    positive = np.arange(200) < 60
    draws = [areas((rng.normal(size=200) + positive)[None], positive) for _ in range(400)]
    spread = np.std([draw.values[0] for draw in draws])
    assert np.mean([np.sqrt(draw.covariance[0, 0]) for draw in draws]) == pytest.approx(spread, rel=0.12)


def test_scores_of_the_same_rows_are_compared_pair_by_pair() -> None:
    rng = np.random.default_rng(2)
    positive = np.arange(300) < 100
    strong = rng.normal(size=300) + 1.5 * positive
    both = areas(np.vstack([strong + 0.01 * rng.normal(size=300), strong]), positive)
    apart = both.covariance[0, 0] + both.covariance[1, 1] - 2 * both.covariance[0, 1]
    assert apart < 0.01 * both.covariance[0, 0]


def test_a_share_is_surely_above_its_limit_only_with_enough_rows() -> None:
    assert not too_often("a", 2, of=20, limit=0.05, what="rows", advice="Look.").raised
    assert too_often("a", 200, of=2000, limit=0.05, what="rows", advice="Look.").raised
    # Wilson's lower end for 5 of 10 at z = 3.0902: z^2/n = 0.954954, (0.977477 - 0.683171) / 1.954954
    assert least_share(5, 10) == pytest.approx(0.150544, abs=1e-5)


def test_no_rows_are_not_judged() -> None:
    alarm = too_often("a", 0, of=0, limit=0.05, what="rows", advice="Look.")
    assert (alarm.raised, alarm.value) == (False, None)
    text = list(LeakReport((alarm,)).to_text())
    assert text == ["no leak suspected: 0 alarms are silent", "not judged, for want of data: a"]


def test_a_suspected_leak_is_told_alarm_by_alarm() -> None:
    raised = Alarm("codes", raised=True, value=0.5, limit=0.1, sentence="Look at the codes.")
    silent = Alarm("loads", raised=False, value=0.0, limit=0.1, sentence="0 of 9 rows.")
    assert list(LeakReport((raised, silent)).to_text()) == [
        "LEAK SUSPECTED: 1 of 2 alarms are raised",
        "  codes: Look at the codes.",
    ]


def test_a_report_of_leaks_is_read_as_it_was_written() -> None:
    report = LeakReport((Alarm("a", True, 0.5, 0.1, "Höher."), Alarm("b", False, None, None, "Not judged.")))
    assert LeakReport.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"suspected": false, "alarms": [{}]}', '{"suspected": true, "alarms": []}'],
)
def test_what_is_no_report_of_leaks_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="leak alarm cannot be read"):
        LeakReport.from_json(text)


def oof(*folds: tuple[str, float]) -> pa.Table:
    """Folds of 100 audits, 40 found, of which a share is ranked above all others and the rest below."""
    parts = []
    for number, (fold, share) in enumerate(folds):
        positive = np.arange(100) < 40
        top = np.arange(100) < 40 * share
        parts.append(
            pa.table(
                {
                    "fold": [fold] * 100,
                    "audit_id": [f"{fold}{number}" for number in range(100)],
                    "model": ["plain"] * 100,
                    "opened_on": [date(2021 + number, 1, 1)] * 100,
                    "yield_amount": positive * 10.0,
                    "probability": np.where(top, 0.9, np.where(positive, 0.1, 0.5)),
                }
            )
        )
    return pa.concat_tables(parts)


def test_the_oracle_is_no_model_that_could_be_suspected() -> None:
    knowing = oof(("a", 1.0)).set_column(2, "model", pa.array([ORACLE] * 100))
    evidence = LeakEvidence(None, None, pa.concat_tables([knowing, oof(("a", 0.8))]), CUTOFF)  # type: ignore[arg-type]
    assert evidence.best["model"].unique().to_pylist() == ["plain"]


@pytest.mark.parametrize(("newest", "expected"), [(0.5, True), (0.85, False), (0.95, False)])
def test_a_model_that_knows_nothing_of_the_newest_folds_is_suspected(newest: float, expected: bool) -> None:
    evidence = LeakEvidence(None, None, oof(("a", 0.95), ("b", 0.95), ("c", newest)), CUTOFF)  # type: ignore[arg-type]
    [alarm] = of_newest_folds(evidence)
    assert alarm.raised is expected
    # 40 shares of 0.95 come first: area 0.95, with the two chance rows a little less
    assert alarm.limit == pytest.approx(0.5 + 2 / 3 * 0.45, abs=0.01)


def test_an_administration_without_optional_tables_or_named_lines_is_judged_as_far_as_it_goes(
    tmp_path: Path,
) -> None:
    tables = administration(
        traders=[trader("T1")],
        declarations=[line("D1", "T1", "2022-05-01")],
        audits=[audit("A1", "T1", "2023-02-01", "2023-05-01")],
        findings=[finding("A1", 1, "2023-05-01", 500.0)],
    )
    with open_warehouse(str(write_parquet(tmp_path / "data", tables))) as warehouse:
        labelled_audits = label_audits(
            warehouse, features=FeatureSet(()), cutoff=CUTOFF, measure="assessed", with_penalties=False
        )
        report = leak_report(warehouse, labelled_audits, oof(("a", 0.9)).slice(0, 0), cutoff=CUTOFF)
    assert not report.suspected
    assert all(isinstance(alarm, Alarm) and alarm.sentence for alarm in report.alarms)
    assert "controls_by_goods" not in {alarm.name for alarm in report.alarms}
