"""Accepted plans as rows of the contract: what was assigned to whom, and the audits that are planned."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.spine import months_before
from models.plan.calendar import PlanCalendar
from models.plan.draw import CERTAIN, LOTTERY
from models.plan.store import StoredPlan
from models.plan.treatments import TREATMENTS, VISITED

SCOPE_MONTHS = 12


def assignment_rows(stored: StoredPlan, *, known_on: date) -> pa.Table:
    """Return a row of the table `assignments` for each trader of a plan, treated or not."""
    table = stored.table
    roles = table["role"]
    chances = {f"probability_{name}": _positive(table[f"probability_{name}"]) for name in TREATMENTS}
    return pa.table(
        {
            "plan_id": _repeated(stored.name, len(table)),
            "trader_id": table["trader_id"],
            "treatment": table["treatment"],
            "role": pc.if_else(pc.equal(roles, ""), None, roles),
            **chances,
            "expected_yield": table["expected_yield"],
            "known_on": _repeated(known_on, len(table)),
        }
    )


def audit_rows(stored: StoredPlan, calendar: PlanCalendar, *, known_on: date) -> pa.Table:
    """Return a row of the table `audits` for each treatment of a plan that has not begun: planned.

    Visits by lot are `random` with their probability; what was chosen is by `model`, with probability 1 where
    it is certain and none where it fills hours. Letters and desk audits by lot are by `model` too, with their
    probability: their answers are of another kind than a visit's. The scope are the `SCOPE_MONTHS` months
    before the period.
    """
    ahead = calendar.table.filter(pc.equal(calendar.table["state"], "ahead"))
    rows = pc.index_in(ahead["trader_id"], stored.table["trader_id"])
    treatment, role = ahead["treatment"].to_pylist(), ahead["role"].to_pylist()
    chances = {name: stored.table[f"probability_{name}"].take(rows).to_pylist() for name in TREATMENTS}
    assigned = list(zip(treatment, role, strict=True))
    probability = [
        1.0 if right == CERTAIN else chances[name][row] for row, (name, right) in enumerate(assigned)
    ]
    at_random = [right == LOTTERY and name in VISITED for name, right in assigned]
    teams = zip(ahead["office"].to_pylist(), ahead["team"].to_pylist(), strict=True)
    team_ids = [f"{office}-{team}" if team else None for office, team in teams]
    audit_ids = [f"{stored.name}-{trader}" for trader in ahead["trader_id"].to_pylist()]
    first_day = stored.capacity.first_day
    return pa.table(
        {
            "audit_id": pa.array(audit_ids, pa.string()),
            "trader_id": ahead["trader_id"],
            "treatment": ahead["treatment"],
            "selection_channel": pa.array(np.where(at_random, "random", "model").tolist(), pa.string()),
            "inclusion_probability": pa.array(probability, pa.float64()),
            "selection_run_id": _repeated(stored.name, len(ahead)),
            "period_from": _repeated(months_before(first_day, SCOPE_MONTHS), len(ahead)),
            "period_to": _repeated(date.fromordinal(first_day.toordinal() - 1), len(ahead)),
            "opened_on": ahead["begins_on"],
            "known_on": _repeated(known_on, len(ahead)),
            "status": _repeated("planned", len(ahead)),
            "team_id": pa.array(team_ids, pa.string()),
        }
    )


def _positive(probability: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return probabilities, empty where there was no chance."""
    return pc.if_else(pc.greater(probability, 0.0), probability, None)


def _repeated(value: date | str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), rows)
