"""What-if of a plan: what the period would be worth with other hours or caps, without drawing anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from models.plan.audit_plan import program_of
from models.plan.candidates import Candidates
from models.plan.capacity import Capacity, GroupCap
from models.plan.program import solve
from models.plan.store import StoredPlan
from models.plan.treatments import TREATMENTS


def changed_capacity(
    capacity: Capacity,
    *,
    hours: float | None = None,
    offices: Mapping[str, Mapping[str, float]] | None = None,
    random_share: float | None = None,
    caps: Sequence[GroupCap] | None = None,
) -> Capacity:
    """Return a capacity with what is given changed; `hours` are all hours, spread as before the change.

    Raises `SettingError` for an office that it does not have.
    """
    changed = capacity.with_offices(offices or {})
    return replace(
        changed if hours is None else changed.scaled(hours),
        random_share=changed.random_share if random_share is None else random_share,
        caps=changed.caps if caps is None else tuple(caps),
    )


def what_if(stored: StoredPlan, capacity: Capacity) -> dict[str, Any]:
    """Return what the best plan for the candidates of a stored one would be worth with another capacity.

    `bound` is its net effect in money on average over all draws, beside `bound_of_plan`; `caps` are priced;
    `treated` says how many traders each treatment would have on average. It names no trader and draws none:
    who would be drawn nobody can ask. Raises `SettingError` where the caps cannot all be kept.
    """
    candidates = Candidates.of_table(stored.table)
    program = program_of(candidates, capacity)
    solution = solve(program, office=candidates.office)
    return {
        "bound": solution.bound,
        "bound_of_plan": stored.record["bound"],
        "treated": dict(zip(TREATMENTS, solution.x.sum(axis=0).tolist(), strict=True)),
        "caps": program.caps.priced_rows(program.caps.used(solution.x), solution.prices),
    }
