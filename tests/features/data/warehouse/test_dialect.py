"""What an administration may declare of its tables, and what it may not."""

from dataclasses import fields

import pytest

from features.data.warehouse import Dialect
from features.data.warehouse.dialect import SETTINGS
from features.errors import SettingError

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


def test_every_setting_is_checked() -> None:
    assert list(SETTINGS) == [setting.name for setting in fields(Dialect)]


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
