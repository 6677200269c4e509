from pathlib import Path
from textwrap import dedent

import pytest

from features.digest import CodeDigest
from tests.features.mutants import load

CODE = '''
"""Words."""
import math
from dataclasses import dataclass
from functools import partial

LIMIT = 3
PAIR = (lambda a: a + 1, lambda b: b + 2)

def _half(whole):
    """More words."""
    return whole / 2

def scaled(factor):
    def scale(value: float, *, exponent=1) -> float:
        return math.pow(value * factor, exponent)
    return scale

class Thing:
    def __init__(self, start):
        self.start = start

    def value(self):
        return self._doubled() + 1

    def _doubled(self):
        return self.start * 2

def _shifted(value, by):
    return value + by

SHIFTED = partial(_shifted, by=8)

@dataclass
class Scale:
    slope: float

    def of(self, value):
        return value * self.slope

SCALED = Scale(9).of

def twice(value):
    """More words."""
    total = _half(value) * 4  # and more
    thing = Thing(total)
    if value is None:
        raise ValueError("No value.")
    try:
        total = SHIFTED(total) + SCALED(1)
    except ArithmeticError as problem:
        total = len(problem.args)
    many = [each + value for each in range(LIMIT) if each]
    ordered = sorted(many, key=lambda one: (one, many))
    return thing.value() + sum(ordered) + scaled(2.5)(total, exponent=3) + PAIR[0](1)
'''


def digest(code: str, folder: Path) -> str:
    return CodeDigest(follow=lambda name: name.startswith("features.")).of(load(code, folder).twice)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Words.", "Other."),
        ("More words.", "Other words."),
        ("  # and more", ""),
        ("* 4", "*  4"),
        ("No value.", "There is no value."),
        ("value: float", "value"),
        ("_half", "_part"),
        ("whole", "all_of_it"),
        ("total", "sum_of_all"),
        ("each", "one"),
        ("lambda one: (one, many)", "lambda each: (each, many)"),
        ("lambda a: a + 1", "lambda x: x + 1"),
        ("_doubled", "_twofold"),
        ("self", "this"),
        ("factor", "multiple"),
        ("PAIR", "TWO"),
        ("problem", "error"),
        ("SHIFTED", "MOVED"),
        ("import math", "import math as maths"),
        ("LIMIT = 3", "LIMIT = 1 + 2"),
    ],
)
def test_names_words_and_layout_do_not_count(old: str, new: str, tmp_path: Path) -> None:
    renamed = CODE.replace(old, new)
    renamed = renamed.replace("math.pow", "maths.pow") if "maths" in renamed else renamed
    assert renamed != CODE
    assert digest(renamed, tmp_path) == digest(CODE, tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("* 4", "* 5"),
        ("* 4", "/ 4"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("whole / 2", "2 / whole"),
        ("self.start * 2", "self.start * 3"),
        ("self.start = start", "self.start = -start"),
        ("math.pow", "math.fmod"),
        ("scaled(2.5)", "scaled(2.0)"),
        ("exponent=3", "exponent=2"),
        ("exponent=1", "exponent=2"),
        ("PAIR[0]", "PAIR[1]"),
        ("(one, many)", "(many, one)"),
        ("each + value", "value + each"),
        ("if value is None:", "if value is not None:"),
        ("raise ValueError", "return ValueError"),
        ("many = [", "many = {"),
        ("by=8", "by=7"),
        ("Scale(9)", "Scale(7)"),
        ("value * self.slope", "value / self.slope"),
        ("ArithmeticError", "ValueError"),
        ("len(problem.args)", "len(value.args)"),
    ],
)
def test_what_is_computed_counts(old: str, new: str, tmp_path: Path) -> None:
    changed = CODE.replace(old, new)
    changed = changed.replace("if each]", "if each}") if "{" in changed else changed
    assert changed != CODE
    assert digest(changed, tmp_path) != digest(CODE, tmp_path)


def test_what_a_closure_holds_counts(tmp_path: Path) -> None:
    digests, scaled = (
        CodeDigest(follow=lambda name: name.startswith("features.")),
        load(CODE, tmp_path).scaled,
    )
    assert digests.of(scaled(2)) == digests.of(scaled(2))
    assert digests.of(scaled(2)) != digests.of(scaled(3))


def test_a_function_that_calls_itself_has_a_digest(tmp_path: Path) -> None:
    code = dedent("""
        def twice(value):
            return 1 if value == 0 else value * twice(value - 1)
    """)
    assert digest(code, tmp_path) == digest(code, tmp_path)
    assert digest(code.replace("- 1", "- 2"), tmp_path) != digest(code, tmp_path)


def test_code_outside_what_is_followed_counts_by_its_name(tmp_path: Path) -> None:
    digests = CodeDigest(follow=lambda name: False)
    assert digests.of(load(CODE, tmp_path).twice) == digests.of(load(CODE.replace("4", "5"), tmp_path).twice)


def test_a_value_of_which_nothing_is_known_is_refused(tmp_path: Path) -> None:
    digests = CodeDigest(follow=lambda name: True)
    with pytest.raises(TypeError, match="neither plain data nor code"), (tmp_path / "file").open("w") as file:
        digests.of(file)


def test_an_import_within_a_function_is_refused(tmp_path: Path) -> None:
    code = "def twice(value):\n    import math\n    return math.exp(value)\n"
    with pytest.raises(TypeError, match="Import in line 2"):
        digest(code, tmp_path)
