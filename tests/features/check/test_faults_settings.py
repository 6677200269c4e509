"""Settings and arguments that cannot be used: one clear error, nothing written."""

from pathlib import Path

import pytest

from features.errors import SettingError
from features.warehouse import Dialect
from tests.features.check.conftest import Check
from tests.features.tables import good_tables, write_parquet


def test_a_bad_dialect_is_one_clear_error(refused: Check, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    (data / "dialect.toml").write_text('encodin = "latin-1"')
    outcome = refused(data)
    assert outcome.report is None
    assert "The dialect has no setting 'encodin'." in outcome.errors
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


BAD = [
    {"encoding": "klingon"},
    {"encoding": "a\x00"},
    {"encoding": 5},
    {"decimal": ";"},
    {"decimal": []},
    {"dates": "dd.mm"},
    {"dates": 5},
    {"times": "keep"},
    {"hs_digits": 5},
    {"hs_digits": 8.0},
    {"hs_digits": True},
    {"ignore": 5},
    {"ignore": "declarations.remark"},
    {"ignore": [1]},
    {"ignore": ["remark"]},
    {"currency": "euro"},
    {"currency": 5},
    {"currency_column": 5, "currency": "EUR"},
    {"currency_column": "currency"},
    {"rates": {"USD": 0.9}},
    {"rates": {"USD": "²"}},
    {"rates": {"USD": "0"}},
    {"rates": {"USD": "0.123456789"}},
    {"rates": {"USD": "123456789012"}},
    {"rates": "USD"},
    {"unknown": 1},
]


@pytest.mark.parametrize("settings", BAD, ids=str)
def test_a_setting_that_cannot_be_used_is_refused_by_name(settings: dict[str, object]) -> None:
    with pytest.raises(SettingError) as error:
        Dialect.of(settings)
    assert next(iter(settings)) in error.value.found


def test_every_setting_can_be_made() -> None:
    settings = {
        "encoding": "cp1252",
        "decimal": ",",
        "dates": "ddmmyyyy",
        "times": "drop",
        "hs_digits": 10,
        "ignore": ["declarations.Große Bemerkung"],
        "currency": "EUR",
        "currency_column": "currency",
        "rates": {"USD": "0.9143"},
    }
    dialect = Dialect.of(settings)
    assert {name: getattr(dialect, name) for name in settings} == {
        **settings,
        "ignore": ("declarations.Große Bemerkung",),
    }
