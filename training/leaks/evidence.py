"""Evidence of the leak alarms: the warehouse, labelled audits and out-of-fold predictions."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.data.warehouse import Warehouse
from models.prediction import Floats
from training.backtest.labelled_audits import LabelledAudits
from training.backtest.out_of_fold import ORACLE
from training.leaks.area import Flags, area, enough


@dataclass(frozen=True)
class LeakEvidence:
    """A warehouse as known before `cutoff`, its labelled audits, and a backtest's out-of-fold table."""

    warehouse: Warehouse
    labelled_audits: LabelledAudits
    oof: pa.Table
    cutoff: date

    @cached_property
    def brought_revenue(self) -> Flags:
        """Whether each audit brought additional revenue.

        A refund is none: a column that is the signed outcome then ranks perfectly.
        """
        return np.asarray(self.labelled_audits.y > 0, dtype=np.bool_)

    @cached_property
    def best(self) -> pa.Table:
        """The out-of-fold rows of the model that ranks audits best, oldest audit first; or none.

        The oracle is no model.
        """
        names = [name for name in pc.unique(self.oof["model"]).to_pylist() if name != ORACLE]
        tables = [self.oof.filter(pc.equal(self.oof["model"], name)) for name in names]
        judged = [table for table in tables if enough(brought_revenue(table))]
        if not judged:
            return self.oof.slice(0, 0)
        best = max(judged, key=lambda table: area(numbers(table, "probability"), brought_revenue(table)))
        return best.sort_by([("opened_on", "ascending"), ("audit_id", "ascending")])

    @cached_property
    def best_area(self) -> float | None:
        """The area under the curve of that model over all folds."""
        return area(numbers(self.best, "probability"), brought_revenue(self.best)) if len(self.best) else None


def numbers(table: pa.Table, name: str) -> Floats:
    """Return a column as float64, NaN where it is empty."""
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def brought_revenue(table: pa.Table) -> Flags:
    """Return whether each out-of-fold row's audit brought additional revenue."""
    return np.asarray(numbers(table, "yield_amount") > 0, dtype=np.bool_)
