"""The page of who stands behind a trader: its picture, its file, and who may see it."""

from datetime import date

import httpx2
import pytest

from serving.access.tokens import Role
from serving.live.due_diligence import Tie
from serving.live.state import Live
from serving.page.due_diligence import MOST_DRAWN, link_picture
from tests.serving.caller import Service, service

DAY = date(2024, 1, 1)


def tie(party_id: str, through: str | None = None) -> Tie:
    return Tie(party_id, "director", through, DAY, None, DAY)


def test_the_picture_leads_from_the_trader_over_what_it_shares_to_others() -> None:
    picture = link_picture("T", [tie("A"), tie("B"), tie("C", "A"), tie("C", "B")])
    at = {node.label: (node.x, node.y) for node in picture.nodes}
    assert at["T"][0] < at["A"][0] == at["B"][0] < at["C"][0]
    assert len(set(at.values())) == 4
    ends = {(edge.y1, edge.y2) for edge in picture.edges}
    assert ends == {(at[one][1], at[other][1]) for one, other in ("TA", "TB", "AC", "BC")}


def test_of_many_ties_some_are_drawn_and_the_others_counted() -> None:
    picture = link_picture("T", [tie(f"P{number}") for number in range(MOST_DRAWN + 5)])
    assert len(picture.nodes) == MOST_DRAWN + 1
    assert picture.left_out == 5


def test_a_trader_without_ties_is_alone() -> None:
    picture = link_picture("T", [])
    assert [node.label for node in picture.nodes] == ["T"]
    assert picture.edges == ()


@pytest.fixture(scope="module")
def page(served: Service, tied: str) -> httpx2.Response:
    return served.client.get(f"/traders/{tied}/due_diligence")


@pytest.fixture(scope="module")
def tied(live: Live) -> str:
    """A trader that is tied to something."""
    with live.dataset.open() as warehouse:
        links = warehouse.optional_table("links")
        assert links is not None
        ends = set(links.filter(links.known_on < live.dataset.cutoff).from_id.to_pyarrow().to_pylist())
    return next(trader for trader in live.row_index if trader in ends)


def test_the_page_and_the_file_say_the_same_ties(served: Service, page: httpx2.Response, tied: str) -> None:
    assert page.status_code == 200
    assert "<line " in page.text
    assert "has supplied no watchlist" in page.text
    file = served.client.get(f"/traders/{tied}/due_diligence?format=csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.count("\r\n" if "\r\n" in file.text else "\n") - 1 == page.text.count(
        '<tr><th scope="row">'
    )


def test_a_limited_reader_learns_of_nobody_else(
    live: Live, tied: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with service(live, tmp_path_factory.mktemp("home")) as running:
        token = running.token(Role.AUDITOR, traders=[tied])
        assert running.client.get(f"/traders/{tied}/due_diligence", headers=token).status_code == 403
        assert "due_diligence" not in running.client.get(f"/traders/{tied}", headers=token).text
