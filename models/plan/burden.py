"""Burden of a plan: whom it visits, for how many hours and how often in vain, group by group."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.plan.audit_plan import AuditPlan
from models.plan.candidates import GROUPS
from models.plan.treatments import VISITS


@dataclass(frozen=True)
class GroupBurden:
    """The burden of a plan on one `group` of traders, such as `micro`, `by` what they are grouped.

    - `traders`: active ones in the group; `visits`: to them; `selection_rate`: visits a trader.
    - `hours`: of all treatments.
    - `in_vain`: visits that are expected to end without an adjustment.
    - `visits_without_caps`, `hours_without_caps`: those that the best plan without the caps on groups would
      have on average over all draws.
    """

    by: str
    group: str
    traders: int
    visits: int
    selection_rate: float
    hours: float
    in_vain: float
    visits_without_caps: float
    hours_without_caps: float


def burdens(plan: AuditPlan) -> Iterator[GroupBurden]:
    """Yield the burden of a plan on each group that caps and reports are by, in the order of the alphabet."""
    candidates, uncapped = plan.candidates, plan.without_groups.x
    visited = np.isin(plan.drawn.treatment, VISITS)
    visits_without_caps = uncapped[:, VISITS].sum(axis=1)
    hours_without_caps = (uncapped * candidates.hours).sum(axis=1)
    for by in GROUPS:
        for group in sorted({each for each in candidates.groups[by] if each}):
            own = candidates.groups[by] == group
            traders, visits = int(own.sum()), int(visited[own].sum())
            yield GroupBurden(
                by,
                group,
                traders,
                visits,
                visits / traders,
                float(plan.hours[own].sum()),
                float((1 - candidates.probability[own & visited]).sum()),
                float(visits_without_caps[own].sum()),
                float(hours_without_caps[own].sum()),
            )
