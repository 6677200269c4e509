"""GET /ranking and GET /models: a page at a time, filtered, as JSON or as CSV that no spreadsheet runs."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pyarrow as pa
import pytest
from openpyxl import load_workbook

from features.storage.csv_file import FORMULA_STARTS
from serving.access.tokens import Role
from serving.live.state import Live, load_live
from tests.serving import tiny
from tests.serving.caller import Service, service


def ranking(served: Service, query: str = "", **headers: str) -> httpx2.Response:
    sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    return served.client.get(f"/ranking?{query}", headers=sent)


def test_pages_together_are_the_ranking(served: Service, traders: list[str]) -> None:
    trader_ids = []
    for page in (1, 2, 3):
        got = ranking(served, f"page={page}&page_size=100").json()
        assert (got["page"], got["pages"], got["total"]) == (page, 3, len(traders))
        trader_ids += [row["trader_id"] for row in got["rows"]]
    assert trader_ids == traders
    assert ranking(served, "page=4&page_size=100").json()["rows"] == []


@pytest.mark.parametrize("column", ["region", "sector", "size_band"])
def test_a_filter_leaves_those_that_are_so_in_their_order(served: Service, live: Live, column: str) -> None:
    wanted = next(value for value in live.ranking[column].to_pylist() if value)
    rows = ranking(served, f"{column}={wanted}&page_size=1000").json()["rows"]
    expected = [row["trader_id"] for row in live.ranking.to_pylist() if row[column] == wanted]
    assert [row["trader_id"] for row in rows] == expected


def test_a_finding_type_orders_by_its_money(served: Service) -> None:
    rows = ranking(served, "finding_type=origin&page_size=1000").json()["rows"]
    money = [row["by_type"]["origin"] for row in rows]
    assert money == sorted(money, reverse=True)


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "page_size=10001", "finding_type=theft", "threshold=1", "page=1&page=2", "region="],
)
def test_a_query_that_is_not_understood_is_refused_and_never_ignored(served: Service, query: str) -> None:
    assert ranking(served, query).status_code == 400


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/*", "text/csv; charset=utf-8"),
        ("application/json;q=0.5, text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0, */*", "application/json"),
        ("text/html, application/json;q=0.9", "application/json"),
    ],
)
def test_the_form_is_what_the_caller_likes_best(served: Service, accept: str, kind: str) -> None:
    got = ranking(served, accept=accept)
    assert got.headers["content-type"] == kind
    assert "accept" in got.headers["vary"].lower()


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/json;q=0", "x", "text/csv;q=\xb2"])
def test_a_form_that_there_is_not_is_406(served: Service, accept: str) -> None:
    assert ranking(served, accept=accept).status_code == 406


def named(live: Live, name: str) -> Live:
    """Return what is live with every trader called so."""
    column = pa.array([name] * live.ranking.num_rows)
    column_index = live.ranking.column_names.index("name")
    renamed = replace(live)
    renamed.__dict__["ranking"] = live.ranking.set_column(column_index, "name", column)
    return renamed


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_name_in_csv_is_never_a_formula(served: Service, live: Live, start: str) -> None:
    served.held.current = named(live, f'{start}HYPERLINK("http://evil.example";"x")')
    try:
        text = ranking(served, "page_size=2", accept="text/csv").text
    finally:
        served.held.current = live
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2
    assert all(row["name"].startswith("'") for row in rows)


def test_csv_has_what_json_has(served: Service) -> None:
    [as_json] = ranking(served, "page_size=1").json()["rows"]
    [as_csv] = csv.DictReader(io.StringIO(ranking(served, "page_size=1", accept="text/csv").text))
    assert as_csv["trader_id"] == as_json["trader_id"]
    assert float(as_csv["expected"]) == as_json["expected"]
    assert float(as_csv["expected_origin"]) == as_json["by_type"]["origin"]
    assert as_csv["as_of"] == "2024-10-01"


def test_csv_without_a_row_has_its_columns_all_the_same(served: Service) -> None:
    none, one = (ranking(served, f"page_size=1&page={page}", accept="text/csv") for page in (9999, 1))
    assert none.text.splitlines() == one.text.splitlines()[:1]


FREE = ("is_audited", "is_tax_audited")


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("audited=no&tax_audited=no", lambda row: not any(row[name] for name in FREE)),
        ("audited=yes", lambda row: row["is_audited"]),
        ("tax_audited=yes", lambda row: row["is_tax_audited"]),
        ("aeo=yes", lambda row: (row["aeo_status"] or "none") != "none"),
        ("not_since=2024-01-01", lambda row: (row["last_opened_on"] or "") < "2024-01-01"),
        ("due_before=2026-01-01", lambda row: "" < (row["aeo_revalidation_due"] or "") < "2026-01-01"),
        ("least_money=10000", lambda row: row["expected"] >= 10_000),
        ("most_hours=100", lambda row: row["expected_hours"] <= 100),
        ("size_band=small&size_band=large", lambda row: row["size_band"] in ("small", "large")),
    ],
)
def test_who_is_free_and_worth_it_can_be_chosen(
    served: Service, query: str, holds: Callable[[dict[str, Any]], bool]
) -> None:
    everyone = ranking(served, "page_size=1000").json()["rows"]
    rows = ranking(served, f"{query}&page_size=1000").json()["rows"]
    assert 0 < len(rows) < len(everyone)
    assert [row["trader_id"] for row in rows] == [row["trader_id"] for row in everyone if holds(row)]


def test_by_money_an_hour_the_order_is_by_the_money_for_each_hour_of_a_field_audit(served: Service) -> None:
    rows = ranking(served, "order=money_an_hour&page_size=1000").json()["rows"]
    assert rows == sorted(rows, key=lambda row: (-row["money_an_hour"], row["trader_id"]))
    first = rows[0]
    assert first["money_an_hour"] == pytest.approx(first["expected"] / first["expected_hours"], rel=0.01)


def test_files_have_addresses_of_their_own_and_all_traders(served: Service, traders: list[str]) -> None:
    as_csv, as_xlsx = (served.client.get(f"/ranking.{ending}") for ending in ("csv", "xlsx"))
    assert as_csv.headers["content-disposition"] == "attachment; filename=ranking.csv"
    rows = list(csv.DictReader(io.StringIO(as_csv.text)))
    assert [row["trader_id"] for row in rows] == traders
    header, *cells = load_workbook(io.BytesIO(as_xlsx.content)).active.iter_rows(values_only=True)
    assert list(header) == list(rows[0])
    assert [row[header.index("trader_id")] for row in cells] == traders
    assert isinstance(cells[0][header.index("expected")], int | float)


def test_every_row_is_a_logged_prediction(served: Service) -> None:
    rows = ranking(served, "page_size=3").json()["rows"]
    logged = [served.log.read(row["prediction_id"]).entry for row in rows]
    assert [entry.trader_ids[0] for entry in logged] == [row["trader_id"] for row in rows]


def test_models_describes_the_champion(served: Service, live: Live) -> None:
    got = served.client.get("/models").json()
    assert got["card"] == {"model": "hurdle", "metrics": {"calibration": 1.0}}
    assert got["basis"]["model_digest"] == live.bundle.digest
    assert [feature["name"] for feature in got["features"]] == list(live.bundle.names)


def test_a_feature_is_a_column_and_a_filter_in_every_form(served: Service, live: Live) -> None:
    name, least = "customs_value_12m", 500_000.0
    query = f"columns={name}&columns=line_count_12m&where={name}>={least}&where=line_count_12m<=400"
    rows = ranking(served, f"{query}&page_size=1000").json()["rows"]
    by_name = {column: live.X[:, live.bundle.names.index(column)] for column in (name, "line_count_12m")}
    fits = (by_name[name] >= least) & (by_name["line_count_12m"] <= 400)
    assert 0 < len(rows) == int(fits.sum()) < len(fits)
    for row in rows:
        index = live.row_index[row["trader_id"]]
        assert row["features"] == {column: float(values[index]) for column, values in by_name.items()}
    [first, *_] = csv.DictReader(io.StringIO(served.client.get(f"/ranking.csv?{query}").text))
    assert float(first[name]) == rows[0]["features"][name]
    header, cells, *_ = load_workbook(
        io.BytesIO(served.client.get(f"/ranking.xlsx?{query}").content)
    ).active.iter_rows(values_only=True)
    assert cells[header.index(name)] == rows[0]["features"][name]


def test_a_workbook_has_as_many_traders_as_are_asked_for_up_to_a_sheet(served: Service, live: Live) -> None:
    whole = served.client.get("/ranking.xlsx?page_size=1048575")
    assert load_workbook(io.BytesIO(whole.content)).active.max_row == 1 + live.ranking.num_rows
    assert served.client.get("/ranking.xlsx?page_size=1048576").status_code == 400


def test_a_feature_that_is_unknown_of_a_trader_is_null_and_within_no_bound(
    served: Service, live: Live
) -> None:
    name = next(
        each for each in live.bundle.names if np.isnan(live.X[:, live.bundle.names.index(each)]).any()
    )
    unknown = int(np.isnan(live.X[:, live.bundle.names.index(name)]).sum())
    rows = ranking(served, f"columns={name}&page_size=1000").json()["rows"]
    assert sum(row["features"][name] is None for row in rows) == unknown
    within = [ranking(served, f"where={name}{sign}0").json()["total"] for sign in (">=", "<=")]
    at_zero = sum(row["features"][name] == 0 for row in rows)
    assert sum(within) - at_zero == len(rows) - unknown


@pytest.mark.parametrize("query", ["columns=customs_valeu_12m", "where=customs_valeu_12m>=1"])
def test_a_feature_that_there_is_not_is_refused_with_the_nearest(served: Service, query: str) -> None:
    refused = ranking(served, query)
    assert refused.status_code == 400
    assert "Did you mean 'customs_value_12m'?" in refused.json()["advice"]


@pytest.mark.parametrize("bound", ["customs_value_12m=1", "customs_value_12m>=many", "1>=1", ""])
def test_a_bound_that_is_none_is_refused(served: Service, bound: str) -> None:
    assert ranking(served, f"where={bound}").status_code == 400


def test_csv_has_the_form_of_a_locale_if_asked(served: Service, traders: list[str]) -> None:
    got = served.client.get("/ranking.csv?separator=semicolon&decimal=comma&byte_order_mark=yes&page_size=2")
    assert got.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(got.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["trader_id"] for row in rows] == traders[:2]
    [as_json, _] = ranking(served, "page_size=2").json()["rows"]
    assert float(rows[0]["expected"].replace(",", ".")) == as_json["expected"]
    refused = served.client.get("/ranking.csv?decimal=comma")
    assert refused.status_code == 400
    assert "separator=semicolon" in refused.json()["advice"]


def test_a_file_is_made_in_blocks_and_has_each_trader_once(
    served: Service, traders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.api.ranking.ROWS_A_BLOCK", 7)
    monkeypatch.setattr("serving.api.stored_file.IN_MEMORY", 1000)
    monkeypatch.setattr("serving.access.response.BLOCK", 999)
    got = served.client.get("/ranking.csv?page_size=1000000")
    rows = list(csv.DictReader(io.StringIO(got.text)))
    assert [row["trader_id"] for row in rows] == traders
    assert int(got.headers["content-length"]) == len(got.content)
    logged = [served.log.read(row["prediction_id"]).entry for row in (rows[0], rows[-1])]
    assert [entry.trader_ids[0] for entry in logged] == [traders[0], traders[-1]]


def test_nobody_is_new_where_nobody_knows_the_month_before(served: Service, live: Live) -> None:
    answer = ranking(served, "page_size=1").json()
    assert (live.ranks_before, answer["month_before"], answer["rows"][0]["rank_before"]) == (None,) * 3
    refused = ranking(served, "new_among=10")
    assert refused.status_code == 409
    assert "audit-yield score" in refused.json()["advice"]


def test_who_is_among_the_first_and_was_not_a_month_before_is_new(own: Path, tmp_path: Path) -> None:
    dataset = tiny.dataset(own / "sim" / "data", own / "mlruns")
    month_before = load_live(replace(dataset, cutoff=date(2024, 8, 30)))
    ranks_then = dict(
        zip(*(month_before.ranking[name].to_pylist() for name in ("trader_id", "rank")), strict=True)
    )
    with service(load_live(dataset), tmp_path / "home") as made:
        everyone = ranking(made, "page_size=1000").json()
        assert everyone["month_before"] == "2024-08-30"
        assert {row["trader_id"]: row["rank_before"] for row in everyone["rows"]} == {
            row["trader_id"]: ranks_then.get(row["trader_id"]) for row in everyone["rows"]
        }
        rows = everyone["rows"]
        new: list[str] = []
        among = 0
        while not new:
            among += 1
            new = [row["trader_id"] for row in rows[:among] if (row["rank_before"] or among + 1) > among]
        got = ranking(made, f"new_among={among}").json()["rows"]
        assert [row["trader_id"] for row in got] == new
        limited = made.token(Role.RISK_UNIT, traders=new[:1])
        assert made.client.get(f"/ranking?new_among={among}", headers=limited).status_code == 403
        [own_row] = made.client.get("/ranking", headers=limited).json()["rows"]
        assert (own_row["rank"], own_row["rank_before"]) == (None, None)
