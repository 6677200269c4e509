"""POST /score_declarations: what the prediction would be with declarations added to those known."""

import httpx2
import numpy as np
import pytest

from serving.live.state import Live
from tests.features.tables import Row
from tests.optional import not_none
from tests.serving.caller import Service

LINE: Row = {
    "declaration_id": "WHAT-IF-1",
    "item_number": 1,
    "version": 0,
    "accepted_on": "2024-09-20",
    "office_code": "XA01",
    "procedure_code": "4000",
    "hs_code": "61091000",
    "origin_country": "CN",
    "customs_value": 500_000.0,
    "net_mass_kg": 480.0,
    "duty_rate": 0.12,
    "duty_assessed": 60_000.0,
    "vat_assessed": 112_000.0,
}


def score(served: Service, trader: str, *lines: Row, **more: str) -> httpx2.Response:
    return served.client.post(
        "/score_declarations", json={"trader_id": trader, "declarations": list(lines), **more}
    )


def test_added_value_is_added_to_what_is_known_and_to_nothing_else(
    served: Service, live: Live, traders: list[str]
) -> None:
    got = score(served, traders[5], LINE).json()
    changes = {each["feature"]: each for each in got["changes"]}
    assert changes["customs_value_12m"]["after"] == pytest.approx(
        changes["customs_value_12m"]["before"] + 500_000.0
    )
    assert changes["line_count_12m"]["after"] == changes["line_count_12m"]["before"] + 1
    assert "yield_on_value" not in changes
    assert got["expected_before"] == round(float(live.prediction.expected[live.row_index[traders[5]]]), 2)
    assert got["prediction"]["expected"] != got["expected_before"]


def test_the_prediction_is_the_models_for_the_features_that_are_logged(
    served: Service, live: Live, traders: list[str]
) -> None:
    got = score(served, traders[6], LINE).json()
    logged = served.log.read(got["prediction"]["prediction_id"]).entry
    again = live.bundle.model.predict(logged.features)
    assert not_none(logged.prediction).expected.tolist() == again.expected.tolist()
    assert not_none(logged.basis).snapshot_digest is None
    assert got["basis"]["snapshot_digest"] is None


def test_a_line_of_no_worth_changes_no_value(served: Service, live: Live, traders: list[str]) -> None:
    nothing = LINE | {"customs_value": 0.0, "duty_assessed": 0.0, "vat_assessed": 0.0}
    got = score(served, traders[7], nothing).json()
    assert "customs_value_12m" not in {each["feature"] for each in got["changes"]}
    logged = not_none(served.log.read(got["prediction"]["prediction_id"]).entry.features)[0]
    value = live.bundle.names.index("customs_value_12m")
    assert np.isclose(logged[value], live.X[live.row_index[traders[7]], value], rtol=0)


SPOILT: dict[str, Row] = {
    "hs_code": {"hs_code": "61"},
    "not_negative": {"customs_value": -1.0},
    "country": {"origin_country": "china"},
    "known_on_of_amendment": {"version": 1},
    "before_the_day": {"accepted_on": "2024-10-01"},
}


def test_rows_that_break_the_contract_or_could_not_count_are_refused_all_at_once(
    served: Service, traders: list[str]
) -> None:
    rows = [LINE | spoilt | {"item_number": n} for n, spoilt in enumerate(SPOILT.values(), start=1)]
    got = score(served, traders[0], *rows)
    assert got.status_code == 422
    assert {each["rule"] for each in got.json()["violations"]} == set(SPOILT)


def test_rows_that_are_known_already_or_stand_twice_are_refused(served: Service, small_trader: str) -> None:
    behind = served.client.post("/explain", json={"trader_id": small_trader, "evidence": 1}).json()
    known = behind["evidence"][0]["rows"][0]
    key = {name: known[name] for name in ("declaration_id", "item_number", "version")}
    [violation] = score(served, small_trader, LINE | key, LINE, LINE).json()["violations"]
    assert violation["rule"] == "unique_key"
    assert violation["found"] == "1 rows are known already, 1 stand twice in the request."


def test_a_trader_that_is_not_registered_is_unknown(served: Service) -> None:
    assert score(served, "T-unknown", LINE).status_code == 404


def test_a_later_day_is_answered_without_a_comparison_of_another_day(
    served: Service, traders: list[str]
) -> None:
    got = score(served, traders[0], LINE | {"accepted_on": "2024-11-05"}, as_of="2024-11-10").json()
    assert got["basis"]["as_of"] == "2024-11-10"
    assert got["basis"]["warnings"] == []
    assert got["expected_before"] is None
