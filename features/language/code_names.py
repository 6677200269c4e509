"""Names of codes in words, beside which they are shown: countries, sectors, chapters of the HS.

Names of countries are CLDR's. Sectors are the sections and divisions of ISIC Rev. 4 (United Nations,
Statistical Papers M 4, 2008) and goods the chapters of the HS, both in short words of our own: the texts of a
tariff are the administration's and the WCO's. No feature reads a name.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel import Locale

from features.language.language import ENGLISH, Language

FILE = Path(__file__).with_name("code_names.csv")
SECTOR, CHAPTER = "sector", "chapter"
CHAPTER_DIGITS = 2


@cache
def code_names(kind: str) -> Mapping[str, str]:
    """Return the English names of the codes of a list, `SECTOR` or `CHAPTER`."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file) if row["list"] == kind}


def country_name(code: str, language: Language = ENGLISH) -> str:
    """Return the name of a country by its code of ISO 3166-1, empty where CLDR has none.

    >>> country_name("KZ")
    'Kazakhstan'
    """
    return str(Locale.parse(language.locale).territories.get(code, ""))


def sector_name(code: str, language: Language = ENGLISH) -> str:
    """Return the name of a section or division of ISIC, empty where there is none."""
    return _named(SECTOR, code, language)


def goods_name(hs_code: str, language: Language = ENGLISH) -> str:
    """Return the name of the chapter of goods, empty where the code has none.

    >>> goods_name("87033219")
    'Vehicles'
    """
    return _named(CHAPTER, hs_code[:CHAPTER_DIGITS], language)


def _named(kind: str, code: str, language: Language) -> str:
    name = code_names(kind).get(code, "")
    return language.pgettext(kind, name) if name else ""
