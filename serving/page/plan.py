"""Plan page: what a period's hours are spent on, what its caps cost, and who is treated by what right."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from features.language import Language
from models.plan.caps import cap_names, group_name
from models.plan.decline import Progress
from models.plan.store import StoredPlan
from models.plan.text import ROLES, by_treatment, treated_rows
from serving.live.state import Live
from serving.log.judgements import LoggedJudgement
from serving.page.render import render_template


def plan_page(
    live: Live,
    stored: StoredPlan,
    *,
    progress: Progress,
    judgements: Sequence[LoggedJudgement],
    page_id: str,
) -> str:
    """Return the page of a plan as HTML, with what has become of it.

    `judgements` are those about its traders, the newest first; `page_id` is the id of this answer in the log.
    """
    treated = treated_rows(stored.table)
    cases = _cases(judgements, since=datetime.fromisoformat(stored.record["made_at"]), language=live.language)
    return render_template(
        "plan.html",
        language=live.language,
        live=live,
        plan=stored,
        traders=stored.table.num_rows,
        rows=[
            row
            | {"why": ROLES[row["role"]], "chance": row[f"probability_{row['treatment']}"]}
            | _standing(row["trader_id"], progress, cases, live.language)
            for row in treated.to_pylist()
        ],
        sums=by_treatment(treated),
        caps=zip(cap_names(stored.capacity, live.language), stored.record["caps"], strict=True),
        burdens=[
            each | {"group": group_name(each["by"], each["group"], live.language)}
            for each in stored.record["burdens"]
        ],
        known=live.row_index,
        progress=progress,
        page_id=page_id,
    )


def _cases(
    judgements: Sequence[LoggedJudgement], *, since: datetime, language: Language
) -> Mapping[str, str]:
    """Return by trader where its case stands, as people said last since a moment, and who has it."""
    statuses: dict[str, str] = {}
    owners: dict[str, str] = {}
    for each in judgements:
        if each.logged_at >= since:
            for value, latest in ((each.opinion.status, statuses), (each.opinion.assigned_to, owners)):
                if value:
                    latest.setdefault(each.trader_id, value)
    return {
        trader: ", ".join(filter(None, (language.gettext(statuses.get(trader, "")), owners.get(trader))))
        for trader in statuses | owners
    }


def _standing(
    trader_id: str, progress: Progress, cases: Mapping[str, str], language: Language
) -> Mapping[str, object]:
    """Return in words how far a treatment is, and whether it can still be taken on or declined."""
    if trader_id in progress.declined:
        words = language.gettext("declined: {because}").format(because=progress.declined[trader_id])
        return {"standing": words, "is_open": False}
    if trader_id in progress.begun:
        return {"standing": language.gettext("begun"), "is_open": False}
    return {"standing": cases.get(trader_id, ""), "is_open": True}
