"""A bundle is data: it comes back bit for bit, and whatever was touched is refused before it is parsed."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

from features.errors import DataError
from models.bundle.artefact import load_bundle
from models.bundle.sealed import MANIFEST, read_sealed, write_sealed
from models.bundle.trial import trial_load
from models.card import ModelCard, TrainingData
from models.kinds import MODELS
from models.prediction import PER_TRADER
from tests.models.tiny import features, fitted, rows, saved

PARTS = (*PER_TRADER, "by_type")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "bundle"
    saved(folder)
    return folder


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


@pytest.mark.parametrize("kind", MODELS)
def test_a_reloaded_model_predicts_and_explains_bit_for_bit_the_same(kind: str, tmp_path: Path) -> None:
    saved(tmp_path / "bundle", kind)
    loaded = load_bundle(tmp_path / "bundle").model
    before, after = fitted(kind).predict(rows()), loaded.predict(rows())
    assert all(np.array_equal(getattr(before, part), getattr(after, part)) for part in PARTS)
    explained = fitted(kind).explain(rows()), loaded.explain(rows())
    assert np.array_equal(explained[0].contributions, explained[1].contributions)
    assert loaded.get_params() == fitted(kind).get_params()


@pytest.mark.parametrize("kind", MODELS)
def test_the_same_model_gives_the_same_bytes_wherever_and_whenever(kind: str, tmp_path: Path) -> None:
    first, second = saved(tmp_path / "a", kind), saved(tmp_path / "deeper" / "b", kind)
    assert first.digest == second.digest
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "deeper" / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "deeper" / "b" / name).read_bytes()
        assert str(tmp_path).encode() not in (tmp_path / "a" / name).read_bytes()


def test_a_bundle_tells_what_its_model_takes_and_where_it_comes_from(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    assert loaded.names == features().names
    assert loaded.feature_digest == features().digest
    assert (loaded.fingerprint, loaded.cutoff, loaded.card_json) == (
        "f" * 64,
        date(2024, 1, 1),
        {"model": "hurdle"},
    )
    [words] = [words for words in loaded.words if words.name == "customs_value_12m"]
    feature = features().by_name["customs_value_12m"]
    assert (words.label, words.family, words.unit) == (feature.label, feature.family, str(feature.unit))
    assert words.say("5") == feature.say("5")


def flip(rng: random.Random, path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def truncate(rng: random.Random, path: Path) -> None:
    os.truncate(path, rng.randrange(path.stat().st_size))


def lengthen(rng: random.Random, path: Path) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 64)))


def swap(rng: random.Random, path: Path) -> None:
    others = sorted(other for other in path.parent.iterdir() if other.read_bytes() != path.read_bytes())
    mine, other = path.read_bytes(), rng.choice(others)
    path.write_bytes(other.read_bytes())
    other.write_bytes(mine)


def drop(rng: random.Random, path: Path) -> None:
    path.unlink()


def rename(rng: random.Random, path: Path) -> None:
    path.rename(path.with_name(f"x{path.name}"))


def link(rng: random.Random, path: Path) -> None:
    moved = path.rename(path.parent.with_name("moved.bin"))
    path.symlink_to(moved)


def pipe(rng: random.Random, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def overwrite(rng: random.Random, path: Path) -> None:
    path.write_bytes(rng.randbytes(path.stat().st_size))


def add(rng: random.Random, path: Path) -> None:
    path.with_name("more.txt").write_text("tree\n")


def add_folder(rng: random.Random, path: Path) -> None:
    path.with_name("__pycache__").mkdir()


DAMAGE = (flip, truncate, lengthen, swap, drop, rename, link, pipe, overwrite, add, add_folder)


@pytest.mark.parametrize("damage", DAMAGE)
def test_any_damage_to_any_file_is_refused(
    damage: Callable[[random.Random, Path], None], bundle: Path, tmp_path: Path
) -> None:
    rng = random.Random(damage.__name__)  # noqa: S311  reproducible damage, no secret
    for number, name in enumerate(sorted(path.name for path in bundle.iterdir())):
        damaged_path = tmp_path / str(number) / "bundle"
        shutil.copytree(bundle, damaged_path)
        damage(rng, damaged_path / name)
        with pytest.raises(DataError, match="Nothing of it was loaded"):
            load_bundle(damaged_path)


def test_every_single_flipped_bit_of_the_manifest_is_refused(copy: Path) -> None:
    good = (copy / MANIFEST).read_bytes()
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1 << (position % 8)
        (copy / MANIFEST).write_bytes(bad)
        with pytest.raises(DataError):
            read_sealed(copy)
    (copy / MANIFEST).write_bytes(good)
    read_sealed(copy)


def test_a_manifest_that_says_the_same_in_other_bytes_is_refused(copy: Path) -> None:
    content = (copy / MANIFEST).read_bytes()
    twice = content.replace(b'"format":', b'"format": "another",\n "format":')
    for other in (content + b"\n", json.dumps(json.loads(content)).encode(), twice):
        assert json.loads(other) == json.loads(content)
        (copy / MANIFEST).write_bytes(other)
        with pytest.raises(DataError, match="damaged"):
            read_sealed(copy)


def test_a_thousand_flipped_bits_are_refused_before_the_parser_sees_one(copy: Path) -> None:
    rng = random.Random(7)  # noqa: S311  reproducible damage, no secret
    trees = sorted(copy.glob("*.txt"))
    for _ in range(1_000):
        path = rng.choice(trees)
        good = path.read_bytes()
        flip(rng, path)
        with pytest.raises(DataError, match="has a changed file"):
            load_bundle(copy)
        path.write_bytes(good)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{" + b" " * 2_000_000,
        b'{"format": "audit-yield bundle 1", "files": {"../x.json": {}}, "digest": ""}',
        b'{"format": "audit-yield bundle 1", "files": [], "digest": 1}',
    ],
)
def test_a_foreign_manifest_is_refused(content: bytes, copy: Path) -> None:
    (copy / MANIFEST).write_bytes(content)
    with pytest.raises(DataError, match="Nothing of it was loaded"):
        load_bundle(copy)


def test_a_manifest_that_names_files_elsewhere_is_refused_though_its_digests_agree(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    write_sealed(tmp_path / "bundle", {"../secret.json": b"{}"})
    with pytest.raises(DataError, match="Nothing of it was loaded"):
        read_sealed(tmp_path / "bundle")


def test_a_folder_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    booster = lightgbm.train({"verbose": -1}, lightgbm.Dataset(np.eye(3), [0, 1, 2]), num_boost_round=1)
    booster.save_model(tmp_path / "model.txt")
    for path in (tmp_path, tmp_path / "model.txt", tmp_path / "nowhere"):
        with pytest.raises(DataError, match="Nothing of it was loaded"):
            load_bundle(path)


def test_another_model_in_the_place_of_the_one_asked_for_is_refused(bundle: Path, tmp_path: Path) -> None:
    other = saved(tmp_path / "ridge", "ridge")
    with pytest.raises(DataError, match=f"not {other.digest}"):
        load_bundle(bundle, digest=other.digest)


def test_a_model_of_other_features_is_refused(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    loaded.require_features(features().digest)
    with pytest.raises(DataError, match="was trained on the features"):
        loaded.require_features("0" * 64)


def test_features_that_this_version_does_not_have_are_counted_and_named(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    assert loaded.features().names == features().names
    gone = replace(loaded, words=(*loaded.words, replace(loaded.words[0], name="gone_12m")))
    with pytest.raises(DataError, match=r"takes 1 features that this version .* does not have: gone_12m"):
        gone.features()


def resealed(folder: Path, name: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """Return the folder with one JSON file changed and sealed anew, as another version might have written."""
    files, _ = read_sealed(folder)
    content = json.loads(files[name])
    change(content)
    write_sealed(folder, files | {name: json.dumps(content).encode()})
    return folder


def test_a_model_that_does_not_predict_its_golden_rows_is_refused(copy: Path) -> None:
    def shift(content: dict[str, Any]) -> None:
        content["values"]["link"]["due"]["c"] += 1e-6

    with pytest.raises(DataError, match="does not predict here what it predicted"):
        load_bundle(resealed(copy, "model.json", shift))


def test_a_state_of_another_release_is_refused_by_what_it_lacks(copy: Path) -> None:
    def as_before(content: dict[str, Any]) -> None:
        content["values"]["interval"] = {"coverage": 0.9, "reach": 0.1, "ratios": [0.0, 1.0, 3.0]}

    with pytest.raises(DataError, match="of another release: its state has no 'sizes'"):
        load_bundle(resealed(copy, "model.json", as_before))


def test_a_parameter_of_another_release_is_refused(copy: Path) -> None:
    def as_before(content: dict[str, Any]) -> None:
        content["values"]["parameters"]["shrinkage"] = 0.5

    with pytest.raises(DataError, match="of another release: its parameters"):
        load_bundle(resealed(copy, "model.json", as_before))


def test_a_kind_of_model_that_is_not_known_is_named(copy: Path) -> None:
    with pytest.raises(DataError, match="of the kind 'oracle'"):
        load_bundle(resealed(copy, "model.json", lambda content: content.update(kind="oracle")))


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"data": {"assumed": "in euros"}}, "assumed"),
        ({"data": {"folds": ["last year"]}}, "folds"),
        ({"leaks": []}, "leaks"),
        ({"performance": [{"model": "hurdle"}]}, "performance"),
        ({"as_of": 2024}, "as_of"),
    ],
)
def test_a_card_of_another_form_is_refused_by_the_part_that_cannot_be_read(
    content: dict[str, Any], part: str, copy: Path
) -> None:
    with pytest.raises(DataError, match=f"The part '{part}' of the model's card"):
        load_bundle(resealed(copy, "card.json", lambda card: card.update(content)))


def test_a_card_of_an_earlier_version_is_read_with_what_it_lacks_empty(copy: Path) -> None:
    """Once it said nothing of what an import assumed; a later version may say more than this one knows."""

    def change(card: dict[str, Any]) -> None:
        card.update(data={"fingerprint": "f" * 64}, leaks={"suspected": False, "raised": [], "by": "clock"})

    card = load_bundle(resealed(copy, "card.json", change)).card
    assert card == ModelCard(model="hurdle", data=TrainingData(fingerprint="f" * 64))


def test_a_trial_in_another_process_says_what_loading_here_would(bundle: Path, copy: Path) -> None:
    assert trial_load(bundle) == load_bundle(bundle).digest
    os.truncate(copy / "model.json", 10)
    with pytest.raises(DataError, match=r"has a changed file, 'model\.json'"):
        trial_load(copy)


@pytest.mark.parametrize("torn", [b"num_leaves=9999", b"tree_sizes=7"])
def test_trees_that_kill_the_parser_end_the_trial_and_not_us(torn: bytes, copy: Path) -> None:
    files, _ = read_sealed(copy)
    name = next(name for name in sorted(files) if name.endswith(".txt"))
    field, _, _ = torn.partition(b"=")
    write_sealed(copy, files | {name: files[name].replace(field + b"=", torn)})
    with pytest.raises(DataError, match="ended the process that tried to load it"):
        trial_load(copy)


def test_a_trial_that_takes_too_long_is_ended(bundle: Path) -> None:
    with pytest.raises(DataError, match=r"was not loaded within 0\.01 seconds"):
        trial_load(bundle, timeout=0.01)


def test_a_model_is_loaded_without_the_tools_of_training(bundle: Path) -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['sklearn', 'mlflow', 'shap', 'optuna']));"
        "from pathlib import Path; from models.bundle.artefact import load_bundle;"
        f"print(load_bundle(Path({str(bundle)!r})).digest)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == load_bundle(bundle).digest, done.stderr


def test_a_model_asked_about_a_day_before_its_own_says_what_it_knows(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    assert loaded.hindsight(loaded.cutoff) is None
    assert "no forecast" in (loaded.hindsight(date(2000, 1, 1)) or "")


def test_a_bundle_of_a_release_without_topics_is_refused(copy: Path) -> None:
    def as_before(content: dict[str, Any]) -> None:
        for words in content["words"]:
            del words["topic"]

    with pytest.raises(DataError, match="of another release: the words"):
        load_bundle(resealed(copy, "about.json", as_before))
