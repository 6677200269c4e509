"""Names that codes are shown with: every country, sector and chapter has one, in every language."""

import pytest

from features.data.contract.countries import COUNTRIES
from features.language import LANGUAGES
from features.language.code_names import (
    CHAPTER,
    SECTOR,
    code_names,
    country_name,
    goods_name,
    sector_name,
)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_country_of_the_contract_has_a_name(code: str) -> None:
    assert [each for each in COUNTRIES if not country_name(each, LANGUAGES[code])] == []


def test_sectors_are_all_sections_and_divisions_and_chapters_those_of_the_hs() -> None:
    sectors = code_names(SECTOR)
    assert [each for each in sectors if each.isalpha()] == list("ABCDEFGHIJKLMNOPQRSTU")
    assert sum(each.isdecimal() for each in sectors) == 88
    assert list(code_names(CHAPTER)) == [f"{number:02}" for number in range(1, 98)]


def test_a_name_is_in_the_language_and_a_code_that_nobody_knows_has_none() -> None:
    russian = LANGUAGES["ru"]
    assert sector_name("46", russian) == "Оптовая торговля"
    assert goods_name("6109100010", russian) == "Трикотажная одежда"
    assert country_name("CN", russian) == "Китай"
    assert [sector_name("", russian), sector_name("00"), goods_name("99"), country_name("ZZZ")] == [""] * 4
