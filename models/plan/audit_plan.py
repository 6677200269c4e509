"""Audit plan: from candidates and capacity to who is treated how, with the price of every cap."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from models.plan.candidates import Candidates
from models.plan.capacity import Capacity
from models.plan.caps import HOURS, Caps, caps_of
from models.plan.draw import NOT_TREATED, TOP_UP, Drawn, draw, solve_with_reserve
from models.plan.floors import ceilings, floors
from models.plan.program import Program, Solution, solve
from models.plan.treatments import KINDS, TREATMENTS
from models.prediction import Floats


@dataclass(frozen=True)
class AuditPlan:
    """A plan of a period.

    `limits` is the program within the caps themselves: no plan is worth more than its `bound`, and its prices
    say what one unit more of a cap would bring. `without_groups` is the program as it would be
    without the caps on groups.
    """

    candidates: Candidates
    capacity: Capacity
    caps: Caps
    limits: Solution
    without_groups: Solution
    drawn: Drawn

    @cached_property
    def treated(self) -> np.ndarray:
        """The rows of the traders treated, those worth most first."""
        rows = np.flatnonzero(self.drawn.treatment != NOT_TREATED)
        return rows[np.argsort(-self.worth[rows], kind="stable")]

    @cached_property
    def worth(self) -> Floats:
        """The expected net effect of each trader's treatment in money (n,), 0 without one."""
        return self._of_treatment(self.candidates.value)

    @cached_property
    def hours(self) -> Floats:
        """The hours planned for each trader (n,)."""
        return self._of_treatment(self.candidates.hours)

    @cached_property
    def used(self) -> Floats:
        """What the plan uses of each cap."""
        rows = self.treated
        return self.caps.used_by(rows * KINDS + self.drawn.treatment[rows])

    @property
    def value(self) -> float:
        """The expected net effect of the plan in money."""
        return float(self.worth.sum())

    def table(self) -> pa.Table:
        """Return a row a trader: treatment, role, probabilities, and the candidate that it was.

        `treatment` is none where there is no treatment; `probability_<treatment>` is empty for a top-up,
        whose probability nobody knows.
        """
        treatment = [TREATMENTS[k] if k != NOT_TREATED else "none" for k in self.drawn.treatment]
        unknown = self.drawn.role == TOP_UP
        chances = {
            f"probability_{name}": pa.array(self.drawn.probability[:, k], pa.float64(), mask=unknown)
            for k, name in enumerate(TREATMENTS)
        }
        own = {
            "treatment": pa.array(treatment, pa.string()),
            "role": pa.array(self.drawn.role.tolist(), pa.string()),
            "hours": self.hours,
            "net_effect": self.worth,
        }
        candidates = self.candidates.table()
        columns = {name: candidates[name] for name in candidates.column_names}
        return pa.table({"trader_id": columns.pop("trader_id"), **own, **chances, **columns})

    def _of_treatment(self, values: Floats) -> Floats:
        rows, kinds = np.arange(len(values)), np.maximum(self.drawn.treatment, 0)
        return np.where(self.drawn.treatment == NOT_TREATED, 0.0, values[rows, kinds])


def make_plan(candidates: Candidates, capacity: Capacity, *, seed: int) -> AuditPlan:
    """Make the plan of a period; the same candidates, capacity and seed give the same plan, to the bit.

    Raises `SettingError` where the caps cannot all be kept.
    """
    program = program_of(candidates, capacity)
    caps, office = program.caps, candidates.office
    limits = solve(program, office=office)
    solution = solve_with_reserve(program, office=office)
    drawn = draw(candidates, program, solution, seed=seed)
    without_groups = limits
    if not caps.of_kind(HOURS).all():
        without_groups = solve(program_of(candidates, replace(capacity, caps=())), office=office)
    return AuditPlan(candidates, capacity, caps, limits, without_groups, drawn)


def program_of(candidates: Candidates, capacity: Capacity) -> Program:
    """Return the linear program of a period: values, the chances that everybody has, and the caps."""
    floor = floors(candidates, capacity)
    return Program(candidates.value, floor, ceilings(candidates, floor), caps_of(candidates, capacity))


def price_of_preference(plan: AuditPlan, indifferent: Candidates) -> float:
    """Return what it costs to put desk work before visits of the authorised, in money a period.

    `indifferent` are the candidates of the plan with the whole effect of their visits: the price is how much
    more the best plan within the same hours and caps would bring than the one that has this preference.
    """
    best = solve(program_of(indifferent, plan.capacity), office=indifferent.office)
    return max(best.value - float((indifferent.value * plan.limits.x).sum()), 0.0)
