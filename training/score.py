"""Scores and explanations of a day, from data and a model of the registry: `score` and `explain`."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from features.data.dataset import Dataset
from features.language import ENGLISH, Language
from features.snapshots.snapshot import Snapshot
from models.bundle.artefact import Bundle, load_bundle
from models.bundle.champion import read_champion
from models.card import BY_INDICATORS, ModelCard
from models.day import snapshot_for
from models.fitting.matrix import as_matrix
from models.prediction import Prediction
from models.reasons import Reason, TopicReason, about, by_topic, reasons, unrounded
from models.score import scored
from training.tracking.cleanup import CHAMPION
from training.tracking.registry import registered_bundle, version
from training.tracking.store import store


def bundle_named(named: str = CHAMPION, *, home: Path) -> tuple[str, Bundle]:
    """Return the number and the bundle of a version: the published champion, or one of the registry.

    Raises `SettingError` where there is none, `DataError` where it is damaged.
    """
    champion = read_champion(home)
    if named == CHAMPION and champion:
        return champion.version, load_bundle(home / champion.folder, digest=champion.digest)
    model_version = version(store(home), named)
    return model_version.version, registered_bundle(model_version, home=home)


def bundle_of_day(dataset: Dataset, *, model: str = CHAMPION) -> tuple[str, Bundle, Snapshot]:
    """Return a version's number and bundle, and the snapshot of a dataset with the features it takes."""
    number, bundle = bundle_named(model, home=dataset.home)
    return number, bundle, snapshot_for(bundle, dataset)


def score(dataset: Dataset, *, model: str = CHAMPION) -> pa.Table:
    """Return every active trader of a dataset, ranked by expected yield: see `models.score`."""
    number, bundle, snapshot = bundle_of_day(dataset, model=model)
    return scored(bundle, snapshot.table, version=number)


@dataclass(frozen=True)
class Explained:
    """An explanation of a trader's expected yield: `base` and the money of all `reasons` add up to it."""

    trader_id: str
    cutoff: date
    version: str
    card: ModelCard
    prediction: Prediction
    coverage: float
    base: float
    reasons: tuple[Reason, ...]
    language: Language = ENGLISH

    def to_json(self, *, top: int) -> str:
        """Return the prediction, its reasons by topic, and the `top` weightiest by feature as JSON text."""
        prediction = self.prediction
        content = {
            "trader_id": self.trader_id,
            "as_of": self.cutoff.isoformat(),
            "model_version": self.version,
            "ranked": self.card.ranked,
            "expected_yield": float(prediction.expected[0]),
            "probability": float(prediction.probability[0]),
            "low": float(prediction.low[0]),
            "high": float(prediction.high[0]),
            "low_if_adjusted": float(prediction.low_if_adjusted[0]),
            "high_if_adjusted": float(prediction.high_if_adjusted[0]),
            "by_type": dict(zip(prediction.types, prediction.by_type[0].tolist(), strict=True)),
            "base": self.base,
            "topics": [
                topic.to_dict(topic.money, unrounded) for topic in by_topic(self.reasons, self.language)
            ],
            "reasons": [asdict(reason) for reason in self.reasons[:top]],
            "other_reasons": sum(reason.money for reason in self.reasons[top:]),
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def to_text(self, *, top: int, parts: bool = False) -> Iterator[str]:
        """Yield the prediction and its reasons in money, the first `top` topics, as lines for a terminal.

        With `parts` each topic opens down to its features, as on the page.
        """
        language, prediction = self.language, self.prediction
        number, change = language.number, language.change
        yield language.gettext(
            "{trader} as of {day}: an audit would bring {expected} on average; at least {coverage}% of such "
            "audits bring {low} to {high}. An adjustment has a chance of {chance}% and is, in {coverage}% of "
            "cases, {low_if_adjusted} to {high_if_adjusted}. (Model version {version}.)"
        ).format(
            trader=self.trader_id,
            day=self.cutoff,
            expected=number(prediction.expected[0]),
            coverage=number(100 * self.coverage),
            low=number(prediction.low[0]),
            high=number(prediction.high[0]),
            chance=number(100 * prediction.probability[0]),
            low_if_adjusted=number(prediction.low_if_adjusted[0]),
            high_if_adjusted=number(prediction.high_if_adjusted[0]),
            version=self.version,
        )
        yield from filter(None, [self.card.mark(language)])
        starts = language.gettext("where every trader starts, before anything is known of it")
        yield f"{number(self.base):>14}  {starts}"
        topics = by_topic(self.reasons, language)
        for topic in topics[:top]:
            yield f"{change(topic.money):>14}  {topic.topic}: {topic.sentence}"
            yield from _parts(topic, language) if parts else ()
        rest = topics[top:]
        others = language.ngettext("{count} other reason", "{count} other reasons together", len(rest))
        yield f"{change(sum(topic.money for topic in rest)):>14}  {others.format(count=len(rest))}"
        yield f"{number(prediction.expected[0]):>14}  {language.gettext('expected')}"


def _parts(topic: TopicReason, language: Language) -> Iterator[str]:
    """Yield what a topic is made of, each feature with its sentence and what follows from it."""
    for each in topic.by_type:
        yield f"{language.change(each.money):>18}  {about(each.finding_type, language)}"
        for part in each.speaking:
            yield f"{language.change(part.money):>22}  {part.sentence} {part.why}"
        if each.silent:
            rest = sum(part.money for part in each.silent)
            silent = language.ngettext(
                "{count} value that says nothing by itself",
                "{count} values together that say nothing by themselves",
                len(each.silent),
            )
            yield f"{language.change(rest):>22}  {silent.format(count=len(each.silent))}"


def explain(
    dataset: Dataset, trader: str, *, model: str = CHAMPION, language: Language = ENGLISH
) -> Explained:
    """Explain one trader's expected yield, from the snapshot of a dataset, in a language.

    Raises `SettingError` for a trader that is not active then.
    """
    number, bundle, snapshot = bundle_of_day(dataset, model=model)
    row_index = snapshot.row_index(trader)
    X = as_matrix(snapshot.table.select(bundle.names))
    row = X[[row_index]]
    explanation = bundle.model.explain(row)
    return Explained(
        trader_id=trader,
        cutoff=dataset.cutoff,
        version=number,
        card=bundle.card,
        prediction=bundle.model.predict(row),
        coverage=bundle.model.coverage,
        base=explanation.base,
        reasons=reasons(
            bundle.words,
            row[0],
            explanation.contributions[0],
            bundle.turning_points(X),
            language=language,
        ),
        language=language,
    )


def ranking_to_text(table: pa.Table, *, top: int = 10) -> Iterator[str]:
    """Yield how many traders were scored, and the first of them, as lines for a terminal."""
    total = sum(table["expected_yield"].to_pylist())
    yield f"{table.num_rows:,} traders, {total:,.0f} expected if all were audited. The first:"
    if BY_INDICATORS in table["ranked"].slice(0, 1).to_pylist():
        yield f"Ranked {BY_INDICATORS}."
    yield f"{'rank':>6}  {'trader':16} {'expected':>14} {'chance':>7}  {'low':>12} to {'high':>14}"
    for row in table.slice(0, top).to_pylist():
        yield (
            f"{row['rank']:>6}  {row['trader_id']:16} {row['expected_yield']:>14,.0f} "
            f"{row['probability']:>7.0%}  {row['low']:>12,.0f} to {row['high']:>14,.0f}"
        )
