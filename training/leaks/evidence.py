"""What the alarms look at: the warehouse, audited rows, and what models said of audits they had not seen."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.data.warehouse import Warehouse
from models.prediction import Floats
from training.backtest.labelled_audits import Audited
from training.backtest.out_of_fold import ORACLE
from training.leaks.area import Flags, area, enough


@dataclass(frozen=True)
class Evidence:
    """A warehouse as known before `as_of`, its audited rows, and a backtest's out-of-fold table."""

    warehouse: Warehouse
    audited: Audited
    oof: pa.Table
    as_of: date

    @cached_property
    def found(self) -> Flags:
        """Whether each audit brought additional revenue.

        A refund is none: a column that is the signed outcome then ranks perfectly.
        """
        return np.asarray(self.audited.y > 0, dtype=np.bool_)

    @cached_property
    def best(self) -> pa.Table:
        """The out-of-fold rows of the model that ranks audits best, oldest audit first; or none.

        The oracle is no model.
        """
        names = [name for name in pc.unique(self.oof["model"]).to_pylist() if name != ORACLE]
        tables = [self.oof.filter(pc.equal(self.oof["model"], name)) for name in names]
        judged = [table for table in tables if enough(found_in(table))]
        if not judged:
            return self.oof.slice(0, 0)
        best = max(judged, key=lambda table: area(numbers(table, "probability"), found_in(table)))
        return best.sort_by([("opened_on", "ascending"), ("audit_id", "ascending")])

    @cached_property
    def best_area(self) -> float | None:
        """How well that model ranks, over all folds."""
        return area(numbers(self.best, "probability"), found_in(self.best)) if len(self.best) else None


def numbers(table: pa.Table, name: str) -> Floats:
    """Return a column as float64, NaN where it is empty."""
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def found_in(table: pa.Table) -> Flags:
    """Whether each out-of-fold row's audit brought additional revenue."""
    return np.asarray(numbers(table, "yield_amount") > 0, dtype=np.bool_)
