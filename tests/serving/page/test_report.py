"""`audit-yield report`: the page of a trader as one file, whole in itself."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from features.data.dataset import Dataset
from features.errors import OutputError, SettingError
from serving.live.state import Live
from serving.page import shown_features
from serving.page.pdf import write_pdf
from serving.page.report import report, write_page
from tests.serving.browser import needs_chromium, paper


@pytest.fixture(scope="module")
def trader(live: Live) -> str:
    return str(live.ranking["trader_id"][0].as_py())


@pytest.fixture(scope="module")
def page(dataset: Dataset, trader: str) -> str:
    return report(dataset, trader)


def test_every_link_leads_to_rows_on_the_same_page(page: str, live: Live, trader: str) -> None:
    links = list(dict.fromkeys(re.findall(r'href="(#[^"]*)"', page)))
    assert links == [f"#{name}" for name in shown_features(live, trader)]
    for link in links:
        assert page.count(f'id="{link[1:]}"') == 1


def test_nothing_in_it_points_to_a_service_or_another_machine(page: str) -> None:
    assert not re.search(r"https?:|src=|<form|url\(|@import", page)


@needs_chromium
def test_the_trader_prints_on_the_first_sheet_and_its_programme_and_rows_after_it(
    page: str, tmp_path: Path
) -> None:
    assert 2 <= paper(page, tmp_path) <= 4


def test_the_command_writes_the_page_and_the_notice(
    trained: Path, trader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(trained / "mlruns"))
    target = tmp_path / "page.html"
    arguments = [
        "report",
        str(trained / "sim" / "data"),
        trader,
        "--as-of",
        "2024-10-01",
        "--out",
        str(target),
    ]
    done = CliRunner().invoke(app, [*arguments, "--notice"])
    assert (done.exit_code, done.output) == (0, f"The page is in {target}.\n")
    assert "What was considered" in target.read_text()


@needs_chromium
def test_a_page_is_printed_as_pdf(tmp_path: Path) -> None:
    write_pdf("<!doctype html><title>Page</title>", tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")


def test_without_a_chromium_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingError, match="no Chromium"):
        write_pdf("<!doctype html>", tmp_path / "page.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_page("<!doctype html>", target)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert (target / "kept").exists()


def test_the_commands_write_in_the_language_that_is_asked_for(
    trained: Path, trader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(trained / "mlruns"))
    target = tmp_path / "notice.html"
    of_a_day = [str(trained / "sim" / "data"), trader, "--as-of", "2024-10-01"]
    russian = [*of_a_day, "--language", "ru"]
    outcome = CliRunner().invoke(app, ["report", *russian, "--notice", "--out", str(target)])
    assert outcome.exit_code == 0, outcome.output
    assert '<html lang="ru">' in target.read_text(encoding="utf-8")
    explained = CliRunner().invoke(app, ["explain", *russian]).output
    assert "каждый участник" in explained
    monkeypatch.setenv("AUDIT_YIELD_LANGUAGES", "ru,kk")
    assert CliRunner().invoke(app, ["explain", *of_a_day]).output == explained
    refused = CliRunner().invoke(app, ["explain", *of_a_day, "--language", "xx"])
    assert (refused.exit_code, "one of en, ru, kk" in refused.output) == (2, True)
