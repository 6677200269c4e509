"""Promotion: who serves, by what right, and that it can be read by those who serve."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from features.errors import DataError, OutputError, SettingError
from features.storage.lock import file_lock
from models.bundle.artefact import load_bundle
from models.bundle.champion import Champion, point_to, read_champion
from tests.clock import now
from tests.models.tiny import fitted, rows
from tests.training.trained import LEAK, audits, blind, money, training
from training.backtest.out_of_fold import OutOfFold
from training.promotion.promote import _baselines, offer, promote
from training.tracking.registry import (
    LEAKS,
    OUT_OF_FOLD,
    bundle_folder,
    models,
    run_file,
    version,
    versions_to_text,
)
from training.tracking.store import store

ROOT = Path(__file__).parents[3]


def serving(home: Path) -> str | None:
    champion = read_champion(home)
    return None if champion is None else champion.version


def test_the_first_model_that_passes_against_the_baselines_serves_by_itself(home: Path) -> None:
    done = offer(training(home), home=home, clock=now)
    assert done is not None
    assert [check.name for check in done.checks if check.verdict != "PASSED"] == []
    assert "not worse than past_yield" in [check.name for check in done.checks]
    champion = read_champion(home)
    assert champion is not None
    bundle = load_bundle(home / champion.folder, digest=champion.digest)
    assert champion.feature_digest == bundle.feature_digest
    assert np.array_equal(bundle.model.predict(rows()).expected, fitted("hurdle").predict(rows()).expected)
    assert [each.aliases for each in models(home)] == [("champion",)]


def test_a_first_model_of_a_simple_kind_is_not_held_against_itself() -> None:
    y = money()
    models = dict.fromkeys(("ridge", "past_yield", "hurdle", "oracle"), blind(y))
    assert set(_baselines(OutOfFold(audits(), models).table(), own="ridge")) == {"past_yield"}


def test_a_first_model_that_fails_against_the_baselines_does_not_serve(home: Path) -> None:
    done = offer(training(home, leaks=LEAK), home=home, clock=now)
    assert done is not None
    assert not done.promoted
    assert serving(home) is None
    assert any("suspected by clock" in line for line in done.to_text())


def test_a_later_model_is_the_challenger_until_it_is_promoted(home: Path) -> None:
    offer(training(home), home=home, clock=now)
    assert offer(training(home), home=home, clock=now) is None
    assert [each.aliases for each in models(home)] == [("challenger",), ("champion",)]
    assert serving(home) == "1"
    done = promote(home=home, clock=now)
    assert (done.version, done.before, serving(home)) == ("2", "1", "2")
    assert [each.aliases for each in models(home)] == [("champion",), ()]
    assert list(done.to_text())[-1] == "Version 2 serves now; before, version 1 served."


def test_a_worse_model_serves_only_by_force_and_the_reason_stays_with_it(home: Path) -> None:
    offer(training(home), home=home, clock=now)
    offer(training(home, hurdle=blind(money())), home=home, clock=now)
    refused = promote(home=home, clock=now)
    assert (refused.promoted, serving(home)) == (False, "1")
    done = promote(home=home, force="the old one breaks the new law", clock=now)
    assert (done.promoted, serving(home)) == (True, "2")
    tags = store(home).get_model_version("audit-yield", "2").tags
    assert tags["forced"] == "the old one breaks the new law"
    decision = json.loads(tags["promotion"])
    assert [
        check["verdict"] for check in decision["checks"] if check["name"] == "not worse than version 1"
    ] == ["REFUSED"]
    assert decision["verdict"] == "REFUSED"


def test_force_without_a_reason_is_refused(home: Path) -> None:
    with pytest.raises(SettingError, match="reason"):
        promote(home=home, force=" ", clock=now)


def test_models_of_different_money_are_not_held_against_each_other(home: Path) -> None:
    offer(training(home), home=home, clock=now)
    offer(training(home, measure="collected"), home=home, clock=now)
    assert [check.name for check in promote(home=home, clock=now).checks if check.verdict != "PASSED"] == [
        "same money"
    ]


def test_of_two_promotions_at_once_the_second_is_told(home: Path) -> None:
    offer(training(home), home=home, clock=now)
    with (
        file_lock(home / "locks" / "promotion.lock"),
        pytest.raises(OutputError, match="Another promotion is under way"),
    ):
        promote(home=home, clock=now)
    assert promote(home=home, clock=now).promoted


@pytest.mark.parametrize("named", ["7", "champion", None])
def test_a_version_that_there_is_not_is_refused(named: str | None, home: Path) -> None:
    with pytest.raises(SettingError, match="There is no finished model"):
        promote(named, home=home, clock=now)


def test_a_damaged_model_is_not_published_and_the_old_one_serves(home: Path) -> None:
    offer(training(home), home=home, clock=now)
    challenger = training(home)
    damaged = bundle_folder(version(store(home), challenger), home=home) / "model.json"
    damaged.write_bytes(damaged.read_bytes().replace(b"1", b"2"))
    with pytest.raises(DataError, match=r"has a changed file, 'model\.json'"):
        promote(challenger, force="it shall be read", home=home, clock=now)
    assert serving(home) == "1"
    assert not (home / "published" / challenger).exists()


@pytest.mark.parametrize(("name", "of"), [(OUT_OF_FOLD, "1"), (OUT_OF_FOLD, "2"), (LEAKS, "2")])
def test_evidence_that_was_replaced_is_no_evidence(name: str, of: str, home: Path) -> None:
    """The challenger is blind and leaks; the champion's own files, in place of its files, would pass it."""
    offer(training(home), home=home, clock=now)
    training(home, hurdle=blind(money()), leaks=LEAK)
    files = {each.version: run_file(each, name, home=home) for each in models(home)}
    files[of].write_bytes(files["2" if of == "1" else "1"].read_bytes())
    done = promote("2", home=home, clock=now)
    assert (done.promoted, serving(home)) == (False, "1")
    [check] = done.checks
    assert check.sentence.startswith(f"{name} of version {of} is not the one that its training sealed.")


