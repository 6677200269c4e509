"""Years later: a logged prediction is predicted again to the same bytes, or it is said what is gone."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from audit_yield.commands import app
from features.errors import DataError
from models.bundle.champion import PUBLISHED
from serving import replay as replay_module
from serving.live.case import with_predictions
from serving.live.state import Live
from serving.log.entry import Access, LogEntry
from serving.log.erase import erase
from serving.log.reader import read
from serving.log.writer import PredictionLog
from serving.replay import replay, to_text
from tests.clock import now
from tests.serving.answers import appended

TRADERS = slice(10, 30)


def logged(own: Path, live: Live, *, harm: float = 0.0, from_snapshot: bool = True) -> tuple[str, ...]:
    """Log predictions with reasons of twenty traders; `harm` is added to what was said of the first."""
    X = live.X[TRADERS]  # noqa: N806
    prediction = live.bundle.model.predict(X)
    expected = prediction.expected.copy()
    expected[0] += harm
    explained = live.bundle.model.explain(X)
    entry = LogEntry(
        Access("POST /explain", "r1", "an auditor", "auditor"),
        live.basis if from_snapshot else replace(live.basis, snapshot_digest=None),
        tuple(live.row_index)[TRADERS],
        X,
        replace(prediction, expected=expected),
        explained.contributions,
        base=explained.base,
    )
    log = PredictionLog(own / "log", clock=now)
    ids = appended(log, entry)
    log.close()
    return ids


def listed(own: Path, live: Live) -> tuple[str, ...]:
    """Log predictions of twenty traders as a list of many has them: without their features."""
    entry = LogEntry(
        Access("POST /predict", "r2", "an auditor", "auditor"), live.basis, tuple(live.row_index)[TRADERS]
    )
    log = PredictionLog(own / "log", clock=now)
    ids = appended(log, with_predictions(live, entry))
    log.close()
    return ids


def again(own: Path, prediction_id: str) -> replay_module.Replay:
    return replay(prediction_id, log=own / "log", home=own / "mlruns")


def test_every_logged_prediction_and_its_reasons_come_out_bit_for_bit(own: Path, live: Live) -> None:
    replayed = [again(own, each) for each in logged(own, live)]
    assert [each.same for each in replayed] == [True] * 20
    assert {(each.gone, each.remarks) for each in replayed} == {((), ())}
    assert lines_of(replayed[0])[-1] == "Predicted again from the logged features: the same to the last bit."


def test_a_prediction_that_the_model_would_not_make_is_found(own: Path, live: Live) -> None:
    first, second = logged(own, live, harm=0.01)[:2]
    replayed = again(own, first)
    assert replayed.same is False
    assert replayed.off_by == pytest.approx(0.01)
    assert "NOT the same" in lines_of(replayed)[-1]
    assert again(own, second).same


def test_the_command_ends_with_a_status_of_its_own_where_it_is_not_the_same(
    own: Path, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(own / "mlruns"))
    first, second = logged(own, live, harm=0.01)[:2]

    def command(prediction_id: str) -> Result:
        return CliRunner().invoke(app, ["replay", prediction_id, "--log", str(own / "log")])

    assert command(first).exit_code == 1
    assert command(second).exit_code == 0


def test_a_model_that_is_gone_is_said_to_be_gone(own: Path, live: Live) -> None:
    [first, *_] = logged(own, live)
    shutil.rmtree(own / "mlruns" / PUBLISHED / "1")
    replayed = again(own, first)
    assert replayed.same is None
    assert replayed.gone[0].startswith("model 1.")
    assert "the log still says what was answered" in lines_of(replayed)[-1]


def test_a_model_that_was_changed_is_as_good_as_gone(own: Path, live: Live) -> None:
    [first, *_] = logged(own, live)
    (own / "mlruns" / PUBLISHED / "1" / "card.json").write_text("{}")
    assert again(own, first).same is None


def test_a_snapshot_that_is_gone_is_said_to_be_gone_and_not_needed(own: Path, live: Live) -> None:
    [first, *_] = logged(own, live)
    shutil.rmtree(own / "mlruns" / "snapshots")
    replayed = again(own, first)
    assert replayed.same
    assert replayed.gone == ("the snapshot of 2024-10-01. The logged features cannot be held against it.",)


def test_a_snapshot_that_is_damaged_is_as_good_as_gone(own: Path, live: Live) -> None:
    [first, *_] = logged(own, live)
    [table] = (own / "mlruns" / "snapshots").glob("*/features.parquet")
    table.write_bytes(b"PAR1 torn")
    replayed = again(own, first)
    assert replayed.same
    assert replayed.gone == ("the snapshot of 2024-10-01. The logged features cannot be held against it.",)


def test_traders_of_a_list_are_logged_by_reference_and_come_out_of_the_snapshot_bit_for_bit(
    own: Path, live: Live
) -> None:
    ids = listed(own, live)
    logged_features = [read(own / "log", each).entry.features for each in ids]
    assert logged_features == [None] * 20
    replayed = [again(own, each) for each in ids]
    assert {(each.same, each.gone) for each in replayed} == {(True, ())}
    assert lines_of(replayed[0])[-1] == "Predicted again from the snapshot: the same to the last bit."


def test_an_answer_about_a_trader_who_was_erased_is_said_to_be_gone_and_by_whom(
    own: Path, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = listed(own, live)
    trader = tuple(live.row_index)[TRADERS][0]
    outcome = erase(own / "log", trader, actor="an officer", clock=now, key=None)
    replayed = again(own, first)
    assert replayed.same is None
    assert "by an officer" in replayed.gone[0]
    assert str(outcome.pseudonym) in replayed.gone[0]
    assert lines_of(replayed)[-1].startswith("Neither what was answered")
    assert json.loads(replayed.to_json())["trader_id"] is None
    assert again(own, second).same
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(own / "mlruns"))
    assert CliRunner().invoke(app, ["replay", first, "--log", str(own / "log")]).exit_code == 1
    (own / "log.keys").unlink()
    assert "No row says that it was erased" in again(own, second).gone[0]


def test_a_reference_to_a_snapshot_that_is_gone_or_changed_says_so(own: Path, live: Live) -> None:
    first, *_ = listed(own, live)
    [table] = (own / "mlruns" / "snapshots").glob("*/features.parquet")
    rows = pq.read_table(table)
    other = rows.set_column(2, rows.column_names[2], pc.add(rows.column(2), 1.0))
    pq.write_table(other, table)
    replayed = again(own, first)
    assert replayed.same is None
    assert "The features of" in replayed.gone[0]
    assert "cannot be predicted again" in lines_of(replayed)[-1]


def test_a_log_that_is_gone_knows_no_prediction(own: Path, live: Live) -> None:
    [first, *_] = logged(own, live)
    shutil.rmtree(own / "log")
    with pytest.raises(DataError, match=first):
        again(own, first)


def test_features_that_came_with_the_request_need_no_snapshot(own: Path, live: Live) -> None:
    [first, *_] = logged(own, live, from_snapshot=False)
    shutil.rmtree(own / "mlruns" / "snapshots")
    assert again(own, first).gone == ()


def test_other_code_than_answered_then_is_named(
    own: Path, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first, *_] = logged(own, live)
    monkeypatch.setattr(replay_module, "code_digest", lambda: "0" * 64)
    assert again(own, first).remarks == ("other code answers today than answered then.",)


def test_a_row_that_holds_no_prediction_cannot_be_replayed(own: Path) -> None:
    log = PredictionLog(own / "log", clock=now)
    [only] = appended(log, LogEntry(Access("GET /models", "r1", "somebody", "auditor")))
    log.close()
    with pytest.raises(DataError, match="holds no prediction"):
        again(own, only)


def test_as_json_it_says_the_same(own: Path, live: Live) -> None:
    [first, *_] = logged(own, live)
    content = json.loads(again(own, first).to_json())
    assert (content["prediction_id"], content["same"], content["gone"]) == (first, True, [])
    assert content["expected_yield"] == np.float64(live.prediction.expected[TRADERS][0])


def lines_of(replayed: replay_module.Replay) -> list[str]:
    return list(to_text(replayed))
