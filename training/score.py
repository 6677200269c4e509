"""Scores and reasons for a day, from data and a model of the registry: what `score` and `explain` do."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from features.data.dataset import Dataset
from features.snapshots.snapshot import Snapshot
from features.storage.home import home
from models.bundle.artefact import Bundle, load_bundle
from models.bundle.champion import read_champion
from models.day import snapshot_for
from models.fitting.matrix import as_matrix
from models.prediction import Prediction
from models.reasons import Reason, reasons
from models.score import scored
from training.tracking.registry import kept_bundle, version
from training.tracking.store import store

CHAMPION = "champion"


def bundle_named(named: str = CHAMPION, *, place: Path | None = None) -> tuple[str, Bundle]:
    """Return the number and the bundle of a version: what is published, or one of the registry.

    Raises `SettingError` where there is none, `DataError` where it is damaged.
    """
    place = place or home()
    serving = read_champion(place)
    if named == CHAMPION and serving:
        return serving.version, load_bundle(place / serving.folder, digest=serving.digest)
    found = version(store(place), named)
    return found.version, kept_bundle(found, place=place)


def bundle_of_day(dataset: Dataset, *, model: str = CHAMPION) -> tuple[str, Bundle, Snapshot]:
    """Return a version's number and bundle, and the snapshot of a dataset with the features it takes."""
    number, bundle = bundle_named(model, place=dataset.home)
    return number, bundle, snapshot_for(bundle, dataset)


def score(dataset: Dataset, *, model: str = CHAMPION) -> pa.Table:
    """Return every active trader of a dataset, ranked by expected yield: see `models.score`."""
    number, bundle, built = bundle_of_day(dataset, model=model)
    return scored(bundle, built.table, version=number)


@dataclass(frozen=True)
class Explained:
    """Why a trader's expected yield is what it is: `base` and the money of all `reasons` add up to it."""

    trader_id: str
    cutoff: date
    version: str
    prediction: Prediction
    coverage: float
    base: float
    reasons: tuple[Reason, ...]

    def to_json(self, *, top: int) -> str:
        """Return the prediction and its first `top` reasons as JSON text."""
        said = self.prediction
        content = {
            "trader_id": self.trader_id,
            "as_of": self.cutoff.isoformat(),
            "model_version": self.version,
            "expected_yield": float(said.expected[0]),
            "probability": float(said.probability[0]),
            "low": float(said.low[0]),
            "high": float(said.high[0]),
            "by_type": dict(zip(said.types, said.by_type[0].tolist(), strict=True)),
            "base": self.base,
            "reasons": [asdict(reason) for reason in self.reasons[:top]],
            "other_reasons": sum(reason.money for reason in self.reasons[top:]),
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def explain(dataset: Dataset, trader: str, *, model: str = CHAMPION) -> Explained:
    """Explain one trader's expected yield, from the snapshot of a dataset.

    Raises `SettingError` for a trader that is not active then.
    """
    number, bundle, built = bundle_of_day(dataset, model=model)
    place = built.row_index(trader)
    row = built.table.slice(place, 1).select(bundle.names)
    why = bundle.model.explain(row)
    return Explained(
        trader_id=trader,
        cutoff=dataset.cutoff,
        version=number,
        prediction=bundle.model.predict(row),
        coverage=bundle.model.coverage,
        base=why.base,
        reasons=reasons(bundle.words, as_matrix(row)[0], why.contributions[0]),
    )


def score_lines(table: pa.Table, *, top: int = 10) -> Iterator[str]:
    """Tell a person how many traders were scored, and which come first."""
    total = sum(table["expected_yield"].to_pylist())
    yield f"{table.num_rows:,} traders, {total:,.0f} expected if all were audited. The first:"
    yield f"{'rank':>6}  {'trader':16} {'expected':>14} {'chance':>7}  {'low':>12} to {'high':>14}"
    for row in table.slice(0, top).to_pylist():
        yield (
            f"{row['rank']:>6}  {row['trader_id']:16} {row['expected_yield']:>14,.0f} "
            f"{row['probability']:>7.0%}  {row['low']:>12,.0f} to {row['high']:>14,.0f}"
        )


def explain_lines(found: Explained, *, top: int) -> Iterator[str]:
    """Tell a person the prediction and its reasons, in money."""
    said = found.prediction
    yield (
        f"{found.trader_id} as of {found.cutoff}: an audit would bring {said.expected[0]:,.0f} on average; "
        f"an adjustment has a chance of {said.probability[0]:.0%}, and {found.coverage:.0%} of such audits "
        f"bring {said.low[0]:,.0f} to {said.high[0]:,.0f}. (Model version {found.version}.)"
    )
    yield f"{found.base:>14,.0f}  where every trader starts, before anything is known of it"
    for reason in found.reasons[:top]:
        yield f"{reason.money:>+14,.0f}  {reason.sentence}"
    rest = found.reasons[top:]
    yield f"{sum(reason.money for reason in rest):>+14,.0f}  {len(rest)} other reasons together"
    yield f"{said.expected[0]:>14,.0f}  expected"
