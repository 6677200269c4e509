"""A token that is limited to some traders learns nothing of the others, nor that they are there."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import httpx2
import pytest

from features.data.warehouse import Warehouse
from features.library import LIBRARY
from serving.access.tokens import Role
from serving.live.evidence import OF_OTHERS, features_with_rows
from serving.live.state import Live
from tests.features.tables import Row
from tests.serving import tiny
from tests.serving.caller import Service, service
from tests.serving.live.test_what_if import LINE

ABSENT = "T9999999"
EVENT: Row = {
    "event_number": 1,
    "finding_type": "valuation",
    "tax_type": "duty",
    "event": "assessed",
    "amount": 18250.5,
    "event_on": "2024-11-04",
}


@dataclass(frozen=True)
class Limited:
    """A caller who may see the trader `own` alone; `foreign` is another."""

    service: Service
    own: str
    foreign: str
    headers: dict[str, str]

    def ask(self, path: str, body: Row | None = None, **headers: str) -> httpx2.Response:
        """Post a body, or get where there is none."""
        client, sent = self.service.client, self.headers | headers
        return client.get(path, headers=sent) if body is None else client.post(path, json=body, headers=sent)

    def what_if(self, *lines: Row) -> httpx2.Response:
        rows = [LINE | {"item_number": number} | line for number, line in enumerate(lines, start=1)]
        return self.ask("/score_declarations", {"trader_id": self.own, "declarations": rows})


@pytest.fixture(scope="module")
def limited(
    live: Live, traders: list[str], small_trader: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Limited]:
    with service(live, tmp_path_factory.mktemp("home")) as running:
        token = running.token(Role.AUDITOR, traders=[small_trader, ABSENT + "0"])
        yield Limited(running, small_trader, traders[0], token)


@pytest.fixture(scope="module")
def warehouse(live: Live) -> Iterator[Warehouse]:
    with live.dataset.open() as opened:
        yield opened


def first_lines(warehouse: Warehouse, trader: str) -> list[Row]:
    """Return the first two lines of a trader that name a seller, as first declared."""
    lines = warehouse.table("declarations")
    own = lines.filter(lines.trader_id == trader, lines.version == 0, lines.seller_id.notnull())
    rows: list[Row] = own.order_by("declaration_id", "item_number").limit(2).to_pyarrow().to_pylist()
    return rows


QUESTIONS: dict[str, Callable[[Limited, str], httpx2.Response]] = {
    "predict": lambda limited, trader: limited.ask("/predict", {"trader_ids": [limited.own, trader]}),
    "explain": lambda limited, trader: limited.ask("/explain", {"trader_id": trader, "evidence": 1}),
    "what-if": lambda limited, trader: limited.ask(
        "/score_declarations", {"trader_id": trader, "declarations": [LINE]}
    ),
    "page": lambda limited, trader: limited.ask(f"/traders/{trader}"),
    "evidence": lambda limited, trader: limited.ask(f"/traders/{trader}/evidence/customs_value_12m"),
    "no evidence": lambda limited, trader: limited.ask(f"/traders/{trader}/evidence/nothing"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_another_trader_is_refused_like_one_that_there_is_not(limited: Limited, question: str) -> None:
    foreign, absent = (QUESTIONS[question](limited, each) for each in (limited.foreign, ABSENT))
    assert foreign.status_code == absent.status_code == 403
    assert foreign.text.replace(limited.foreign, ABSENT) == absent.text


def test_an_audit_of_another_trader_is_refused_like_one_that_there_is_not(
    limited: Limited, warehouse: Warehouse
) -> None:
    audits = warehouse.table("audits")
    foreign = audits.filter(audits.trader_id != limited.own).audit_id.min().to_pyarrow().as_py()
    got = [limited.ask("/outcomes", EVENT | {"audit_id": audit}) for audit in (foreign, "A-none")]
    assert [each.status_code for each in got] == [403, 403]
    assert got[0].text == got[1].text


def test_what_if_does_not_tell_which_numbers_the_declarations_of_others_have(
    limited: Limited, warehouse: Warehouse
) -> None:
    """Neither that a row is known, nor what the version says that an amendment would amend."""
    again, amended = first_lines(warehouse, limited.foreign)
    numbers = [(each["declaration_id"], each["item_number"]) for each in (again, amended)]
    amendment = {"version": 1, "known_on": "2024-09-25"}

    def answer(first: str, second: str) -> Row:
        got = limited.what_if(
            {"declaration_id": first, "item_number": numbers[0][1]},
            amendment | {"declaration_id": second, "item_number": numbers[1][1]},
        ).json()
        return {name: got[name] for name in ("changes", "reasons")}

    assert answer(numbers[0][0], numbers[1][0]) == answer("WHAT-IF-2", "WHAT-IF-3")


def test_what_if_names_the_sellers_and_brokers_that_the_trader_uses_and_tells_of_no_others(
    limited: Limited, warehouse: Warehouse
) -> None:
    own, theirs = (first_lines(warehouse, each)[0] for each in (limited.own, limited.foreign))
    assert own["seller_id"] != theirs["seller_id"]
    used = {name: own[name] for name in ("seller_id", "declarant_id")}
    refused = [limited.what_if(used, used | {"seller_id": each}) for each in (theirs["seller_id"], "S-none")]
    assert [each.status_code for each in refused] == [422, 422]
    assert refused[0].text == refused[1].text
    [violation] = refused[0].json()["violations"]
    assert violation["found"] == "1 rows name one that is in no declaration of the trader."


def test_what_if_is_of_the_day_of_the_snapshot_unless_the_token_says_otherwise(limited: Limited) -> None:
    any_day = limited.service.token(Role.AUDITOR, traders=[limited.own], any_day=True)
    asked = {"trader_id": limited.own, "declarations": [LINE | {"hs_code": "61"}], "as_of": "2024-09-30"}
    assert limited.ask("/score_declarations", asked).status_code == 403
    assert limited.ask("/score_declarations", asked, **any_day).status_code == 422
    assert limited.ask("/score_declarations", asked | {"as_of": f"{tiny.AS_OF}"}).status_code == 422


def test_ranks_among_all_are_told_to_those_alone_who_may_see_all(limited: Limited) -> None:
    asked = {"trader_ids": [limited.own]}
    assert limited.ask("/predict", asked).json()["answers"][0]["rank"] is None
    assert limited.ask("/explain", {"trader_id": limited.own}).json()["prediction"]["rank"] is None
    assert [row["rank"] for row in limited.ask("/ranking").json()["rows"]] == [None]
    [row] = csv.DictReader(io.StringIO(limited.ask("/ranking", accept="text/csv").text))
    assert row["rank"] == ""
    assert "<dt>Rank</dt>" not in limited.ask(f"/traders/{limited.own}").text
    everybody = limited.service.token(Role.RISK_UNIT)
    assert limited.ask("/predict", asked, **everybody).json()["answers"][0]["rank"] > 0


def test_the_filters_of_the_ranking_offer_what_the_readers_own_traders_have(
    live: Live, limited: Limited
) -> None:
    row = live.row_index[limited.own]
    page = limited.ask("/").text
    for region in set(live.ranking["region"].to_pylist()):
        assert (f'value="{region}"' in page) == (region == live.snapshot.traders["region"][row].as_py())


def test_rows_that_are_other_traders_are_shown_to_those_alone_who_may_see_all(live: Live) -> None:
    whole = replace(live, snapshot=replace(live.snapshot, features=LIBRARY))
    of_others = [each.name for each in LIBRARY.features if each.source in OF_OTHERS]
    assert of_others
    for name in of_others:
        assert list(features_with_rows(whole, name, limited=True)) == []
        assert [each.name for each in features_with_rows(whole, name, limited=False)] == [name]
