"""Live state: one model and one day's snapshot in memory, swapped as one."""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.data.dataset import Dataset
from features.errors import DataError
from features.language import ENGLISH, Language
from features.snapshots.snapshot import AVAILABLE, DESCRIBED, Snapshot
from features.snapshots.staleness import staleness_warnings
from models.bundle.artefact import Bundle, load_bundle
from models.bundle.champion import Champion, read_champion
from models.bundle.sealed import read_sealed
from models.bundle.trial import trial_load
from models.day import snapshot_for
from models.fitting.matrix import as_matrix
from models.plan.hours import fit_hours
from models.plan.treatments import FIELD, Treatments
from models.prediction import Explanation, Floats, Prediction
from models.reasons import Reason, reasons
from models.score import ranked
from models.turning import TurningPoints, sampled, turning_points
from serving.live.month_before import RanksBefore, ranks_before
from serving.live.rounding import round_prediction
from serving.log.entry import AnswerBasis

TRIED_BEFORE = "AUDIT_YIELD_TRIED"
"""The environment variable by which `serve` passes on the digest of the bundle that it has tried."""
TRIED: set[str] = set(os.environ.get(TRIED_BEFORE, "").split())
"""Digests of bundles that a process of their own has loaded for this one, or for the one that became it."""


@dataclass(frozen=True)
class Live:
    """A published model with the features of every trader active on a day, and the language it answers in.

    Nothing in it changes: a request takes it once and answers from it alone, whatever is swapped meanwhile.
    """

    champion: Champion
    bundle: Bundle
    dataset: Dataset
    snapshot: Snapshot
    language: Language = ENGLISH

    def in_language(self, language: Language) -> "Live":
        """Return the same with answers in a language; what was computed before is shared."""
        other = copy(self)
        vars(other)["language"] = language
        return other

    @property
    def version(self) -> str:
        """The version of the model."""
        return self.champion.version

    @cached_property
    def X(self) -> Floats:  # noqa: N802  the field's name of a matrix of rows
        """The features (traders, features), in the order of the model's columns."""
        return as_matrix(self.snapshot.table.select(self.bundle.names))

    @property
    def row_index(self) -> Mapping[str, int]:
        """The row of each trader in `X`."""
        return self.snapshot.row_indices

    def rows(self, trader_ids: Iterable[str]) -> list[int]:
        """Return the rows of traders, in their order."""
        return [self.row_index[trader] for trader in trader_ids]

    @cached_property
    def prediction(self) -> Prediction:
        """The prediction of each trader, in the order of `X`."""
        return self.bundle.model.predict(self.X)

    @cached_property
    def rounded(self) -> Prediction:
        """The same rounded to cents, as it is answered."""
        return round_prediction(self.prediction)

    @cached_property
    def explanations(self) -> Explanation:
        """The reasons of each trader, in the order of `X`; bit for bit those of a trader alone."""
        return self.bundle.model.explain(self.X)

    def explanation(self, trader_id: str) -> Explanation:
        """Return the reasons of one trader: from `explanations` where that was computed, as in the service.

        Elsewhere they are computed for that trader alone: one report is no reason to explain everybody.
        """
        row = [self.row_index[trader_id]]
        return (
            self.explanations.taken(row)
            if "explanations" in vars(self)
            else self.bundle.model.explain(self.X[row])
        )

    @cached_property
    def turning_points(self) -> TurningPoints:
        """Where each feature begins to add to the expected money, by the explanations of the day."""
        if "explanations" in vars(self):
            known = sampled(self.explanations.contributions)
            return turning_points(self.bundle.words, sampled(self.X), known)
        return self.bundle.turning_points(self.X)

    def reasons(self, features: Floats, explanation: Explanation) -> tuple[Reason, ...]:
        """Return the reasons of one trader with such features (p,), the weightiest first."""
        return reasons(
            self.bundle.words,
            features,
            explanation.contributions[0],
            self.turning_points,
            language=self.language,
        )

    @cached_property
    def ranking(self) -> pa.Table:
        """Every trader by expected yield, as `models.score` ranks them, with what is known of it.

        After its description and availability come the `expected_hours` of a field audit, and the expected
        money for each of them, `money_an_hour`; and `rank_before`, its rank a month before, null where it had
        none or nobody knows (`ranks_before`).
        """
        traders = self.snapshot.traders
        ranking = ranked(
            traders["trader_id"], self.prediction, version=self.version, ranked_by=self.bundle.card.ranked
        )
        rows = pa.array(self.rows(ranking["trader_id"].to_pylist()), pa.int64())
        for name in (*DESCRIBED, *AVAILABLE):
            ranking = ranking.append_column(name, traders[name].take(rows))
        hours = self._field_hours[rows.to_numpy()]
        money = ranking["expected_yield"].to_numpy() / hours
        ranking = ranking.append_column("expected_hours", pa.array(np.round(hours, 1)))
        ranking = ranking.append_column("money_an_hour", pa.array(np.round(money, 2)))
        before = self.ranks_before.ranks if self.ranks_before else {}
        ranks = [before.get(trader) for trader in ranking["trader_id"].to_pylist()]
        return ranking.append_column("rank_before", pa.array(ranks, pa.int64()))

    @cached_property
    def ranks_before(self) -> RanksBefore | None:
        """The ranks a month before, None where no snapshot of then is kept."""
        return ranks_before(self.bundle, self.dataset)

    @cached_property
    def _field_hours(self) -> Floats:
        """The hours that a field audit of each trader is expected to take (n,), in the order of `X`."""
        spent, traders = self.snapshot.hours_spent, self.snapshot.traders
        sizes = traders["size_band"].take(pc.index_in(spent["trader_id"], traders["trader_id"]))
        hours = fit_hours(spent["treatment"], sizes, spent["hours_spent"], prior=Treatments.read())
        return hours.of(traders["size_band"])[:, FIELD]

    @cached_property
    def ranking_by_row(self) -> pa.Table:
        """The ranking in the order of `X`."""
        return self.ranking.take(np.argsort(self.rows(self.ranking["trader_id"].to_pylist())))

    @cached_property
    def ranks(self) -> Sequence[int]:
        """The rank of each trader, in the order of `X`."""
        return tuple(self.ranking_by_row["rank"].to_pylist())

    def warnings(self, cutoff: date) -> tuple[str, ...]:
        """Return what whoever reads an answer as of a day must know of it, in sentences."""
        stale = staleness_warnings(
            self.snapshot.newest_on, cutoff=cutoff, today=self.dataset.today, language=self.language
        )
        marks = self.bundle.card.mark(self.language), self.bundle.hindsight(cutoff, self.language)
        return (*filter(None, (*marks, self._strangers)), *stale)

    @cached_property
    def _strangers(self) -> str | None:
        return self.bundle.strangers(self.row_index, self.language)

    @cached_property
    def snapshot_digest(self) -> str:
        """The digest of the snapshot: of the features that the model takes."""
        return facts_digest(self.row_index, self.X, cutoff=self.dataset.cutoff)

    @cached_property
    def basis(self) -> AnswerBasis:
        """The basis of an answer from the snapshot."""
        return AnswerBasis(
            as_of=self.dataset.cutoff,
            model_version=self.version,
            model_digest=self.bundle.digest,
            feature_digest=self.bundle.feature_digest,
            snapshot_digest=self.snapshot_digest,
        )


