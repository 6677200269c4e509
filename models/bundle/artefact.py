"""Bundles: a fitted model as a sealed folder of LightGBM's text, JSON and Arrow; loading executes nothing."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.build import FeatureSet
from features.errors import DataError, SettingError, listed
from features.language import ENGLISH, Language
from features.packages import with_packages
from models.base import State, YieldModel
from models.bundle.sealed import Files, read_sealed, refusal, sha256, write_sealed
from models.card import ModelCard
from models.kinds import MODELS, read_model
from models.population import strangers
from models.prediction import PER_TRADER, Floats, Prediction
from models.turning import TurningPoints, sampled, turning_points
from models.words import Words

GOLDEN_TOLERANCE = 1e-9
"""Relative. On one machine golden rows agree bit for bit; NumPy's exp may differ by an ulp on another."""


@dataclass(frozen=True)
class Bundle:
    """A model and all that a service needs beside it.

    - `words`: of each feature, in the order of the model's columns; `packages`: the modules that define
      those which are not of the library.
    - `feature_digest`: of the feature set whose values the model takes; `fingerprint`: of the data it
      learned from; `cutoff`: it learned from what was known before that day.
    - `card`: the model card; `card_json`: all that was saved of it, as data.
    - `golden`: a few rows of features with their predictions.
    - `digest`: over all files; the identity of the model.
    """

    model: YieldModel
    words: tuple[Words, ...]
    packages: tuple[str, ...]
    feature_digest: str
    fingerprint: str
    cutoff: date
    card: ModelCard
    card_json: Mapping[str, Any]
    golden: pa.Table
    digest: str

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of the model's columns."""
        return tuple(words.name for words in self.words)

    def turning_points(self, X: Floats) -> TurningPoints:
        """Return where each feature begins to add to the expected money, among traders (n, p)."""
        rows = sampled(X)
        return turning_points(self.words, rows, self.model.explain(rows).contributions)

    def features(self) -> FeatureSet:
        """Return the features that the model takes, of the library and of the packages that it names.

        Raises `DataError` where one is not there, or they compute other values than when it was trained, and
        `SettingError` where a package is not in this environment.
        """
        library = with_packages(self.packages)
        if lacking := [name for name in self.names if name not in library.by_name]:
            raise DataError(
                f"The model takes {len(lacking)} features that this version of audit-yield does not have: "
                f"{listed(lacking)}.",
                expected=f"the {len(self.names)} features that it was trained on.",
                advice="Use the version of audit-yield that trained it, or train anew.",
            )
        features = library.select(self.names)
        self.require_features(features.digest)
        return features

    def hindsight(self, cutoff: date, language: Language = ENGLISH) -> str | None:
        """Return a warning where the model has learned outcomes known only after a day, else None."""
        if cutoff >= self.cutoff:
            return None
        return language.gettext(
            "The model has learned what was known before {learned}; of {day} it knows what was found since. "
            "What it says of that day is no forecast: take a model of that day."
        ).format(learned=self.cutoff, day=cutoff)

    def strangers(self, trader_ids: Iterable[str], language: Language = ENGLISH) -> str | None:
        """Return a warning where hardly any trader that it was trained among is one of these, else None."""
        return strangers(self.card.data.traders, trader_ids, language)

    def require_features(self, digest: str) -> None:
        """Raise `DataError` unless the model was trained on a feature set of this digest."""
        if digest != self.feature_digest:
            raise DataError(
                f"The model was trained on the features {self.feature_digest[:12]}, these are {digest[:12]}.",
                expected="the feature set it was trained on: what features compute has changed since.",
                advice="Use the version of audit-yield that trained it, or train anew.",
            )


