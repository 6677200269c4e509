"""A language of answers: its catalogue, and its readers' numbers and days by CLDR."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from features.errors import SettingError

CATALOGUES = Path(__file__).parent
FRACTION_AS = 2
"""The number whose plural a number with decimals takes: 1.5 hours, 1,5 часа."""


@dataclass(frozen=True)
class Language:
    """A language that answers are given in.

    `code` is its BCP 47 tag and the name of its catalogue, `locale` what CLDR calls its readers' habits,
    `name` what they call it. `is_draft` where nobody who speaks it has reviewed the catalogue; `folder` is
    where that is.
    """

    code: str
    locale: str
    name: str
    is_draft: bool = False
    folder: Path = CATALOGUES

    def gettext(self, message: str) -> str:
        """Return an English text in this language; one that the catalogue lacks as it is."""
        return self._translations.gettext(message) if message else ""

    def pgettext(self, context: str, message: str) -> str:
        """Return an English text that means several things, as it is meant in a context."""
        return self._translations.pgettext(context, message)

    def ngettext(self, singular: str, plural: str, number: float) -> str:
        """Return an English text in the form that this language has for a number."""
        count = int(number) if number == int(number) else FRACTION_AS
        return self._translations.ngettext(singular, plural, count)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with so many decimals, rounded alike in every language.

        >>> ENGLISH.number(-1234.56, 1), LANGUAGES["ru"].number(-234.56, 1)
        ('-1,234.6', '-234,6')
        """
        return f"{value:,.{digits}f}".translate(self._separators)

    def change(self, value: float) -> str:
        """Return a change in whole units, with its sign."""
        return f"{value:+,.0f}".translate(self._separators)

    def day(self, value: date) -> str:
        """Return a day as it is written out.

        >>> ENGLISH.day(date(2024, 10, 1))
        '1 October 2024'
        """
        return format_date(value, "long", locale=self.locale)

    @cached_property
    def _translations(self) -> NullTranslations:
        if self == ENGLISH:
            return NullTranslations()
        compiled = BytesIO()
        with (self.folder / f"{self.code}.po").open("rb") as file:
            write_mo(compiled, read_po(file, locale=self.locale, abort_invalid=True))
        compiled.seek(0)
        return GNUTranslations(compiled)

    @cached_property
    def _separators(self) -> Mapping[int, str]:
        return str.maketrans({",": get_group_symbol(self.locale), ".": get_decimal_symbol(self.locale)})


ENGLISH = Language("en", "en_GB", "English")
LANGUAGES: Mapping[str, Language] = {
    each.code: each
    for each in (ENGLISH, Language("ru", "ru", "Русский"), Language("kk", "kk", "Қазақша", is_draft=True))
}
"""Every language by its code."""


def language_named(code: str) -> Language:
    """Return the language of a code; raises `SettingError` for one that is not there."""
    if code not in LANGUAGES:
        raise SettingError(
            f"There is no language '{code}'.",
            expected=f"one of {', '.join(LANGUAGES)}.",
            advice="A catalogue makes another: see docs/languages.md.",
        )
    return LANGUAGES[code]
