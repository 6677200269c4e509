"""Pages as the service sends them: headers and page agree, and a browser shows what the file shows."""

import base64
import hashlib
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from serving.live.state import Live
from serving.page import HEADERS
from tests.optional import not_none
from tests.serving.browser import needs_chromium, picture, write_page
from tests.serving.caller import Service
from tests.serving.listening import listening


@pytest.fixture(scope="module")
def address(served: Service) -> Iterator[str]:
    with listening(served.client.app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?size_band=small&finding_type=origin",
        "/model",
        "/help",
        "/docs",
        "/traders/{}",
        "/traders/{}?view=notice",
    ],
)
def test_a_page_comes_with_the_policy_that_knows_its_style_alone(
    path: str, address: str, traders: list[str]
) -> None:
    answer = httpx.get(address + path.format(traders[0]), timeout=60)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    policy = answer.headers["content-security-policy"]
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


@needs_chromium
@pytest.mark.parametrize("path", ["/", "/traders/{}"])
def test_the_browser_shows_what_the_file_shows(
    path: str, address: str, traders: list[str], tmp_path: Path
) -> None:
    there = address + path.format(traders[0])
    page = httpx.get(there, timeout=60).text
    assert above_the_foot(picture(there, tmp_path)) == above_the_foot(
        picture(write_page(page, tmp_path), tmp_path)
    )


def above_the_foot(png: bytes) -> bytes:
    """The pixels above that part of a page where each has an id of its own."""
    return Image.open(BytesIO(png)).crop((0, 0, 1280, 600)).tobytes()


def test_every_trader_of_the_ranking_has_its_page_and_its_rows(address: str) -> None:
    ranking = httpx.get(address, timeout=60).text
    link = re.findall(r'href="(/traders/[^"]+)"', ranking)[3]
    page = httpx.get(address + link, timeout=60)
    assert page.status_code == 200
    behind = re.findall(r'href="(/traders/[^"]+/evidence/[^"]+)"', page.text)
    assert httpx.get(address + behind[0], timeout=60).status_code == 200


@pytest.mark.parametrize("view", ["full", "notice"])
def test_a_page_names_the_prediction_that_the_log_keeps(view: str, address: str, traders: list[str]) -> None:
    answer = httpx.get(f"{address}/traders/{traders[0]}?view={view}", timeout=60)
    assert f">{answer.headers['X-Prediction-Id']}</span>" in answer.text


def test_the_log_keeps_the_reasons_of_a_page_and_the_traders_of_a_ranking(
    address: str, served: Service, live: Live, traders: list[str]
) -> None:
    page = httpx.get(f"{address}/traders/{traders[0]}", timeout=60)
    logged = served.log.read(page.headers["X-Prediction-Id"]).entry
    row = [live.row_index[traders[0]]]
    assert (
        not_none(logged.contributions).tolist()
        == live.bundle.model.explain(live.X[row]).contributions.tolist()
    )
    ranking = httpx.get(address, timeout=60)
    assert served.log.read(ranking.headers["X-Prediction-Id"]).entry.trader_ids == (traders[0],)
    assert served.log.of_trader(traders[20], limit=1)[0].entry.access.endpoint == "GET /"


def test_a_value_without_rows_is_not_found_before_the_data_are_opened(
    address: str, traders: list[str]
) -> None:
    answer = httpx.get(f"{address}/traders/{traders[0]}/evidence/no_such_feature", timeout=60)
    assert answer.status_code == 404
    assert "rows behind" in answer.json()["detail"]


def test_head_is_answered_as_get_is_without_its_content(address: str, traders: list[str]) -> None:
    there = f"{address}/traders/{traders[0]}"
    head, page = httpx.head(there, timeout=60), httpx.get(there, timeout=60)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == page.headers["content-type"]
    assert httpx.head(f"{address}/explain", timeout=60).status_code == 405


def test_the_icon_is_in_the_page_and_the_policy_lets_it_through(address: str) -> None:
    page = httpx.get(address, timeout=60)
    assert 'rel="icon" href="data:image/png;base64,' in page.text
    assert "img-src data:;" in page.headers["content-security-policy"]