def facts_digest(trader_ids: Iterable[str], X: Floats, *, cutoff: date) -> str:
    """Return the SHA-256 over the day, the traders and their features (traders, features)."""
    digest = hashlib.sha256(cutoff.isoformat().encode())
    digest.update("\n".join(trader_ids).encode())
    digest.update(np.ascontiguousarray(X).tobytes())
    return digest.hexdigest()


def load_live(dataset: Dataset) -> Live:
    """Load the champion published in the home of a dataset, and its snapshot.

    The bundle is verified by its digest, then loaded on trial in a process of its own (once: the same bytes
    load again as they did), then here, golden rows and all. Raises `DataError` where there is no champion or
    anything of that fails.
    """
    champion = read_champion(dataset.home)
    if champion is None:
        raise DataError(
            f"No model is published in {dataset.home.name}.",
            expected="a champion.",
            advice="Train one: audit-yield train DATA --as-of DATE.",
        )
    folder = dataset.home / champion.folder
    read_sealed(folder, digest=champion.digest)
    if champion.digest not in TRIED:
        trial_load(folder, digest=champion.digest)
        TRIED.add(champion.digest)
    bundle = load_bundle(folder, digest=champion.digest)
    return Live(champion, bundle, dataset, snapshot_for(bundle, dataset))
