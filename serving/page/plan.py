"""Plan page: what a period's hours are spent on, what its caps cost, and who is treated by what right."""

from models.plan.store import StoredPlan
from models.plan.text import ROLES, by_treatment, treated_rows
from serving.live.state import Live
from serving.page.render import render_template


def plan_page(live: Live, stored: StoredPlan) -> str:
    """Return the page of a plan as HTML."""
    treated = treated_rows(stored.table)
    return render_template(
        "plan.html",
        live=live,
        plan=stored,
        traders=stored.table.num_rows,
        rows=[
            row | {"why": ROLES[row["role"]], "chance": row[f"probability_{row['treatment']}"]}
            for row in treated.to_pylist()
        ],
        sums=by_treatment(treated),
        known=live.row_index,
    )
