"""Closed audits side by side with what was known of their traders on the day each opened."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from features.build import KEY, FeatureSet
from features.data.warehouse import Warehouse
from features.outcomes import Measure, outcomes
from features.spine import Spine
from models.prediction import Floats


@dataclass(frozen=True)
class Audited:
    """Audits with an outcome: `X` and `audits` row for row, in order of opening.

    - `X`: a float64 column a feature, as known before the audit opened.
    - `audits`: rows of `features.outcomes`, as known by `as_of`.
    """

    features: FeatureSet
    X: pa.Table
    audits: pa.Table
    as_of: date

    def __len__(self) -> int:
        return int(self.audits.num_rows)

    @property
    def y(self) -> Floats:
        """The money found (n,), signed."""
        return self.audits["yield_amount"].to_numpy()  # type: ignore[no-any-return]

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 over all that a model learns from: the same audits and features give the same."""
        digest = hashlib.sha256()
        for table in (self.X, self.audits):
            for name in table.column_names:
                digest.update(name.encode())
                digest.update("\n".join(map(repr, table[name].to_pylist())).encode())
        return digest.hexdigest()

    def where(self, mask: pa.Array) -> "Audited":
        """Return the audits for which a mask holds."""
        return replace(self, X=self.X.filter(mask), audits=self.audits.filter(mask))

    def as_known(self, audits: pa.Table, day: date) -> "Audited":
        """Return what could be learned on an earlier day, given the `outcomes` as known by it.

        Features stay as they are: they were fixed when each audit opened.
        """
        places = pc.index_in(audits["audit_id"], self.audits["audit_id"])
        return replace(self, X=self.X.take(places), audits=audits, as_of=day)


def audited(
    warehouse: Warehouse, *, features: FeatureSet, as_of: date, measure: Measure, with_penalties: bool
) -> Audited:
    """Build the features of every audit that was closed by `as_of`, and its outcome as known by then."""
    found = outcomes(warehouse, cutoff=as_of, measure=measure, with_penalties=with_penalties).to_pyarrow()
    spine = Spine.of(found["trader_id"].to_pylist(), found["opened_on"].to_pylist())
    built = features.build(warehouse, spine)
    places = pc.index_in(_pairs(found["trader_id"], found["opened_on"]), _pairs(*(built[k] for k in KEY)))
    return Audited(features, built.select(features.names).take(places), found, as_of)


def _pairs(traders: pa.ChunkedArray, days: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(traders, days.cast(pa.string()), "\0")
