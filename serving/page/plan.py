"""Plan page: what a period's hours are spent on, what its caps cost, and who is treated by what right."""

from collections.abc import Mapping
from typing import Any

from models.plan.store import StoredPlan
from models.plan.text import ROLES, burdens, treated_rows
from models.plan.treatments import TREATMENTS
from serving.live.state import Live
from serving.page.render import render_template


def plan_page(live: Live, stored: StoredPlan) -> str:
    """Return the page of a plan as HTML."""
    treated = treated_rows(stored.table).to_pylist()
    return render_template(
        "plan.html",
        live=live,
        plan=stored,
        traders=stored.table.num_rows,
        rows=[
            row | {"why": ROLES[row["role"]], "chance": row[f"probability_{row['treatment']}"]}
            for row in treated
        ],
        sums=[_sum(treated, name) for name in TREATMENTS],
        burdens=burdens(stored.table),
        known=live.row_index,
    )


def _sum(treated: list[dict[str, Any]], treatment: str) -> Mapping[str, Any]:
    own = [row for row in treated if row["treatment"] == treatment]
    return {
        "treatment": treatment,
        "traders": len(own),
        "hours": sum(row["hours"] for row in own),
        "net_effect": sum(row["net_effect"] for row in own),
    }
