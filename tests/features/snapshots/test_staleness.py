"""Old data is told, data that is too old is refused, and nobody to predict is never a success."""

from dataclasses import replace
from pathlib import Path

import pytest

from features.data.dataset import Dataset
from features.environment import STALE_DAYS, STALE_LIMIT_DAYS
from features.errors import DataError, SettingError
from features.library import LIBRARY
from features.snapshots.cache import cached_snapshot
from features.snapshots.snapshot import snapshot, summary, to_text
from features.snapshots.staleness import require_recent, staleness_warnings
from tests.features.administration import administration, audit, day, finding, line, trader
from tests.features.tables import write_parquet
from tests.installed import run

NEWEST, TODAY = day("2024-05-01"), day("2024-12-31")
FEW = LIBRARY.select(["customs_value_12m", "days_since_last_line_24m", "effective_rate_12m"])


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    tables = administration(
        traders=[trader("T1")],
        declarations=[
            line("D1", "T1", "2024-05-01", known_on="2024-05-03", customs_value=0.0),
            line("D2", "T1", "2022-06-01"),
        ],
        audits=[audit("A0", "T1", "2023-01-01", None)],
        findings=[finding("A0", 1, "2023-02-01", 0.0)],
    )
    data = str(write_parquet(tmp_path / "data", tables))
    return Dataset(data=data, cutoff=day("2024-06-01"), today=TODAY, home=tmp_path / "home")


def test_the_age_of_the_newest_line_is_told_from_46_days_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert staleness_warnings(NEWEST, cutoff=day("2024-06-15"), today=TODAY) == ()
    [warning] = staleness_warnings(NEWEST, cutoff=day("2024-06-16"), today=TODAY)
    assert warning.startswith("The newest declaration line is of 2024-05-01, 46 days before 2024-06-16")
    monkeypatch.setenv(STALE_DAYS.name, "60")
    assert staleness_warnings(NEWEST, cutoff=day("2024-06-16"), today=TODAY) == ()


def test_a_day_ahead_of_today_is_told() -> None:
    assert staleness_warnings(TODAY, cutoff=day("2025-01-01"), today=TODAY) == ()
    [warning] = staleness_warnings(TODAY, cutoff=day("2025-01-10"), today=TODAY)
    assert warning.startswith("2025-01-10 lies 10 days ahead of today, 2024-12-31")


def test_data_is_refused_from_401_days_on(monkeypatch: pytest.MonkeyPatch) -> None:
    require_recent(NEWEST, cutoff=day("2025-06-05"))
    with pytest.raises(DataError, match="401 days before 2025-06-06"):
        require_recent(NEWEST, cutoff=day("2025-06-06"))
    monkeypatch.setenv(STALE_LIMIT_DAYS.name, "1000")
    require_recent(NEWEST, cutoff=day("2025-06-06"))
    monkeypatch.setenv(STALE_LIMIT_DAYS.name, "soon")
    with pytest.raises(SettingError, match="is 'soon'"):
        require_recent(NEWEST, cutoff=day("2025-06-06"))


def test_what_was_built_of_old_data_on_request_is_refused_to_others(dataset: Dataset) -> None:
    late = replace(dataset, cutoff=day("2025-07-01"))
    with pytest.raises(DataError, match="426 days before"):
        snapshot(late, FEW)
    built = cached_snapshot(replace(late, stale=True), FEW)
    assert built.newest_on == cached_snapshot(replace(late, stale=True), FEW).newest_on == NEWEST
    with pytest.raises(DataError, match="426 days before"):
        cached_snapshot(late, FEW)


def test_where_nobody_is_active_an_error_says_why(dataset: Dataset) -> None:
    with pytest.raises(DataError, match=r"No trader is active before 2022-01-01: .* none was known by then"):
        snapshot(replace(dataset, cutoff=day("2022-01-01")), FEW)
    with pytest.raises(DataError, match=r"No trader is active before 2026-12-31: .* is of 2024-05-01"):
        snapshot(replace(dataset, cutoff=day("2026-12-31"), stale=True), FEW)


def test_a_feature_that_no_trader_has_is_told(dataset: Dataset) -> None:
    built = snapshot(dataset, FEW)
    empty = "empty for every trader, though the columns are there: effective_rate_12m"
    assert empty in list(to_text(built))
    assert summary(built)["empty"] == ["effective_rate_12m"]


@pytest.mark.long
def test_the_command_tells_notes_and_age_and_refuses_what_is_too_old(dataset: Dataset) -> None:
    asked = ("features", dataset.data, "--as-of")
    refused = run(*asked, "2025-07-01")
    assert refused.returncode == 2
    assert "--stale" in refused.stderr
    old = run(*asked, "2025-07-01", "--stale")
    assert old.returncode == 0, old.stderr
    assert old.stdout.startswith("The newest declaration line is of 2024-05-01, 426 days before 2025-07-01")
