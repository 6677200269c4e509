"""Plans of a dataset: candidates from data and model as of a day, the plan, and its record in the home."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.availability import availability, begun, hours_spent
from features.clock import Clock
from features.data.dataset import Dataset
from models.plan.audit_plan import make_plan
from models.plan.calendar import PlanCalendar, make_calendar
from models.plan.candidates import candidates
from models.plan.capacity import Capacity, require_offices
from models.plan.hours import fit_hours
from models.plan.store import StoredPlan, drawn_by, new_name, nonce_of, read_plan, seed_of, write_plan
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
    A second plan of a period needs a `reason`. Raises `SettingError` where capacity and data do not fit
    together or the caps cannot all be kept, and stores nothing then.
    """
    home = dataset.home
    name = new_name(home, capacity, reason=reason)
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
    chosen_from = candidates(
        available,
        bundle.model.predict(snapshot.table.select(bundle.names)),
        spread=bundle.model.interval_.sizes.spread,
        hours=hours,
        treatments=parameters,
        capacity=capacity,
    )
    stage("Planning")
    nonce = nonce_of(home)
    seed = seed_of(chosen_from, capacity, nonce=nonce, name=name)
    about = {
        "as_of": dataset.cutoff.isoformat(),
        "made_at": clock().isoformat(timespec="seconds"),
        "reason": reason,
        "model": {"version": version, "digest": bundle.digest},
        "capacity": capacity.content(),
        "treatments": parameters.content(),
        "hours": {
            "audits": hours.audits,
            "by_treatment": hours.by_treatment.tolist(),
            "by_size": hours.by_size.tolist(),
        },
        "drawn_by": drawn_by(seed, nonce),
    }
    return write_plan(make_plan(chosen_from, capacity, seed=seed), home, name=name, about=about)


def calendar_of(dataset: Dataset, name: str) -> PlanCalendar:
    """Return the calendar of a stored plan from what was known before the dataset's cutoff.

    What of the plan had begun by then keeps its place, all else is ordered anew.
    """
    stored = read_plan(dataset.home, name)
    with dataset.open() as warehouse:
        available = availability(warehouse, treated_rows(stored.table)["trader_id"], dataset.cutoff)
        under_way = begun(warehouse, name, dataset.cutoff)
    return make_calendar(stored, available, under_way, from_day=dataset.cutoff)


def _sizes(trader_ids: pa.ChunkedArray, available: pa.Table) -> pa.ChunkedArray:
    """Return the size of the trader of each audit; empty where it is active no more."""
    return available["size_band"].take(pc.index_in(trader_ids, available["trader_id"]))