def test_evidence_that_is_gone_is_refused_and_a_reason_promotes_all_the_same(home: Path) -> None:
    offer(training(home), home=home, clock=now)
    training(home)
    run_file(version(store(home), "1"), OUT_OF_FOLD, home=home).unlink()
    assert [check.name for check in promote("2", home=home, clock=now).checks] == ["evidence"]
    assert promote("2", force="its backtest was lost with a disk", home=home, clock=now).promoted


def test_an_alias_moved_in_mlflow_does_not_move_what_serves_and_the_next_command_says_so(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    offer(training(home), home=home, clock=now)
    other = training(home)
    store(home).set_registered_model_alias("audit-yield", "champion", other)
    assert [each.aliases for each in models(home)] == [(), ("champion",)]
    assert serving(home) == "1"
    assert caplog.messages == [
        "The alias champion stood at version 2 in MLflow, but version 1 serves: only `audit-yield promote` "
        "changes that. The alias is at version 1 again."
    ]
    models(home)
    assert len(caplog.messages) == 1


def test_mlflow_loads_the_champion_of_a_home_that_was_moved_without_our_code_and_pickle(
    home: Path, tmp_path: Path
) -> None:
    offer(training(home), home=home, clock=now)
    home = home.rename(tmp_path / "moved")
    models(home)
    code = (
        "import os, sys, mlflow, numpy, pandas;"
        f"mlflow.set_tracking_uri('sqlite:///{home}/mlflow.db');"
        "model = mlflow.pyfunc.load_model('models:/audit-yield@champion');"
        "rows = pandas.read_json(sys.stdin, orient='split', dtype='float64', precise_float=True);"
        "import models; assert '/moved/artefacts/' in models.__file__, models.__file__;"
        "print(*(each.hex() for each in model.predict(rows)['expected'].tolist()))"
    )
    few = rows().slice(0, 4)
    libraries = [sysconfig.get_path("purelib")]  # without what .pth files add: this clone
    done = subprocess.run(
        [sys.executable, "-P", "-S", "-c", f"import sys; sys.path += {libraries!r};{code}"],
        cwd=tmp_path,
        input=few.to_pandas().to_json(orient="split", double_precision=15),
        env={"PATH": "", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    predicted = [float.fromhex(each) for each in done.stdout.split()]
    assert predicted == pytest.approx(fitted("hurdle").predict(few).expected.tolist(), rel=1e-9), done.stderr


def test_versions_are_listed_newest_first_with_how_they_fared(home: Path) -> None:
    assert list(versions_to_text(models(home))) == ["No model yet: `audit-yield train` makes one."]
    offer(training(home), home=home, clock=now)
    training(home)
    _, newest, oldest = versions_to_text(models(home))
    assert newest.split() == ["2", "hurdle", "2024-07-01", "0.50", "1.00", "none"]
    assert oldest.split() == ["1", "champion", "hurdle", "2024-07-01", "0.50", "1.00", "none"]


def test_a_pointer_is_read_as_it_was_written_or_refused(tmp_path: Path) -> None:
    assert read_champion(tmp_path) is None
    written = Champion("3", "published/3", "d" * 64, "f" * 64, "2024-01-01T00:00:00+00:00")
    point_to(tmp_path, written)
    assert read_champion(tmp_path) == written
    for content in ("", "[]", "{}", "{" * 100_000, '{"version": "3"}', "\xff"):
        (tmp_path / "champion.json").write_text(content, encoding="latin-1")
        with pytest.raises(DataError, match="does not say which model serves"):
            read_champion(tmp_path)
