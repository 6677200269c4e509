"""Settings and arguments that cannot be used: one clear error, nothing written."""

from pathlib import Path

import pytest

from tests.features.data.check.conftest import Check
from tests.features.tables import good_tables, write_parquet


def test_a_bad_dialect_is_one_clear_error(refused: Check, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    (data / "dialect.toml").write_text('encodin = "latin-1"')
    outcome = refused(data)
    assert outcome.report is None
    assert "The mapping has no setting 'encodin'." in outcome.errors
    assert "Did you mean 'encoding'?" in outcome.errors
    (data / "dialect.toml").write_bytes(b"\xff = [")
    assert "dialect.toml cannot be read" in refused(data).errors
    assert "cannot be read" in refused(data, "--dialect", str(tmp_path / "absent.toml")).errors


def test_memory_that_is_no_amount_is_one_clear_error(
    refused: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_MEMORY", "much")
    outcome = refused(write_parquet(tmp_path / "data", good_tables()))
    assert "AUDIT_YIELD_MEMORY is 'much'" in outcome.errors


@pytest.mark.parametrize("limit", ["nan", "-0.1", "1.1", "x"])
def test_a_limit_that_is_no_share_is_refused(limit: str, refused: Check, tmp_path: Path) -> None:
    assert "--limit" in refused(tmp_path, "--limit", limit).errors
