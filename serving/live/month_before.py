"""Ranks a month before: by the model that serves, on what was known then, from a snapshot that was kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from features.data.dataset import Dataset
from features.snapshots.cache import first_cached
from features.spine import months_before
from models.bundle.artefact import Bundle
from models.score import scored

DAYS_MORE = 7
"""Days beyond a month that a snapshot may be old: a service may have stood still for some."""


@dataclass(frozen=True)
class RanksBefore:
    """The rank that each trader of an earlier day had on it."""

    day: date
    ranks: Mapping[str, int]


def ranks_before(bundle: Bundle, dataset: Dataset) -> RanksBefore | None:
    """Return the ranks a month before the cutoff of a dataset, or up to `DAYS_MORE` earlier.

    None where no snapshot of such a day is kept: to build one would take as long as that of today. A service
    that runs every day has kept it; `audit-yield score` as of that day makes it.
    """
    month = months_before(dataset.cutoff, 1)
    days = [month - timedelta(days) for days in range(DAYS_MORE + 1)]
    snapshot = first_cached(dataset, bundle.features(), days)
    if snapshot is None:
        return None
    ranking = scored(bundle, snapshot.table, version="")
    ranks = dict(zip(ranking["trader_id"].to_pylist(), ranking["rank"].to_pylist(), strict=True))
    return RanksBefore(snapshot.table["cutoff"][0].as_py(), ranks)
