"""Evidence: the rows behind the features of a trader, read from the data."""

from collections.abc import Iterable, Iterator

from features.data.warehouse import Warehouse
from features.evidence import Evidence, evidence
from features.feature import Feature
from serving.live.state import Live

OF_OTHERS = frozenset({"kin"})
"""Kinds of rows each of which is another trader, with what audits found there."""


def features_with_rows(live: Live, name: str, *, limited: bool) -> Iterator[Feature]:
    """Yield the features behind a value whose rows can be shown; to a `limited` reader none of others."""
    for feature in live.snapshot.with_rows(name):
        if not (limited and feature.source in OF_OTHERS):
            yield feature


def read_rows(live: Live, trader_id: str, *, names: Iterable[str]) -> dict[str, Evidence]:
    """Read the rows behind features of a trader from the data, about a second each.

    Raises `SettingError` for a feature without rows, `DataError` where the data is refused.
    """
    with live.dataset.open() as warehouse:
        return rows_behind(live, trader_id, names=names, warehouse=warehouse)


def rows_behind(
    live: Live, trader_id: str, *, names: Iterable[str], warehouse: Warehouse
) -> dict[str, Evidence]:
    """Return the rows behind features of a trader, as known before the cutoff: about a second each."""
    features, cutoff = live.snapshot.features, live.dataset.cutoff
    return {
        name: evidence(features, name, warehouse=warehouse, trader_id=trader_id, cutoff=cutoff)
        for name in names
    }
