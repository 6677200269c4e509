"""Languages: texts, plurals, numbers and days of each; what a catalogue lacks stays English."""

from datetime import date

import pytest

from features.errors import SettingError
from features.feature import sentence
from features.language import ENGLISH, LANGUAGES, language_named
from features.library import LIBRARY
from features.unit import Unit, format_value

RUSSIAN, KAZAKH = LANGUAGES["ru"], LANGUAGES["kk"]


@pytest.mark.parametrize(
    ("value", "english", "russian", "kazakh"),
    [
        (1, "1 day", "1 день", "1 күн"),
        (2, "2 days", "2 дня", "2 күн"),
        (5, "5 days", "5 дней", "5 күн"),
        (21, "21 days", "21 день", "21 күн"),
        (1.5, "1.5 days", "1,5 дня", "1,5 күн"),
        (1234, "1,234 days", "1\N{NO-BREAK SPACE}234 дня", "1\N{NO-BREAK SPACE}234 күн"),
    ],
)
def test_a_number_and_its_plural_are_those_of_the_language(
    value: float, english: str, russian: str, kazakh: str
) -> None:
    assert [format_value(value, Unit.DAY, each) for each in LANGUAGES.values()] == [english, russian, kazakh]


def test_numbers_are_rounded_alike_in_every_language() -> None:
    for value in (0.125, 2.5, 1234.565, -0.05, 1e15 / 7):
        digits = [
            each.number(value, 2).translate({0xA0: None, 0x2C: ".", 0x2E: "."}) for each in (RUSSIAN, KAZAKH)
        ]
        assert digits == [f"{value:.2f}"] * 2


def test_a_day_is_written_out_as_in_the_language() -> None:
    day = date(2024, 10, 1)
    assert ENGLISH.day(day) == "1 October 2024"
    assert RUSSIAN.day(day).split()[:3] == ["1", "октября", "2024"]
    assert KAZAKH.day(day).split() == ["2024", "ж.", "1", "қазан"]


def test_what_a_catalogue_lacks_and_an_empty_text_stay_as_they_are() -> None:
    assert (
        RUSSIAN.gettext("A feature of one administration alone.") == "A feature of one administration alone."
    )
    assert RUSSIAN.gettext("") == ""


def test_a_language_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SettingError, match=r"no language 'xx'.*one of en, ru, kk"):
        language_named("xx")


def test_a_sentence_that_begins_with_its_window_begins_with_a_capital() -> None:
    phrase = LIBRARY.by_name["duty_12m"].phrase
    assert sentence(phrase, "12", months=12, language=KAZAKH).startswith("Соңғы 12")
