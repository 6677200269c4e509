"""The newest plan of the home in memory, for the pages of its traders."""

import logging
import threading
from pathlib import Path

import pyarrow.compute as pc

from features.errors import DataError
from models.plan.store import StoredPlan, names, read_plan
from models.plan.text import ROLES
from models.plan.treatments import TREATMENTS
from serving.live.submitted import Row

logger = logging.getLogger(__name__)


class NewestPlan:
    """Cache of the newest plan of a home; a stored plan never changes, a newer one takes its place."""

    def __init__(self) -> None:
        self._cached: StoredPlan | None = None
        self._lock = threading.Lock()

    def read(self, home: Path) -> StoredPlan | None:
        """Return the newest plan, None where there is none or it is damaged: that is in the process's log."""
        with self._lock:
            name = next(reversed(names(home)), None)
            if name is not None and (self._cached is None or self._cached.name != name):
                try:
                    self._cached = read_plan(home, name)
                except DataError as error:
                    logger.error("A plan is not shown: %s", error)
                    return None
            return self._cached

    def standing(self, home: Path, trader_id: str) -> Row | None:
        """Return how a trader stands in the newest plan, None where the plan does not speak of it.

        Its `plan`, `treatment` and what the role `means`, and as `chances` the treatments that it might have
        been drawn for, each with its probability; `chances` is None for who fills hours, whose nobody knows.
        """
        plan = self.read(home)
        own = plan.table.filter(pc.equal(plan.table["trader_id"], trader_id)) if plan else None
        if plan is None or own is None or not own.num_rows:
            return None
        [row] = own.to_pylist()
        chances = [(name, row[f"probability_{name}"]) for name in TREATMENTS]
        known = all(chance is not None for _, chance in chances)
        return {
            "plan": plan,
            "treatment": row["treatment"],
            "means": ROLES[row["role"]],
            "chances": [(name, chance) for name, chance in chances if chance] if known else None,
        }