def save_bundle(
    model: YieldModel,
    path: Path,
    *,
    features: FeatureSet,
    fingerprint: str,
    cutoff: date,
    golden: pa.Table,
    card_json: Mapping[str, Any] | None = None,
    evidence: Files | None = None,
) -> Bundle:
    """Write a fitted model to the folder `path`, whole or not at all, and return it as loaded from there.

    The columns of `golden`, a few rows to predict, are `features` in their order. `evidence` are files kept
    elsewhere by which the model is judged: their digests are sealed with it. The same model gives the same
    bytes. Raises `OutputError` where the disk refuses, `SettingError` where the model was fitted on other
    columns than `features`, or on these in another order: its reasons would be said of other features.
    """
    if model.feature_names_in_ != features.names:
        raise SettingError(
            f"The model was fitted on {len(model.feature_names_in_)} columns, which are not the "
            f"{len(features.names)} features to save beside it, or in another order.",
            expected="the features it was fitted on, in their order.",
            advice="Fit it on `built.select(features.names)`.",
        )
    about = {
        "feature_digest": features.digest,
        "words": [asdict(Words.of(feature)) for feature in features.features],
        "packages": features.modules,
        "fingerprint": fingerprint,
        "as_of": cutoff.isoformat(),
        "evidence": {name: sha256(content) for name, content in (evidence or {}).items()},
    }
    state = model.state()
    files = {
        "about.json": _json(about),
        "card.json": _json(card_json or {}),
        "golden.arrow": _arrow(_with_predictions(model, golden.select(features.names))),
        "model.json": _json({"kind": state.kind, "values": state.values, "trees": sorted(state.trees)}),
        **{_trees_file(name): text.encode() for name, text in state.trees.items()},
    }
    return load_bundle(path, digest=write_sealed(path, files))


def load_bundle(path: Path, *, digest: str | None = None) -> Bundle:
    """Load a model after proving every byte of its folder; its predictions are what they were, bit for bit.

    Raises `DataError` where the folder is not as it was written, is not of the given `digest`, has a card
    that cannot be read, or does not predict its golden rows.
    """
    files, actual_digest = read_sealed(path, digest=digest)
    about, card_json = json.loads(files["about.json"]), json.loads(files["card.json"])
    bundle = Bundle(
        model=_model(path, files),
        words=_words(path, about),
        packages=tuple(about.get("packages", ())),
        feature_digest=about["feature_digest"],
        fingerprint=about["fingerprint"],
        cutoff=date.fromisoformat(about["as_of"]),
        card=ModelCard.from_dict(card_json),
        card_json=card_json,
        golden=_table(files["golden.arrow"]),
        digest=actual_digest,
    )
    _check_golden(path, bundle)
    return bundle


def sealed_evidence(path: Path, *, digest: str) -> Mapping[str, str]:
    """Return the digests of the files by which a bundle is judged, by name; none of a model is parsed.

    Raises `DataError` where the folder is not as it was written or not of the given `digest`.
    """
    files, _ = read_sealed(path, digest=digest)
    return dict(json.loads(files["about.json"]).get("evidence", {}))


def _model(path: Path, files: Mapping[str, bytes]) -> YieldModel:
    content = json.loads(files["model.json"])
    if content["kind"] not in MODELS:
        raise refusal(path, f"is of the kind '{content['kind']}', which this version does not know")
    trees = {name: files[_trees_file(name)].decode() for name in content["trees"]}
    try:
        return read_model(State(content["kind"], content["values"], trees))
    except KeyError as error:
        raise refusal(path, f"is of another release: its state has no {error}") from error
    except TypeError as error:
        raise refusal(path, "is of another release: its parameters are others") from error


def _words(path: Path, about: Mapping[str, Any]) -> tuple[Words, ...]:
    try:
        return tuple(Words(**each) for each in about["words"])
    except TypeError as error:
        raise refusal(path, "is of another release: the words of its features are others") from error


def _with_predictions(model: YieldModel, rows: pa.Table) -> pa.Table:
    """Return rows with their predictions beside them, rebuilt so that the same values give the same bytes."""
    features = {name: rows[name].to_pylist() for name in rows.column_names}
    predictions = {name: values.tolist() for name, values in _prediction_columns(model.predict(rows)).items()}
    return pa.table({name: pa.array(each, pa.float64()) for name, each in (features | predictions).items()})


def _prediction_columns(prediction: Prediction) -> dict[str, Floats]:
    parts = dict(zip(prediction.types, prediction.by_type.T, strict=True))
    whole = {name: getattr(prediction, name) for name in PER_TRADER}
    return {f"predicted:{name}": values for name, values in (whole | parts).items()}


def _check_golden(path: Path, bundle: Bundle) -> None:
    rows = bundle.golden.select(bundle.names)
    predictions = _prediction_columns(bundle.model.predict(rows))
    explained = {"predicted:expected": bundle.model.explain(rows).total}
    for name, values in (*predictions.items(), *explained.items()):
        expected = bundle.golden[name].to_numpy()
        if not np.allclose(values, expected, rtol=GOLDEN_TOLERANCE, atol=0.0):
            raise refusal(path, "does not predict here what it predicted when it was made")


def _trees_file(name: str) -> str:
    return f"{name}.txt"


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _table(content: bytes) -> pa.Table:
    with pa.ipc.open_file(pa.BufferReader(content)) as reader:
        return reader.read_all()
