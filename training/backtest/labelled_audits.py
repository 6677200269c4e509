"""Labelled audits: closed audits with their outcomes and the features known when each opened."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.build import KEY, FeatureSet
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.outcomes import Measure, outcomes
from features.snapshots.line_parts import open_with_line_parts
from features.spine import Spine
from models.prediction import Floats
from training.analyst.page import PAGE


@dataclass(frozen=True)
class LabelledAudits:
    """Audits with an outcome: `X`, `page` and `audits` row for row, in order of opening.

    - `X`: a float64 column a feature, as known before the audit opened.
    - `page`: the columns of `training.analyst.page`, as known then.
    - `audits`: rows of `features.outcomes`, as known by `cutoff`.
    """

    features: FeatureSet
    X: pa.Table
    page: pa.Table
    audits: pa.Table
    cutoff: date

    def __len__(self) -> int:
        return int(self.audits.num_rows)

    @property
    def y(self) -> Floats:
        """The money found (n,), signed."""
        return self.audits["yield_amount"].to_numpy()  # type: ignore[no-any-return]

    @property
    def adjusted(self) -> int:
        """How many ended with an adjustment, up or down."""
        return int(np.count_nonzero(self.y))

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 over all that a model learns from: the same audits and features give the same."""
        digest = hashlib.sha256()
        for table in (self.X, self.audits):
            for name in table.column_names:
                digest.update(name.encode())
                digest.update("\n".join(map(repr, table[name].to_pylist())).encode())
        return digest.hexdigest()

    def where(self, mask: pa.Array) -> "LabelledAudits":
        """Return the audits for which a mask holds."""
        return replace(
            self, X=self.X.filter(mask), page=self.page.filter(mask), audits=self.audits.filter(mask)
        )

    def as_known(self, audits: pa.Table, cutoff: date) -> "LabelledAudits":
        """Return the audits closed by an earlier cutoff, given the `outcomes` as known by it.

        Features stay as they are: they were fixed when each audit opened.
        """
        indices = pc.index_in(audits["audit_id"], self.audits["audit_id"])
        return replace(
            self, X=self.X.take(indices), page=self.page.take(indices), audits=audits, cutoff=cutoff
        )


def label_audits(
    warehouse: Warehouse, *, features: FeatureSet, cutoff: date, measure: Measure, with_penalties: bool
) -> LabelledAudits:
    """Build the features of every audit that was closed by `cutoff`, and its outcome as known by then.

    The analyst's page is built with them, from the same rows.
    """
    audits = outcomes(warehouse, cutoff=cutoff, measure=measure, with_penalties=with_penalties).to_pyarrow()
    spine = Spine.of(audits["trader_id"].to_pylist(), audits["opened_on"].to_pylist())
    built = FeatureSet((*features.features, *PAGE.features)).build(warehouse, spine)
    indices = pc.index_in(
        trader_days(audits["trader_id"], audits["opened_on"]), trader_days(*(built[k] for k in KEY))
    )
    X, page = (built.select(each.names).take(indices) for each in (features, PAGE))
    return LabelledAudits(features, X, page, audits, cutoff)


def label_dataset(
    dataset: Dataset, features: FeatureSet, *, measure: Measure = "assessed", with_penalties: bool = False
) -> LabelledAudits:
    """Return the labelled audits of a dataset by its cutoff; raises `DataError` where it is refused."""
    with open_with_line_parts(dataset) as (warehouse, _):
        return label_audits(
            warehouse,
            features=features,
            cutoff=dataset.cutoff,
            measure=measure,
            with_penalties=with_penalties,
        )


def trader_days(traders: pa.ChunkedArray, days: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return pairs of trader and day, each as one text by which rows can be looked up."""
    return pc.binary_join_element_wise(traders, days.cast(pa.string()), "\0")
