from types import ModuleType

import pytest

from features.digest import code_digest

CODE = '''
"""Words."""
LIMIT = 3

@feature(label="Words")
def twice(value):
    """More words."""
    return value * 2  # and more
'''


def digest(code: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("inspect.getsource", lambda _: code)
    return code_digest([ModuleType("features.somewhere")])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Words.", "Other."),
        ('label="Words"', 'label="Other"'),
        ("  # and more", ""),
        ("value * 2", "value  *  2"),
    ],
)
def test_words_and_layout_do_not_count(old, new, monkeypatch):
    assert digest(CODE.replace(old, new), monkeypatch) == digest(CODE, monkeypatch)


@pytest.mark.parametrize(("old", "new"), [("* 2", "* 3"), ("LIMIT = 3", "LIMIT = 4"), ("twice", "double")])
def test_what_is_computed_counts(old, new, monkeypatch):
    assert digest(CODE.replace(old, new), monkeypatch) != digest(CODE, monkeypatch)
