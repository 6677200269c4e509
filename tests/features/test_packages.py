"""Features of an administration's own package join the library, and what cannot be used of it is refused."""

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.build import FeatureSet
from features.errors import SettingError
from features.library import LIBRARY
from features.packages import package_features, with_packages
from models.bundle.artefact import save_bundle
from models.direct import RidgeModel
from training.backtest.experiment import Experiment

Package = Callable[..., str]
OWN = '''
from features import Example, Unit, exact
from features.feature import feature


@feature(
    source="lines",
    months=(12,),
    unit=Unit.SHARE,
    indicator="largest_line",
    reference="ours",
    inputs="declarations.customs_value",
    label="Largest line",
    phrase="The largest line of {window} is {value} of all.",
    why="The larger it is, the more it is worth a look.",
    tends=1,
    example=Example("customs_value", [(300.0,), (100.0,)], 0.75),
)
def largest_share(lines):
    """Customs value of the largest line, as a share of all."""
    return exact.share(lines.customs_value.max(), lines.customs_value.sum())
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """A function that writes the modules of a package `harbour`, which can be imported while a test runs."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(**modules: str) -> str:
        folder = tmp_path / "harbour"
        folder.mkdir(exist_ok=True)
        for name, source in modules.items():
            (folder / f"{name}.py").write_text(source, encoding="utf-8")
        return "harbour"

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "harbour"]:
        del sys.modules[name]


def test_features_of_all_modules_of_a_package_stand_after_the_library(package: Package) -> None:
    other = OWN.replace("largest_share", "larger_share").replace('"Largest line"', '"Larger line"')
    name = package(__init__="", goods=OWN, more="from harbour.goods import largest_share\n" + other)
    both = with_packages([name])
    assert both.names == (*LIBRARY.names, "largest_share_12m", "larger_share_12m")
    assert {feature.family for feature in package_features(name)} == {"harbour"}
    assert both.modules == ("harbour.goods", "harbour.more")
    assert with_packages([]) is LIBRARY


def test_an_experiment_leaves_out_features_and_the_family_of_a_package(package: Package) -> None:
    name = package(__init__=OWN)
    own = Experiment(packages=(name,), without=("history",)).features()
    assert "largest_share_12m" in own.names
    assert "largest_share_12m" not in Experiment(packages=(name,), without=("harbour",)).features().names


def test_the_digest_follows_the_code_of_a_package_and_what_it_calls(package: Package) -> None:
    calling = OWN.replace("lines.customs_value.sum()", "total(lines)")
    digests = set()
    for total in ("lines.customs_value.sum()", "lines.duty_assessed.sum()"):
        name = package(__init__=f"def total(lines):\n    return {total}\n{calling}")
        digests.add(FeatureSet(package_features(name)).digest)
        del sys.modules[name]
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "There is no package harbour in this environment"),
        (
            "import nowhere_at_all",
            "cannot be imported: ModuleNotFoundError: No module named 'nowhere_at_all'",
        ),
        ("1 / 0", r"cannot be imported: ZeroDivisionError: .*harbour.__init__\.py:1\)"),
        ("", "defines no feature"),
        (OWN.replace("{value} of all", "{valu} of all"), r"harbour.__init__\.py:\d+: .*\{valu\} in it"),
        (
            OWN.replace('"declarations.customs_value"', '"declarations.costs"'),
            "the input 'declarations.costs'",
        ),
        (
            OWN.replace("largest_share", "customs_value"),
            "the feature customs_value_12m is defined already, at .*features.library",
        ),
    ],
    ids=lambda value: None if value is None or "\n" in value else value[:20],
)
def test_a_package_that_cannot_be_used_is_refused_in_words(
    package: Package, source: str | None, words: str
) -> None:
    if source is not None:
        package(__init__=source)
    with pytest.raises(SettingError, match=words):
        with_packages(["harbour"])


def test_a_model_names_the_packages_of_its_features_and_finds_them_again(
    package: Package, tmp_path: Path
) -> None:
    own = with_packages([package(__init__=OWN)]).select(["largest_share_12m", "duty_12m"])
    rows = pa.table({name: np.linspace(0.0, 1.0, 60) for name in own.names})
    saved = save_bundle(
        RidgeModel(seed=1).fit(rows, 1_000.0 * np.arange(60.0)),
        tmp_path / "bundle",
        features=own,
        fingerprint="f" * 64,
        cutoff=date(2024, 1, 1),
        golden=rows.slice(0, 3),
    )
    assert saved.packages == ("harbour",)
    assert saved.features().names == own.names
    del sys.modules["harbour"]
    shutil.rmtree(tmp_path / "harbour")
    with pytest.raises(SettingError, match="There is no package harbour"):
        saved.features()
