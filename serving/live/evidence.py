"""Evidence: the rows behind the features of a trader, read from the data."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from features.data.warehouse import Warehouse
from features.evidence import Evidence, evidence_of
from features.feature import Feature
from features.snapshots.line_parts import open_with_line_parts
from serving.live.state import Live

OF_OTHERS = frozenset({"kin"})
"""Kinds of rows each of which is another trader, with what audits found there."""
MOST_CACHED = 100
"""Values whose rows are cached, the oldest leave first: a thousand rows of one are a megabyte or less."""


def features_with_rows(live: Live, name: str, *, limited: bool) -> Iterator[Feature]:
    """Yield the features behind a value whose rows can be shown; to a `limited` reader none of others."""
    for feature in live.snapshot.with_rows(name):
        if not (limited and feature.source in OF_OTHERS):
            yield feature


class EvidenceCache:
    """Cache of the rows behind values, for the version of the data that they were read from.

    Somebody who looks at rows looks again: at their next page, or to take them along.
    """

    def __init__(self) -> None:
        self._cached: OrderedDict[tuple[str, ...], Evidence] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, live: Live, trader_id: str, *, names: Iterable[str]) -> dict[str, Evidence]:
        """Return the rows behind features of a trader; reads those that it lacks, as `read_rows` does."""
        version, cutoff = live.dataset.version().digest, live.dataset.cutoff.isoformat()
        keys = {name: (version, cutoff, trader_id, name) for name in names}
        with self._lock:
            known = {name: self._cached[key] for name, key in keys.items() if key in self._cached}
        lacking = [name for name in keys if name not in known]
        fresh = read_rows(live, trader_id, names=lacking) if lacking else {}
        with self._lock:
            self._cached |= {keys[name]: rows for name, rows in fresh.items()}
            while len(self._cached) > MOST_CACHED:
                self._cached.popitem(last=False)
        return {name: (known | fresh)[name] for name in keys}


def read_rows(live: Live, trader_id: str, *, names: Iterable[str]) -> dict[str, Evidence]:
    """Read the rows behind features of a trader from the data: a second, and half a one for each further.

    Raises `SettingError` for a feature without rows, `DataError` where the data is refused.
    """
    with open_with_line_parts(live.dataset) as (warehouse, _):
        return rows_behind(live, trader_id, names=names, warehouse=warehouse)


def rows_behind(
    live: Live, trader_id: str, *, names: Iterable[str], warehouse: Warehouse
) -> dict[str, Evidence]:
    """Return the rows behind features of a trader, as known before the cutoff: in seconds."""
    return evidence_of(
        live.snapshot.features,
        names,
        warehouse=warehouse,
        trader_id=trader_id,
        cutoff=live.dataset.cutoff,
    )
