"""GET /gap: read by whoever may see all traders, as data and as a page; nothing is said that nobody knows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.access.tokens import Role
from serving.live.state import Live, load_live
from tests.serving import tiny
from tests.serving.browser import DARK, looked_over, needs_axe, needs_chromium
from tests.serving.caller import Service, service

DESK, PHONE = "--window-size=1280,800", "--window-size=500,900"


@pytest.fixture(scope="module")
def own_live(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """A live model whose home says what is known of detection."""
    own = Path(shutil.copytree(trained, tmp_path_factory.mktemp("own") / "trained"))
    (own / "mlruns" / "detection.toml").write_text(
        "share = 0.4\ndeviation = 0.05\nsource = 'double <audits>'\n"
    )
    return load_live(tiny.dataset(own / "sim" / "data", own / "mlruns"))


@pytest.fixture(scope="module")
def running(own_live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(own_live, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def reader(running: Service) -> dict[str, str]:
    return running.token(Role.RISK_UNIT)


@pytest.fixture(scope="module")
def html(running: Service, reader: dict[str, str]) -> str:
    return running.client.get("/gap/sheet?by=size_band", headers=reader).text


def test_each_year_is_answered_with_its_interval_or_none(running: Service, reader: dict[str, str]) -> None:
    answer = running.client.get("/gap?by=size_band", headers=reader).json()
    assert answer["years"]
    for year in answer["years"]:
        gap = year["gap"]
        assert (gap["amount"] is None) == (gap["non_zero"] < 5)
        assert gap["amount"] is None or gap["low"] <= gap["amount"] <= gap["high"]
        assert {each["group"] for each in year["segments"]} <= {"micro", "small", "medium", "large", ""}
        assert year["sentences"]
    assert answer["detection"]["share"] == 0.4
    later = running.client.get(f"/gap?since={answer['years'][-1]['year']}", headers=reader).json()
    assert [each["year"] for each in later["years"]] == [answer["years"][-1]["year"]]


@pytest.mark.parametrize("query", ["by=name", "since=x", "sort=1"])
def test_a_query_that_is_none_is_refused(running: Service, reader: dict[str, str], query: str) -> None:
    assert running.client.get(f"/gap?{query}", headers=reader).status_code == 400


def test_a_limited_token_is_refused_and_that_is_logged(running: Service) -> None:
    limited = running.token(Role.AUDITOR, traders=["T0000001"])
    assert [running.client.get(path, headers=limited).status_code for path in ("/gap", "/gap/sheet")] == [
        403,
        403,
    ]


def test_the_page_says_what_is_known_and_what_is_not_and_escapes_it(html: str) -> None:
    assert "The compliance gap" in html
    assert "double &lt;audits&gt;" in html
    assert "too few to say" in html or "range" in html


@needs_chromium
@needs_axe
@pytest.mark.parametrize("flags", [(DESK,), (PHONE, DARK)], ids=str)
def test_the_page_is_accessible_and_fits_the_window(
    html: str, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    seen = looked_over(html, tmp_path, *flags)
    assert seen["faults"] == []
    assert (seen["wide"], seen["loaded"]) == (0, [])
