"""What an administration may declare of its tables, and what it may not."""

from dataclasses import fields

import pytest

from features.data.mapping import FileForm, Form
from features.data.mapping.dialect import SOURCE
from features.data.mapping.files import FILES
from features.data.mapping.form import VALUES
from features.data.warehouse import Dialect
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
    own_of_columns = {"unit", "remove", "unknown", "codes"}
    assert set(VALUES) == {setting.name for setting in fields(Form)} - own_of_columns
    assert list(FILES) == [setting.name for setting in fields(FileForm)]
    made = {"form", "file_form", "tables", "code_lists", "file"}
    assert list(SOURCE) == [setting.name for setting in fields(Dialect) if setting.name not in made]


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
    parts = {**vars(dialect.form), **vars(dialect.file_form), **vars(dialect)}
    assert {name: parts[name] for name in settings} == {
        **settings,
        "ignore": ("declarations.Große Bemerkung",),
    }
