"""Candidates: what each treatment of each trader would bring and take, and which of them are allowed."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from features.spine import months_before
from models.plan.capacity import Capacity
from models.plan.hours import Hours
from models.plan.treatments import FIELD, JOINT, KINDS, TREATMENTS, Treatments
from models.prediction import Floats, Prediction

GROUPS = ("size_band", "sector", "region", "aeo")
"""What caps and reports are by, beside the office."""


@dataclass(frozen=True)
class Candidates:
    """Traders that a plan chooses from, row for row, with a column a treatment in the order of `TREATMENTS`.

    - `trader_ids`, `office` (n,): identifiers, and the audit office that each trader belongs to.
    - `groups`: by each of `GROUPS` the group of each trader (n,), an empty text where it is not known.
    - `expected`, `deviation` (n,): of the money that a field audit would book, mean and standard deviation;
      `probability` (n,): that it would end in an adjustment.
    - `hours`, `value` (n, 4): of an auditor, and the expected net effect in money: see `candidates`.
    - `allowed` (n, 4): whether a trader may be treated so, by somebody's choice or by lot.
    """

    trader_ids: tuple[str, ...]
    office: np.ndarray
    groups: dict[str, np.ndarray]
    expected: Floats
    deviation: Floats
    probability: Floats
    hours: Floats
    value: Floats
    allowed: np.ndarray

    def __len__(self) -> int:
        return len(self.trader_ids)

    @cached_property
    def measuring(self) -> np.ndarray:
        """The treatment that measures each trader (n,): joint where field alone is not allowed."""
        return np.where(self.allowed[:, FIELD], FIELD, JOINT)

    @cached_property
    def eligible(self) -> np.ndarray:
        """Whether each trader may be visited at all (n,)."""
        return np.asarray(self.allowed[:, FIELD] | self.allowed[:, JOINT])

    def table(self) -> pa.Table:
        """Return the candidates as a table, a row a trader."""
        return pa.table(
            {
                "trader_id": pa.array(self.trader_ids, pa.string()),
                "office": pa.array(self.office.tolist(), pa.string()),
                **{name: pa.array(self.groups[name].tolist(), pa.string()) for name in GROUPS},
                "expected_yield": self.expected,
                "deviation": self.deviation,
                "probability": self.probability,
                **{f"hours_{name}": self.hours[:, k] for k, name in enumerate(TREATMENTS)},
                **{f"value_{name}": self.value[:, k] for k, name in enumerate(TREATMENTS)},
                **{f"allowed_{name}": self.allowed[:, k] for k, name in enumerate(TREATMENTS)},
            }
        )

    @classmethod
    def of_table(cls, table: pa.Table) -> "Candidates":
        """Return the candidates of such a table."""
        by_treatment = {
            name: np.column_stack([table[f"{name}_{each}"].to_numpy() for each in TREATMENTS])
            for name in ("hours", "value", "allowed")
        }
        return cls(
            tuple(table["trader_id"].to_pylist()),
            _texts(table["office"]),
            {name: _texts(table[name]) for name in GROUPS},
            table["expected_yield"].to_numpy(),
            table["deviation"].to_numpy(),
            table["probability"].to_numpy(),
            **by_treatment,
        )


def candidates(
    available: pa.Table,
    prediction: Prediction,
    *,
    spread: float,
    hours: Hours,
    treatments: Treatments,
    capacity: Capacity,
) -> Candidates:
    """Return the candidates of traders described by `features.availability`, with their predictions.

    The net effect of a treatment is `reach * expected * (1 + later) - hour_costs * hours`: what it books,
    what the trader pays by itself afterwards, and what the auditors cost. Of the authorised (AEO) `aeo_share`
    of a positive effect of a visit counts, so that desk work comes first; where a revalidation falls due in
    the period, the visit serves it and saves its hours. `spread` is the squared coefficient of variation of
    adjustments about their expected size, from which the standard deviation of an audit's money follows.

    Nobody is treated who is under audit, or whose last audit was opened within the cool-down; where the tax
    administration audits, a visit is a joint one, and elsewhere none is.
    """
    expected = prediction.expected
    taken = hours.of(available["size_band"])
    reach, later = treatments.values("reach"), treatments.values("later")
    value = reach * expected[:, None] * (1 + later) - capacity.hour_costs * taken
    authorised = np.array([status not in (None, "none") for status in available["aeo_status"].to_pylist()])
    due = authorised & _falls_due(available["aeo_revalidation_due"], capacity)
    for visit in (FIELD, JOINT):
        gain = np.maximum(value[:, visit], 0.0)
        value[:, visit] -= np.where(authorised, (1 - capacity.aeo_share) * gain, 0.0)
        value[:, visit] += np.where(due, capacity.hour_costs * capacity.revalidation_hours, 0.0)
    return Candidates(
        tuple(available["trader_id"].to_pylist()),
        _texts(pa.chunked_array([[capacity.serving(each) for each in available["office_code"].to_pylist()]])),
        {
            **{name: _texts(available[name]) for name in GROUPS if name != "aeo"},
            "aeo": np.where(authorised, "authorised", "none").astype(object),
        },
        expected,
        prediction.deviation(spread),
        prediction.probability,
        taken,
        value,
        _allowed(available, capacity),
    )


def _allowed(available: pa.Table, capacity: Capacity) -> np.ndarray:
    tax_audited = np.array(available["is_tax_audited"].to_pylist(), bool)
    rested = _rested(available["last_opened_on"], capacity)
    free = rested & ~np.array(available["is_audited"].to_pylist(), bool)
    allowed = np.ones((len(tax_audited), KINDS), bool)
    allowed[:, JOINT], allowed[:, FIELD] = tax_audited, ~tax_audited
    return np.asarray(allowed & free[:, None])


def _rested(last_opened_on: pa.ChunkedArray, capacity: Capacity) -> np.ndarray:
    rested_since = months_before(capacity.first_day, capacity.cool_down_months)
    return np.array([day is None or day <= rested_since for day in last_opened_on.to_pylist()], bool)


def _falls_due(due: pa.ChunkedArray, capacity: Capacity) -> np.ndarray:
    days: list[date | None] = due.to_pylist()
    return np.array([day is not None and day <= capacity.last_day for day in days], bool)


def _texts(values: pa.ChunkedArray) -> np.ndarray:
    return np.array([value or "" for value in values.to_pylist()], object)
