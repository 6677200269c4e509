"""The catalogues: what a translator may get wrong without seeing it, and how much is not translated yet."""

import re
from collections import Counter

import pytest
from babel.messages.catalog import Message

from docs.messages import TRANSLATED, forms, is_translated, read_catalogue, untranslated

LACKING = {"ru": 0, "kk": 0}
"""How many messages may lack a translation: a language that is begun has more than none."""
KEPT = re.compile(r"%\(\w+\)s|\{\w*\}|<[^>]+>|%%|`[^`]*`")
"""What stands in a translation as it does in the message: places of values, markup, names of commands."""
ALTERNATIVES = re.compile(r"\[[^|\]]*\|[^|\]]*\]")
EACH = pytest.mark.parametrize("code", TRANSLATED)


def kept(text: str) -> tuple[Counter[str], int]:
    return Counter(KEPT.findall(text)), len(ALTERNATIVES.findall(text))


def translated(code: str) -> list[Message]:
    return [each for each in read_catalogue(code) if each.id and is_translated(each)]


@EACH
def test_no_more_messages_lack_a_translation_than_are_known_to(code: str) -> None:
    assert untranslated(code)[0] <= LACKING[code]


@EACH
def test_values_markup_and_alternatives_of_a_message_are_in_its_translation(code: str) -> None:
    wrong = [
        (each.id, form)
        for each in translated(code)
        for form in forms(each.string)
        if kept(form) != kept(forms(each.id)[-1])
    ]
    assert wrong == []


@EACH
def test_no_translation_opens_an_attribute_or_a_tag_of_its_own(code: str) -> None:
    wrong = [
        form
        for each in translated(code)
        for form in forms(each.string)
        if '"' in re.sub(r"<[^>]+>", "", form) or "<" in re.sub(r"<[^>]+>", "", form)
    ]
    assert wrong == []


@EACH
def test_no_translation_is_a_guess(code: str) -> None:
    assert [each.id for each in read_catalogue(code) if each.id and each.fuzzy] == []


@EACH
def test_a_translation_has_the_plurals_of_its_language(code: str) -> None:
    catalogue = read_catalogue(code)
    plural = [each for each in translated(code) if isinstance(each.id, tuple)]
    assert {len(forms(each.string)) for each in plural} == {catalogue.num_plurals}
