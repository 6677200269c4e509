"""TreeSHAP by quadrature: the values and scores of LightGBM, the same bits in C and NumPy, alone or not."""

import shutil
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from hatch_build import compile_kernel
from models.fitting.margin import Trees
from models.fitting.margin_state import margin_state, read_margin
from models.prediction import Floats
from models.treeshap import compiled, numpy_kernel
from models.treeshap.forest import Forest
from models.treeshap.gauss_legendre import gauss_legendre

ROOT = Path(__file__).parents[2]
KERNEL = compiled.library()
needs_kernel = pytest.mark.skipif(KERNEL is None, reason=compiled.SLOWER)


def rows(count: int, *, seed: int) -> Floats:
    """Numbers, whole ones, and categories in the last column, with zeros and gaps."""
    rng = np.random.default_rng(seed)
    sample = rng.normal(size=(count, 5))
    sample[:, 2] = rng.integers(-3, 4, count)
    sample[:, 4] = rng.integers(0, 70, count)
    sample[rng.random(sample.shape) < 0.15] = np.nan
    sample[rng.random(sample.shape) < 0.1] = 0.0
    return sample


def grown(sample: Floats, *, trees: int = 6, seed: int = 0, **settings: Any) -> lgb.Booster:
    rng = np.random.default_rng(seed)
    z = np.nan_to_num(sample)
    y = z[:, 0] + z[:, 1] * z[:, 2] + 2 * (z[:, 4] % 3 == 0) + 0.3 * rng.normal(size=len(sample))
    options = {
        "objective": "regression",
        "min_data_in_leaf": 1,
        "verbosity": -1,
        "num_threads": 1,
        **settings,
    }
    data = lgb.Dataset(sample, y, params={"verbosity": -1, "min_data_in_bin": 1}, categorical_feature=[4])
    return lgb.train(options, data, num_boost_round=trees)


def require_exact(booster: lgb.Booster, sample: Floats) -> None:
    forest = Forest.read([booster.model_to_string()])
    phi, score = numpy_kernel.explain(forest, sample)
    oracle = np.asarray(booster.predict(sample, pred_contrib=True, num_threads=1))
    size = np.abs(oracle).sum(axis=1)
    assert (np.abs(phi - oracle[:, :-1]).max(axis=1) <= 1e-12 * size).all()
    assert forest.base == pytest.approx(oracle[0, -1], rel=1e-12, abs=1e-15)
    assert score[:, 0].tolist() == np.asarray(booster.predict(sample, raw_score=True)).tolist()
    if KERNEL is not None:
        again, score_again = compiled.explain(KERNEL, forest, sample)
        assert (again.tobytes(), score_again.tobytes()) == (phi.tobytes(), score.tobytes())


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    leaves=st.integers(2, 40),
    depth=st.sampled_from([-1, 2, 5]),
    use_missing=st.booleans(),
    zero_as_missing=st.booleans(),
    cat_smooth=st.sampled_from([0.1, 10.0]),
)
def test_values_are_those_of_lightgbm_and_the_score_is_bit_for_bit(
    seed: int, leaves: int, depth: int, use_missing: bool, zero_as_missing: bool, cat_smooth: float
) -> None:
    booster = grown(
        rows(150, seed=seed),
        seed=seed,
        num_leaves=leaves,
        max_depth=depth,
        use_missing=use_missing,
        zero_as_missing=zero_as_missing,
        cat_smooth=cat_smooth,
    )
    asked = rows(45, seed=seed + 1)
    asked[:8, 4] = [-1.0, -0.5, 0.5, 63.9, 64.0, 1e9, 1e300, np.inf]
    asked[:4, 0] = [1e-36, -1e-36, np.inf, -np.inf]
    require_exact(booster, asked)


def test_a_path_that_meets_one_feature_again_and_again_is_exact() -> None:
    x = np.linspace(-3, 3, 400)
    sample = np.column_stack([x, np.zeros((400, 4))])
    booster = grown(sample, trees=3, num_leaves=200)
    require_exact(booster, sample[::9])


def test_a_tree_without_a_split_is_worth_the_same_for_everybody() -> None:
    sample = rows(40, seed=1)
    booster = lgb.train({"objective": "regression", "verbosity": -1}, lgb.Dataset(sample, np.ones(40)), 2)
    require_exact(booster, sample)


