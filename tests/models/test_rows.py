"""Rows that people hand to a model: by name in any order, exact, or refused in words."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from features.errors import SettingError
from models.baselines import RuleScoreModel
from models.bundle.artefact import save_bundle
from models.fitting.matrix import as_matrix, as_vector
from models.mlflow_loader import Predictor
from models.prediction import PER_TRADER
from tests.models.risky import DIRECTIONS, NAMES, risky
from tests.models.tiny import CUTOFF, features, fitted, rows, saved

AUDITS = risky(60, seed=1)
TRADERS = risky(40, seed=2).X
MODEL = RuleScoreModel(monotone=DIRECTIONS).fit(AUDITS.X, AUDITS.y, audits=AUDITS.audits)
EXPECTED = MODEL.predict(TRADERS).expected.tolist()
SHUFFLED = TRADERS.select(NAMES[::-1]).append_column("trader_id", pa.array([f"T{k}" for k in range(40)]))
LIBRARIES: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow": lambda table: table,
    "record batch": lambda table: table.combine_chunks().to_batches()[0],
    "pandas": lambda table: table.to_pandas(),
    "pandas with an index": lambda table: table.to_pandas().set_index("trader_id"),
    "pandas by Arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "duckdb": duckdb.from_arrow,
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_columns_of_any_table_go_by_name_whatever_their_order(library: str) -> None:
    table = LIBRARIES[library](SHUFFLED)
    assert MODEL.predict(table).expected.tolist() == EXPECTED
    assert MODEL.explain(table).total.tolist() == EXPECTED


@pytest.mark.parametrize("convert", [LIBRARIES["pandas"], LIBRARIES["polars"]])
def test_a_model_learns_the_same_from_any_table(convert: Callable[[pa.Table], Any]) -> None:
    learned = RuleScoreModel(monotone=DIRECTIONS)
    learned.fit(convert(AUDITS.X), pl.Series(AUDITS.y), audits=convert(AUDITS.audits))
    assert learned.state() == MODEL.state()


def test_the_index_of_a_frame_is_nothing_to_learn_from() -> None:
    frame = AUDITS.X.to_pandas().set_index(pd.Index(range(100, 160), name="number"))
    assert RuleScoreModel(monotone=DIRECTIONS).fit(frame, AUDITS.y).feature_names_in_ == NAMES


def test_an_array_goes_by_position_and_must_have_the_width() -> None:
    by_position = np.column_stack([TRADERS[name].to_numpy() for name in NAMES])
    assert MODEL.predict(by_position).expected.tolist() == EXPECTED
    assert MODEL.predict(by_position.tolist()).expected.tolist() == EXPECTED
    with pytest.raises(SettingError, match=r"shape \(40, 3\).*4 columns.*by position"):
        MODEL.predict(by_position[:, :3])


def test_columns_that_lack_are_counted_and_named() -> None:
    with pytest.raises(SettingError, match="lacks 2 of the 4 columns: yield_on_value, noise"):
        MODEL.predict(TRADERS.select(["evasion", "customs_value_12m"]).to_pandas())
    with pytest.raises(SettingError, match="Did you mean 'Noise'"):
        MODEL.predict(TRADERS.rename_columns([*NAMES[:3], "Noise"]))


@pytest.mark.parametrize(
    "table",
    [
        pa.table([[1.0], [2.0]], names=["a", "a"]),
        pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]),
        pl.Series([1.0]),
        pd.DataFrame({"a": [1.0, "x"]}),
    ],
)
def test_what_is_no_table_of_named_columns_is_refused(table: Any) -> None:
    with pytest.raises(SettingError, match=r"cannot be read as a table|more than once: a\b"):
        as_matrix(table)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1.5", "2"], "string"),
        (pd.Categorical(["1", "2"]), "dictionary"),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), "timestamp"),
        ([2**53 + 1, 1], "whole numbers beyond 9,007,199,254,740,992"),
    ],
)
def test_values_that_are_no_numbers_are_refused_with_their_column(values: Any, kind: str) -> None:
    with pytest.raises(SettingError, match=f"column wrong holds.*{kind}"):
        as_matrix(pd.DataFrame({"right": [1.0, 2.0], "wrong": values}))


@pytest.mark.parametrize(
    ("values", "exact"),
    [
        (pa.array([Decimal("0.10"), Decimal("123456789012345.67")]), [0.10, 123456789012345.67]),
        (pa.array([True, None]), [1.0, np.nan]),
        (pa.nulls(2), [np.nan, np.nan]),
        (pa.array([2**53, -3]), [2.0**53, -3.0]),
        (pd.array([1, None], dtype="Int64"), [1.0, np.nan]),
        (pl.Series([0.5, None], dtype=pl.Float32), [0.5, np.nan]),
        (np.ma.array([1.0, 2.0], mask=[False, True]), [1.0, np.nan]),
    ],
)
def test_numbers_of_any_type_are_the_same_numbers(values: Any, exact: list[float]) -> None:
    np.testing.assert_array_equal(as_vector(values, what="values"), exact)


def test_a_decimal_is_the_nearest_float() -> None:
    decimals = [Decimal(number * 7919 + 10**15).scaleb(-4) for number in range(1000)]
    assert as_vector(pa.array(decimals), what="values").tolist() == list(map(float, decimals))


@pytest.mark.parametrize(
    "array",
    [
        np.array([["1.5", "2", "3", "4"]]),
        np.array([[1.5, None, 3, 4]], dtype=object),
        np.array([[1 + 2j, 0, 0, 0]]),
        [[1.0, 2.0], [3.0]],
        np.zeros(1, dtype=[(name, "f8") for name in NAMES]),
        {"evasion": [1.0]},
        pl.LazyFrame({"evasion": [1.0]}),
    ],
)
def test_an_array_that_holds_no_numbers_is_refused(array: Any) -> None:
    with pytest.raises(SettingError, match="The rows are"):
        MODEL.predict(array)


def test_infinite_values_are_refused_with_their_columns() -> None:
    wrong = TRADERS.to_pandas()
    wrong.loc[3, ["evasion", "noise"]] = [np.inf, -np.inf]
    with pytest.raises(SettingError, match="infinite value in evasion, noise"):
        MODEL.predict(wrong)
    with pytest.raises(SettingError, match="infinite value in evasion, noise"):
        MODEL.predict(wrong.to_numpy())


def fit(X: Any = AUDITS.X, y: Any = AUDITS.y, **beside: Any) -> None:  # noqa: N803
    RuleScoreModel(monotone=DIRECTIONS).fit(X, y, **beside)


def test_an_index_that_says_other_rows_is_refused() -> None:
    frame, y = AUDITS.X.to_pandas(), pd.Series(AUDITS.y)
    fit(frame, y)
    fit(frame, y[::-1].to_numpy())
    with pytest.raises(SettingError, match="index of the outcomes"):
        fit(frame, y[::-1])
    with pytest.raises(SettingError, match="index of the weights"):
        fit(frame, y, sample_weight=pd.Series(np.ones(60), index=range(1, 61)))
    with pytest.raises(SettingError, match="index of the audits"):
        fit(frame, y, audits=AUDITS.audits.to_pandas().sort_values("opened_on", ascending=False))


def _with(name: str, values: Any) -> pa.Table:
    audits = AUDITS.audits
    return (audits.drop_columns([name]) if name in audits.column_names else audits).append_column(
        name, values
    )


@pytest.mark.parametrize(
    ("audits", "words"),
    [
        (AUDITS.audits.slice(0, 59), "59 audits beside 60 rows"),
        (AUDITS.audits.drop_columns(["team_id", "opened_on"]), "lack 2 columns: opened_on, team_id"),
        (_with("yield_amount", pa.array(AUDITS.y[::-1])), "in another order"),
        (_with("opened_on", pa.array(["2024-01-01"] * 60)), "opened_on holds string"),
        (_with("opened_on", pa.nulls(60, pa.date32())), "60 of them empty"),
        (_with("origin_amount", pa.nulls(60, pa.float64())), "empty or infinite in origin_amount"),
        (np.zeros((60, 3)), "cannot be read as a table"),
    ],
)
def test_audits_that_are_not_those_of_the_rows_are_refused(audits: Any, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        fit(audits=audits)


def test_a_pyfunc_model_takes_columns_by_name_and_keeps_the_index(tmp_path: Path) -> None:
    model = Predictor(saved(tmp_path / "bundle"))
    few = rows().slice(0, 4)
    frame = few.to_pandas()[list(few.column_names[::-1])].set_index(pd.Index(list("abcd")))
    predicted = model.predict(frame)
    assert predicted.index.tolist() == list("abcd")
    assert tuple(predicted.columns) == PER_TRADER
    expected = fitted("hurdle").predict(few).expected.tolist()
    assert predicted["expected"].tolist() == expected
    assert model.predict(pl.from_arrow(few))["expected"].to_pylist() == expected
    with pytest.raises(SettingError, match="lacks 1 of the 3 columns"):
        model.predict(frame.drop(columns=["yield_on_value"]))


def test_a_bundle_whose_words_are_of_other_columns_than_its_model_is_not_written(tmp_path: Path) -> None:
    swapped = type(features())(features().features[::-1])
    with pytest.raises(SettingError, match="order"):
        save_bundle(
            fitted("hurdle"),
            tmp_path / "bundle",
            features=swapped,
            fingerprint="f",
            cutoff=CUTOFF,
            golden=rows().slice(0, 3),
        )
