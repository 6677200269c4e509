"""Capacity files: what is read, and what is refused with the cure."""

import re
from datetime import date
from pathlib import Path

import pytest

from features.errors import SettingError
from features.language import language_named
from models.plan.capacity import EXAMPLE, Capacity, GroupCap, OfficeHours, require_offices
from models.plan.caps import cap_names
from tests.models.plan.small import capacity


def read(tmp_path: Path, text: str) -> Capacity:
    path = tmp_path / "capacity.toml"
    path.write_text(text)
    return Capacity.read(path)


def test_the_example_is_read_as_it_stands(tmp_path: Path) -> None:
    given = read(tmp_path, EXAMPLE)
    assert (given.first_day, given.last_day) == (date(2025, 1, 1), date(2025, 12, 31))
    assert given.offices == {"XA001100": OfficeHours(4000.0, 1500.0, ("XA001200",), 5)}
    assert given.caps == (GroupCap("size_band", "micro", visits=20),)
    assert given.serving("XA001200") == "XA001100"
    assert given.serving("XA009900") == ""


def test_content_and_back_is_the_same() -> None:
    assert Capacity.of_content(capacity().content()) == capacity()


def test_hours_in_all_are_divided_as_the_file_divides_them() -> None:
    scaled = capacity().scaled(510.0)
    assert scaled.hours == pytest.approx(510.0)
    assert scaled.offices["XA1"].field == pytest.approx(260.0)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("hour_costs", "hour_cost", "the setting 'hour_cost'"),
        ("hour_costs = 60.0", "", "says nothing of hour_costs"),
        ("2025-12-31", "2024-12-31", "before it begins"),
        ("field = 4000", "", "office XA001100 is"),
        ("field = 4000", "field = 0", "0 hours of field auditors"),
        ('covers = ["XA001200"]', 'covers = "XA001200"', "covers 'XA001200'"),
        ('by = "size_band"', 'by = "colour"', "A cap is by 'colour'"),
        ("visits = 20", "visits = 20\nshare = 0.1", "A cap is {"),
        ("visits = 20", "share = 20", "cap on 'micro' is 20"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_can(tmp_path: Path, old: str, new: str, found: str) -> None:
    with pytest.raises(SettingError, match=found):
        read(tmp_path, EXAMPLE.replace(old, new, 1))


def test_every_trader_has_an_office_and_every_office_a_trader() -> None:
    require_offices(capacity(), ["XA1", "XA2", None])
    with pytest.raises(SettingError, match="names XA2, where no active trader declares"):
        require_offices(capacity(), ["XA1"])
    with pytest.raises(SettingError, match="2 traders belong to customs offices without hours: XA3") as error:
        require_offices(capacity(), ["XA1", "XA2", "XA3", "XA3"])
    assert "covers = ['XA3']" in error.value.advice


def test_caps_have_names_in_every_language_and_codes_stay_as_they_are() -> None:
    given = capacity(caps=(GroupCap("size_band", "large", visits=20.0), GroupCap("sector", "46", share=0.25)))
    assert cap_names(given)[-2:] == (
        "visits where size band is large",
        "25 % of all visits where sector is 46",
    )
    names = cap_names(given, language_named("ru"))
    assert "XA1" in names[0]
    assert "46" in names[-1]
    assert not re.search("[A-Za-z]", "".join(names).replace("XA1", "").replace("XA2", ""))
