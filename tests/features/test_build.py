"""From a spine to a table of features: its form, its windows, its clocks and its digest."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.build import FeatureSet
from features.errors import SettingError
from features.library import LIBRARY
from features.proofs.histories import history
from features.proofs.tables import warehouse_of
from features.spine import Spine
from tests.features.administration import administration, day, line
from tests.features.building import build, values
from tests.features.tables import Row

CUTOFF = day("2024-07-01")


def worth(*lines: Row, name: str = "customs_value_12m", cutoff: str = "2024-07-01") -> float | None:
    return values(administration(declarations=list(lines)), "T1", name, cutoff)[0]


@pytest.fixture(scope="module")
def whole() -> pa.Table:
    """The whole library of three traders, one of whom nobody knows, where every table is there."""
    return build(history(0, lines=40), Spine.of(["T2", "NOBODY", "T1"], [CUTOFF] * 3))


def test_one_float64_column_a_feature_in_the_order_of_the_spine(whole: pa.Table) -> None:
    assert whole.column_names == ["trader_id", "cutoff", *LIBRARY.names]
    assert {field.type for field in whole.schema}.issubset({pa.string(), pa.date32(), pa.float64()})
    assert whole["trader_id"].to_pylist() == ["T2", "NOBODY", "T1"]


def test_a_trader_without_a_row_has_what_empty_says(whole: pa.Table) -> None:
    [row] = whole.filter(pc.field("trader_id") == "NOBODY").to_pylist()
    for feature in LIBRARY.features:
        if feature.source is not None:
            assert row[feature.name] == feature.empty, feature.name


@pytest.mark.parametrize(
    ("accepted", "value"),
    [("2024-06-30", 1000.0), ("2024-07-01", 0.0), ("2023-07-01", 1000.0), ("2023-06-30", 0.0)],
)
def test_a_window_holds_its_first_day_and_not_the_cutoff(accepted: str, value: float) -> None:
    assert worth(line("D1", "T1", accepted)) == value


@pytest.mark.parametrize(("known", "value"), [("2024-06-30", 1000.0), ("2024-07-01", 0.0)])
def test_a_row_known_on_the_cutoff_is_invisible(known: str, value: float) -> None:
    assert worth(line("D1", "T1", "2024-05-01", known_on=known)) == value


def test_the_version_known_last_before_the_cutoff_counts() -> None:
    versions = [
        line("D1", "T1", "2024-05-01", customs_value=10.0),
        line("D1", "T1", "2024-05-01", customs_value=20.0, version=1, known_on="2024-06-30"),
        line("D1", "T1", "2024-05-01", customs_value=40.0, version=2, known_on="2024-07-01"),
    ]
    tables = administration(declarations=versions)
    days = ("2024-06-30", "2024-07-01", "2024-07-02")
    assert values(tables, "T1", "customs_value_12m", *days) == [10.0, 20.0, 40.0]


def test_cents_stay_cents() -> None:
    lines = [line(f"D{n}", "T1", "2024-05-01", customs_value=0.1) for n in range(10)]
    assert worth(*lines) == 1.0


def test_nobody_asked_is_no_error() -> None:
    table = build(administration(), Spine.of([], []))
    assert table.num_rows == 0
    assert table.column_names == ["trader_id", "cutoff", *LIBRARY.names]


def test_two_features_of_one_name_are_refused() -> None:
    with pytest.raises(SettingError, match="is defined already, at "):
        FeatureSet((LIBRARY.features[0], LIBRARY.features[0]))


def test_a_selection_brings_what_its_features_are_combined_of() -> None:
    assert set(LIBRARY.select(["effective_rate_gap"]).names) == {
        "effective_rate_gap",
        "effective_rate_12m",
        "sector_rate",
    }


def test_a_selection_of_a_feature_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingError, match="no feature 'customs_valeu_12m'") as refused:
        LIBRARY.select(["duty_12m", "customs_valeu_12m"])
    assert refused.value.advice == "Did you mean 'customs_value_12m'?"


def test_the_digest_is_of_what_is_computed_and_not_of_words() -> None:
    first = LIBRARY.features[0]
    reworded = FeatureSet((replace(first, label="Other words", phrase="{value}."),))
    other_window = FeatureSet((replace(first, months=24),))
    assert FeatureSet((first,)).digest == reworded.digest != other_window.digest
    assert FeatureSet((first,)).digest == FeatureSet((first,)).digest


def test_the_same_day_is_meant_on_leap_years() -> None:
    accepted = line("D1", "T1", "2023-02-28")
    assert worth(accepted, cutoff="2024-02-29") == 1000.0
    assert date(2024, 2, 29) > day("2023-02-28")


def test_a_feature_that_reads_what_its_rows_do_not_have_is_refused_with_its_place() -> None:
    misread = replace(LIBRARY.named("customs_value_12m"), function=lambda lines: lines.customs_valeu.sum())
    tables = administration(declarations=[line("D1", "T1", "2024-05-01")])
    with (
        warehouse_of(tables) as opened,
        pytest.raises(SettingError, match=r"test_build\.py:\d+: .*'customs_valeu'"),
    ):
        FeatureSet((misread,)).build(opened, Spine.of(["T1"], [CUTOFF]))
