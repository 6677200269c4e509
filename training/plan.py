"""Plans of a dataset: candidates from data and model as of a day, the plan, and its record in the home."""

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.assignments import declined
from features.availability import availability, begun, hours_spent
from features.clock import Clock
from features.data.append import append_rows
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.errors import SettingError
from features.storage.spreadsheet import write_table
from models.drift import read_record, share_by_lot
from models.plan.acceptance import assignment_rows, audit_rows
from models.plan.audit_plan import make_plan, price_of_preference
from models.plan.calendar import PlanCalendar, make_calendar
from models.plan.candidates import candidates
from models.plan.capacity import Capacity, require_offices
from models.plan.hours import fit_hours
from models.plan.store import (
    StoredPlan,
    drawn_by,
    new_name,
    nonce_of,
    read_plan,
    require_same_draw,
    seed_of,
    write_plan,
)
from models.plan.text import treated_rows
from models.plan.treatments import SHIPPED, Treatments
from training.backtest.setup import Stage
from training.score import bundle_of_day
from training.tracking.cleanup import CHAMPION


def plan(
    dataset: Dataset,
    capacity: Capacity,
    *,
    clock: Clock,
    model: str = CHAMPION,
    treatments: Path = SHIPPED,
    reason: str | None = None,
    stage: Stage = lambda words: None,
) -> StoredPlan:
    """Plan a period from what was known before the dataset's cutoff, and store the plan in its home.

    `model` names the version that predicts, `treatments` the file of what each treatment reaches and costs.
    A second plan of a period needs a `reason`. Where drift was found, more hours go by lot
    (`models.drift.share_by_lot`). Raises `SettingError` where capacity and data do not fit
    together or the caps cannot all be kept, and stores nothing then.
    """
    home = dataset.home
    name = new_name(home, capacity, reason=reason)
    share, drifted = share_by_lot(capacity.random_share, read_record(home), cutoff=dataset.cutoff)
    capacity = replace(capacity, random_share=share)
    parameters = Treatments.read(treatments)
    stage("Predicting")
    version, bundle, snapshot = bundle_of_day(dataset, model=model)
    stage("Reading who is free")
    with dataset.open() as warehouse:
        available = availability(warehouse, snapshot.table["trader_id"], dataset.cutoff)
        spent = hours_spent(warehouse, dataset.cutoff)
    require_offices(capacity, available["office_code"].to_pylist())
    hours = fit_hours(
        spent["treatment"], _sizes(spent["trader_id"], available), spent["hours_spent"], prior=parameters
    )
    candidates_of = partial(
        candidates,
        available,
        bundle.model.predict(snapshot.table.select(bundle.names)),
        spread=bundle.model.interval_.sizes.spread,
        hours=hours,
        treatments=parameters,
    )
    chosen_from = candidates_of(capacity=capacity)
    stage("Planning")
    nonce = nonce_of(home)
    seed = seed_of(chosen_from, capacity, nonce=nonce, name=name)
    made = make_plan(chosen_from, capacity, seed=seed)
    indifferent = candidates_of(capacity=replace(capacity, aeo_share=1.0))
    about = {
        "as_of": dataset.cutoff.isoformat(),
        "made_at": clock().isoformat(timespec="seconds"),
        "reason": reason,
        "drift": drifted,
        "model": {"version": version, "digest": bundle.digest},
        "capacity": capacity.content(),
        "aeo_price": price_of_preference(made, indifferent),
        "treatments": parameters.content(),
        "hours": {
            "audits": hours.audits,
            "by_treatment": hours.by_treatment.tolist(),
            "by_size": hours.by_size.tolist(),
        },
        "drawn_by": drawn_by(seed, nonce),
    }
    return write_plan(made, home, name=name, about=about)


def calendar_of(dataset: Dataset, name: str) -> PlanCalendar:
    """Return the calendar of a stored plan from what was known before the dataset's cutoff.

    What of the plan had begun by then keeps its place, what was declined is left out, and all else is
    ordered anew.
    """
    stored = read_plan(dataset.home, name)
    with dataset.open() as warehouse:
        return _calendar(stored, warehouse, dataset.cutoff)


def _calendar(stored: StoredPlan, warehouse: Warehouse, cutoff: date) -> PlanCalendar:
    refused = declined(warehouse, stored.name, cutoff)
    carried_out = replace(
        stored, table=stored.table.filter(pc.invert(pc.is_in(stored.table["trader_id"], refused)))
    )
    available = availability(warehouse, treated_rows(carried_out.table)["trader_id"], cutoff)
    return make_calendar(carried_out, available, begun(warehouse, stored.name, cutoff), from_day=cutoff)


def accept(dataset: Dataset, name: str, *, out: Path | None = None) -> dict[str, int]:
    """Write a plan into the data, and return how many rows each table gets: what was assigned, and audits.

    The rows become known on the dataset's cutoff; the audits are planned for the weeks of the calendar as of
    that day. With `out` they are written there as files, and the data stays as it is. The plan is verified
    first, and written once: raises `SettingError` where its audits are there.
    """
    stored = read_plan(dataset.home, name)
    require_same_draw(stored)
    with dataset.open() as warehouse:
        written = {
            table
            for table, column in (("assignments", "plan_id"), ("audits", "selection_run_id"))
            if table in warehouse.sources
            and (warehouse.table(table)[column] == name).any().to_pyarrow().as_py()
        }
        if "audits" in written:
            raise SettingError(
                f"The data has audits of {name} already.",
                expected="a plan that was not accepted yet.",
                advice="`audit-yield calendar` orders what has not begun anew.",
            )
        calendar = _calendar(stored, warehouse, dataset.cutoff)
    rows = {
        "assignments": assignment_rows(stored, known_on=dataset.cutoff),
        "audits": audit_rows(stored, calendar, known_on=dataset.cutoff),
    }
    wanted = {table: each for table, each in rows.items() if table not in written}
    if out:
        out.mkdir(parents=True, exist_ok=True)
        for table, each in wanted.items():
            write_table(each, out / f"{table}.parquet")
    else:
        append_rows(dataset.data, wanted, part=name)
    return {table: each.num_rows for table, each in wanted.items()}


def _sizes(trader_ids: pa.ChunkedArray, available: pa.Table) -> pa.ChunkedArray:
    """Return the size of the trader of each audit; empty where it is active no more."""
    return available["size_band"].take(pc.index_in(trader_ids, available["trader_id"]))