@needs_kernel
@pytest.mark.parametrize("count", [1, 3, 8, 9, 33])
def test_a_row_has_the_same_bits_alone_in_a_batch_and_in_any_order(count: int) -> None:
    assert KERNEL is not None
    sample = rows(70, seed=5)
    forest = Forest.read([grown(sample, num_leaves=9).model_to_string()])
    whole, _ = compiled.explain(KERNEL, forest, sample)
    some = np.random.default_rng(count).permutation(len(sample))[:count]
    assert compiled.explain(KERNEL, forest, sample[some])[0].tobytes() == whole[some].tobytes()
    assert numpy_kernel.explain(forest, sample[some])[0].tobytes() == whole[some].tobytes()


def test_several_boosters_are_explained_in_one_pass() -> None:
    sample = rows(60, seed=2)
    boosters = [grown(sample, seed=seed, trees=2 + seed, feature_fraction=0.5) for seed in (0, 1)]
    trees = Trees(0.5, tuple(boosters), scale=3.0)
    explained = trees.explain(sample)
    assert explained.value.tolist() == trees.value(sample).tolist()
    np.testing.assert_allclose(
        explained.base + explained.contributions.sum(axis=1), explained.value, rtol=1e-12, atol=1e-12
    )


def test_trees_that_name_no_method_are_explained_as_when_there_was_one_alone() -> None:
    sample = rows(60, seed=3)
    texts: dict[str, str] = {}
    state = margin_state(Trees(0.5, (grown(sample),), scale=3.0), name="margin", trees=texts)
    assert state.pop("explained_by") == "quadrature"
    old = read_margin(state, texts)
    before = 3.0 * np.asarray(old.boosters[0].predict(sample, pred_contrib=True))
    assert old.explain(sample).contributions.tobytes() == np.ascontiguousarray(before[:, :-1]).tobytes()
    assert old.explain(sample).base == before[0, -1] + 0.5
    with pytest.raises(TypeError, match="explained by chance"):
        read_margin({**state, "explained_by": "chance"}, texts)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("is_linear=0", "is_linear=1", "linear leaves"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "3 classes"),
        ("left_child=1", "left_child=0", "missing or malformed"),
        ("left_child=1", "left_child=7", "missing or malformed"),
        ("split_feature=", "split_feature=9 ", "numbers where"),
        ("max_feature_idx=4", "max_feature_idx=0", "a split by the feature"),
        ("leaf_count=", "leaf_cover=", "leaf_count"),
        ("internal_count=150", "internal_count=0", "rows below a split"),
    ],
)
def test_trees_that_are_not_as_lightgbm_grows_them_are_refused(before: str, after: str, fault: str) -> None:
    text = grown(rows(150, seed=4), num_leaves=4, trees=1).model_to_string()
    text = text.replace("left_child=2", "left_child=1") if before not in text else text
    assert before in text
    with pytest.raises(DataError, match=fault):
        Forest.read([text.replace(before, after)])


@pytest.mark.parametrize("order", [1, 2, 3, 8, 40])
def test_nodes_and_weights_integrate_every_polynomial_of_their_degree(order: int) -> None:
    nodes, rest, weights = np.array(gauss_legendre(order)).T
    for degree in range(2 * order):
        assert weights @ nodes**degree == pytest.approx(1 / (degree + 1), rel=1e-13)
    np.testing.assert_allclose(nodes + rest, 1.0, rtol=1e-15)


@needs_kernel
def test_a_kernel_of_another_source_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kernel.c").write_text("another")
    shutil.copy(compiled.LIBRARY, tmp_path / "kernel.lib")
    monkeypatch.setattr(compiled, "SOURCE", tmp_path / "kernel.c")
    assert compiled.library.__wrapped__() is None


def test_without_a_compiler_nothing_is_built_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "models" / "treeshap"
    folder.mkdir(parents=True)
    shutil.copy(compiled.SOURCE, folder)
    monkeypatch.setenv("CC", "no-such-compiler")
    assert compile_kernel(tmp_path) is None
    assert "there is no C compiler" in capsys.readouterr().out
    assert [path.name for path in folder.iterdir()] == ["kernel.c"]


def test_without_a_compiled_kernel_reasons_are_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = rows(60, seed=3)
    trees = Trees(0.5, (grown(sample),), scale=3.0)
    before = trees.explain(sample)
    monkeypatch.setattr("models.fitting.margin.library", lambda: None)
    after = trees.explain(sample)
    assert after.contributions.tobytes() == before.contributions.tobytes()
    assert after.value.tobytes() == before.value.tobytes()
