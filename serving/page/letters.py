"""Letters of a plan as a table for mail merge: to whom, and what was looked at, in the notice's words."""

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from features.assignments import declined
from features.data.dataset import Dataset
from features.language import ENGLISH, Language
from models.plan.store import StoredPlan, read_plan
from models.plan.treatments import LETTER, TREATMENTS
from serving.live.state import Live, load_live
from serving.page.notice import GENERAL, Letterhead, notice_reasons

SCHEMA = pa.schema(
    [
        ("trader_id", pa.string()),
        ("name", pa.string()),
        ("plan_id", pa.string()),
        ("dated", pa.date32()),
        ("office", pa.string()),
        ("legal_basis", pa.string()),
        ("looked_at", pa.string()),
    ]
)


def letters_of(
    dataset: Dataset, plan: str, *, letterhead: Letterhead, language: Language = ENGLISH
) -> pa.Table:
    """Return the letters of a plan of the home that were not declined by the dataset's cutoff.

    Raises as `load_live` and `read_plan`.
    """
    stored = read_plan(dataset.home, plan)
    with dataset.open() as warehouse:
        refused = declined(warehouse, plan, dataset.cutoff).to_pylist()
    return letters(load_live(dataset).in_language(language), stored, letterhead=letterhead, without=refused)


def letters(
    live: Live, stored: StoredPlan, *, letterhead: Letterhead, without: Collection[str] = ()
) -> pa.Table:
    """Return a row a letter, by trader: what a word processor fills in.

    `looked_at` are the labels of what raised the expectation, by record, as on the notice: no values,
    thresholds, ranks, scores or money; general experience where nothing did, as in letters by lot. A trader
    without declarations on the day of the live state is left out, as are those in `without`.
    """
    table = stored.table.filter(pc.equal(stored.table["treatment"], TREATMENTS[LETTER]))
    to = [
        trader
        for trader in sorted(table["trader_id"].to_pylist())
        if trader in live.row_index and trader not in without
    ]
    names = live.snapshot.traders["name"].take(live.rows(to)).to_pylist()
    rows = [
        {
            "trader_id": trader,
            "name": name,
            "plan_id": stored.name,
            "dated": letterhead.dated,
            "office": letterhead.office,
            "legal_basis": letterhead.legal_basis,
            "looked_at": _looked_at(live, trader),
        }
        for trader, name in zip(to, names, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _looked_at(live: Live, trader_id: str) -> str:
    own, speaks_generally = notice_reasons(live, trader_id)
    parts = [f"{live.language.gettext(record)}: {', '.join(labels)}" for record, labels in own.items()]
    general = [live.language.gettext(GENERAL)] if speaks_generally or not parts else []
    return "; ".join([*parts, *general])
