"""A definition of a feature that cannot be one is refused when it is made, with its place."""

import inspect
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from ibis.expr import types as ir

from features.build import FeatureSet
from features.errors import SettingError
from features.feature import Definition, Example, combined, feature
from features.unit import Unit

MEANING: dict[str, Any] = {
    "unit": Unit.SHARE,
    "indicator": "activity",
    "reference": "WCO",
    "label": "Largest line",
    "phrase": "The largest line of {window} is {value}.",
    "why": "It is worth a look.",
}
OF_ROWS: dict[str, Any] = {
    **MEANING,
    "source": "lines",
    "inputs": "declarations.customs_value",
    "months": (12, 24),
    "example": Example("customs_value", [(300.0,), (100.0,)], 0.75),
}
OF_FEATURES: dict[str, Any] = {**MEANING, "example": Example("duty_12m tax_12m", [(3.0, 4.0)], 0.75)}


def rows_feature(**changed: Any) -> Definition:
    @feature(**{**OF_ROWS, **changed})
    def largest(lines: ir.Table) -> ir.Value:
        return lines.customs_value.max()

    return largest


def combined_feature(**changed: Any) -> Definition:
    @combined(**{**OF_FEATURES, **changed})
    def both(duty_12m: ir.FloatingValue, tax_12m: ir.FloatingValue) -> ir.Value:
        return duty_12m / tax_12m

    return both


def test_a_feature_has_a_name_for_each_window() -> None:
    assert [each.name for each in rows_feature().features] == ["largest_12m", "largest_24m"]
    assert [each.name for each in rows_feature(months=None).features] == ["largest"]
    assert [each.name for each in combined_feature(months=12).features] == ["both_12m"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"source": "line"}, "has the source 'line'.*one of lines, .*Did you mean 'lines'"),
        ({"inputs": ""}, "has no inputs"),
        ({"inputs": "declarations.custom_value"}, "Did you mean 'declarations.customs_value'"),
        ({"inputs": "customs_value"}, "has the input 'customs_value'"),
        ({"months": (13,)}, "has a window of 13 months.*3, 6, 12, 24"),
        ({"months": (12, 12)}, r"has the windows \(12, 12\)"),
        ({"months": ()}, r"has the windows \(\)"),
        ({"phrase": "It is {window}."}, "phrase with window in braces"),
        ({"phrase": "It is {value}."}, "phrase with value in braces.*window"),
        ({"phrase": "{value} of {windows}."}, r"phrase with {windows} in it.*Did you mean 'window'"),
        ({"phrase": "{} of {window}."}, "phrase with {} in it"),
        ({"phrase": "{value:.2f} of {window}."}, "formats"),
        ({"phrase": "{value of {window}."}, "braces"),
        ({"phrase": "{value} of {window}"}, "has the phrase.*full stop"),
        ({"label": "largest"}, "has the label 'largest'.*capital"),
        ({"why": ""}, "has the why ''"),
        ({"indicator": "Largest line"}, "has the indicator"),
        ({"reference": " "}, "has the reference"),
        ({"unit": "share"}, "has the unit 'share'"),
        ({"finding_type": "value"}, "has the finding_type 'value'.*valuation"),
        ({"monotone": 2}, "has the monotone 2"),
        ({"monotone": True}, "has the monotone True"),
        ({"prior_yield": 1.5}, "has the prior_yield 1.5"),
        ({"empty": float("nan")}, "has the empty nan"),
        ({"example": Example("customs_value", [(300.0, 1.0)], 0.75)}, r"row \(300.0, 1.0\).*1 values"),
        ({"example": Example("customs_value customs_value", [], 0.75)}, "each once"),
        ({"example": Example("", [], None)}, "columns ''"),
        ({"example": Example("customs_value", [(3.0,)], float("inf"))}, "value inf"),
    ],
)
def test_what_cannot_be_a_feature_is_refused_with_its_place(changed: dict[str, Any], words: str) -> None:
    first_line = inspect.getsourcelines(rows_feature)[1] + 1
    with pytest.raises(SettingError, match=words) as refused:
        rows_feature(**changed)
    assert refused.value.found.startswith(f"{Path(__file__)}:{first_line}: the feature largest ")


@pytest.mark.parametrize(
    "example",
    [
        Example("duty_12m", [(3.0,)], 0.75),
        Example("duty_12m tax_12m", [(3.0, 4.0), (3.0, 4.0)], 0.75),
    ],
)
def test_an_example_of_a_combined_feature_is_one_row_of_what_it_combines(example: Example) -> None:
    with pytest.raises(SettingError, match="one row of the features that it combines: duty_12m, tax_12m"):
        combined_feature(example=example)


def test_a_feature_of_rows_takes_these_alone() -> None:
    def two(lines: ir.Table, others: ir.Table) -> ir.Value:
        return lines.customs_value.max() - others.customs_value.max()

    with pytest.raises(SettingError, match="feature two has 2 parameters"):
        feature(**OF_ROWS)(two)


ONCE = """
from features.feature import feature
from tests.features.test_definition import OF_ROWS

@feature(**OF_ROWS)
def largest(lines):
    return lines.customs_value.max()
"""


def test_a_second_function_of_a_name_in_one_file_is_refused_with_both_places(tmp_path: Path) -> None:
    file = tmp_path / "lines.py"
    file.write_text(ONCE + ONCE)
    with pytest.raises(SettingError, match=r"lines\.py:12: .*largest is defined already, at .*lines\.py:5"):
        run_path(str(file))


def test_a_file_or_a_cell_that_is_run_again_defines_its_features_anew(tmp_path: Path) -> None:
    file, other = tmp_path / "cell_1.py", tmp_path / "cell_2.py"
    file.write_text(ONCE)
    other.write_text("\n" + ONCE)
    names = run_path(str(file), init_globals=run_path(str(file)))
    assert isinstance(run_path(str(other), init_globals=names)["largest"], Definition)


def test_a_second_function_of_a_name_in_another_file_is_refused_with_both_places() -> None:
    one, other = rows_feature(), rows_feature(months=(12,))
    with pytest.raises(
        SettingError, match=r"test_definition\.py:\d+: .*largest_12m is defined already, at .*:\d+"
    ):
        FeatureSet.of([one, other])


def test_a_feature_combined_of_one_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingError, match="both is combined of duty_12m, which is not there before it"):
        FeatureSet.of([rows_feature(), combined_feature()])
