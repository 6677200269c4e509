"""The checks of the work programme: every indicator has one, said in full."""

from features.library import LIBRARY
from features.library.checks import CHECK_OF, CHECKS


def test_every_indicator_has_one_check() -> None:
    named = [indicator for check in CHECKS for indicator in check.indicators.split()]
    assert sorted(named) == sorted({feature.indicator for feature in LIBRARY.features})
    assert set(CHECK_OF) == set(named)


def test_a_check_says_what_to_do_and_which_documents_to_ask_for() -> None:
    for check in CHECKS:
        assert check.what[0].isupper()
        assert check.what[-1] in ".?"
        assert check.documents[0].islower() or check.documents[0].isdigit()
        assert not check.documents.endswith(".")
        assert check.source
