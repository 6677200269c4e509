"""What is known of earlier audits on a day, and what was said earlier; every sum worked by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from features.data.warehouse import open_warehouse
from models.prediction import Prediction
from serving.live.history import EarlierPrediction, PastAudit, earlier_predictions, known_audits
from serving.live.state import Live
from serving.log.entry import Access, AnswerBasis, LogEntry
from serving.log.reader import LoggedPrediction
from tests.features.administration import administration, audit, day, finding
from tests.features.tables import Row, write_parquet

CLOSED = audit("A1", "T1", "2022-03-01", "2022-06-01")
OPEN = audit("A2", "T1", "2023-03-01", "2024-02-01", treatment="desk")
LEDGER = [
    finding("A1", 1, "2022-06-01", 500.0),
    finding("A1", 2, "2022-06-01", 800.0, finding_type="origin"),
    finding("A1", 3, "2022-09-01", 300.0, event="collected"),
    finding("A2", 1, "2024-02-01", 70.0),
]


def audits_before(folder: Path, before: str, **tables: Sequence[Row]) -> Mapping[str, Sequence[PastAudit]]:
    with open_warehouse(str(write_parquet(folder, administration(**tables)))) as warehouse:
        return known_audits(warehouse, cutoff=day(before))


def test_audits_are_as_known_on_the_day_the_newest_first(tmp_path: Path) -> None:
    second, first = audits_before(tmp_path, "2023-06-01", audits=[CLOSED, OPEN], findings=LEDGER)["T1"]
    assert (second.audit_id, second.closed_on, second.assessed, second.finding_type) == (
        "A2",
        None,
        None,
        None,
    )
    assert (first.closed_on, first.assessed, first.collected) == (day("2022-06-01"), 1300.0, 300.0)
    assert (first.finding_type, first.treatment, first.selection_channel) == ("origin", "field", "rule")


def test_an_audit_opened_later_is_not_known(tmp_path: Path) -> None:
    known = audits_before(tmp_path, "2022-08-01", audits=[CLOSED, OPEN], findings=LEDGER)["T1"]
    assert [(each.audit_id, each.collected) for each in known] == [("A1", 0.0)]


def test_an_audit_that_found_nothing_says_so(tmp_path: Path) -> None:
    known = audits_before(
        tmp_path, "2023-01-01", audits=[CLOSED], findings=[finding("A1", 1, "2022-06-01", 0.0)]
    )
    assert [(each.assessed, each.finding_type) for each in known["T1"]] == [(0.0, None)]


def test_a_confirmed_amount_is_told_from_the_day_after_it_is_known_until_it_is_corrected(
    tmp_path: Path,
) -> None:
    ledger = [
        finding("A1", 1, "2022-06-01", 9e11, confirmed=True),
        finding("A1", 2, "2022-06-01", 500.0, corrects=1, known_on=day("2022-09-01")),
    ]
    days = ("2022-06-01", "2022-06-02", "2022-09-01", "2022-09-02")
    known = [audits_before(tmp_path / each, each, audits=[CLOSED], findings=ledger)["T1"] for each in days]
    assert [audit.is_confirmed for [audit] in known] == [False, True, True, False]


def test_traders_do_not_see_each_others_audits(tmp_path: Path) -> None:
    other = audit("A3", "T2", "2022-01-01", "2022-02-01")
    known = audits_before(tmp_path, "2023-01-01", audits=[CLOSED, other], findings=LEDGER[:2])
    assert {trader: [each.audit_id for each in audits] for trader, audits in known.items()} == {
        "T1": ["A1"],
        "T2": ["A3"],
    }


def logged(basis: AnswerBasis | None, expected: float) -> LoggedPrediction:
    one = np.array([expected])
    prediction = Prediction(one, one, one, one, one, one, by_type=np.array([[expected]]), types=("other",))
    entry = LogEntry(Access("/predict", "r", "a", "auditor"), basis, ("T1",), None, prediction)
    return LoggedPrediction("1-1-00000000", 1, 0, datetime(2024, 1, 1, tzinfo=UTC), "code", entry)


def test_earlier_predictions_are_other_days_or_models_each_once(live: Live) -> None:
    now = live.basis
    before = replace(now, as_of=date(2024, 7, 1))
    older = replace(before, model_version="0")
    what_if = replace(before, as_of=date(2024, 8, 1), snapshot_digest=None)
    entries = [
        logged(now, 5.0),
        logged(what_if, 9.0),
        logged(before, 4.0),
        logged(before, 3.0),
        logged(older, 2.0),
    ]
    assert earlier_predictions(entries, live=live) == (
        EarlierPrediction(date(2024, 7, 1), live.version, 4.0),
        EarlierPrediction(date(2024, 7, 1), "0", 2.0),
    )


def test_an_answer_about_nobody_is_no_prediction(live: Live) -> None:
    nobody = logged(None, 1.0)
    assert earlier_predictions([nobody], live=live) == ()
