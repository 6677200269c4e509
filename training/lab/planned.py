"""Selections of the lab by a plan: the program and draw of an administration's plans, quarter by quarter."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from features.simulate.arrays import Flags
from features.simulate.audits import audit
from features.simulate.audits.cases import HOURS, SIZES
from features.simulate.audits.select import (
    MODEL,
    NOBODY,
    ROLES,
    Assignments,
    Selection,
    Sight,
    frame_of,
)
from features.simulate.chance import Chance
from features.simulate.state import SimulationState
from features.simulate.trade.traders import BANDS
from features.simulate.trade.world import REGIONS, SECTORS
from features.simulate.writing.tables import authorisations_columns
from features.simulate.writing.text import days, serials
from models.hurdle import HurdleModel
from models.plan.audit_plan import program_of
from models.plan.candidates import candidates
from models.plan.capacity import Capacity, OfficeHours
from models.plan.draw import NOT_TREATED, draw, solve_with_reserve
from models.plan.hours import SIZE_BANDS, Hours
from models.plan.treatments import SKILLS, TREATMENTS, Treatments
from training.lab.scored import hours_of_quarter, selected

OFFICE = "lab"
"""The one office of the lab: customs offices of a real capacity do not exist there."""
IN_SIMULATION = np.array([audit.TREATMENTS.index(name) for name in TREATMENTS])
"""The number in the simulation of each treatment of a plan."""
TOP_UP_FROM = 200
"""Traders of each skill among whom hours are topped up: a tenth of the time, for a thousandth less."""
IN_PLAN = np.argsort(IN_SIMULATION)
EPOCH = date(1970, 1, 1)


def by_plan(
    capacity: Capacity,
    state: SimulationState,
    *,
    chance: Chance,
    sight: Sight,
    quarter: int,
    model: HurdleModel,
    features: pa.Table,
) -> Selection:
    """Plan a quarter, and return the audits of it, drawn.

    Caps and shares are those of the capacity; its hours become those of the lab, in one office, and its
    period the quarter. Raises `SettingError` where no plan keeps all caps.
    """
    frame = frame_of(state.traders, sight=sight, quarter=quarter)
    own = _of_quarter(capacity, state, quarter=quarter)
    chosen_from = candidates(
        _available(state, sight=sight, frame=frame, quarter=quarter),
        model.predict(features),
        spread=model.interval_.sizes.spread,
        hours=_hours(),
        treatments=Treatments.read(),
        capacity=own,
    )
    program = program_of(chosen_from, own)
    solution = solve_with_reserve(program, office=chosen_from.office)
    stream = chance.stream("lab", quarter)
    drawn = draw(chosen_from, program, solution, seed=int(stream.integers(2**63)), top_up_from=TOP_UP_FROM)
    role = {name: number for number, name in enumerate(ROLES)}
    return selected(
        Assignments(
            treatment=np.where(
                drawn.treatment == NOT_TREATED, NOBODY, IN_SIMULATION[np.maximum(drawn.treatment, 0)]
            ),
            role=np.array([role.get(each, NOBODY) for each in drawn.role]),
            probability=drawn.probability[:, IN_PLAN],
            expected=chosen_from.expected,
        ),
        state.world,
        stream=stream,
        channel=MODEL,
    )


def _of_quarter(capacity: Capacity, state: SimulationState, *, quarter: int) -> Capacity:
    """Return the capacity of a quarter: hours, and visits of caps, in proportion to the hours of the lab."""
    first, after = (EPOCH + timedelta(int(day)) for day in state.world.calendar.starts[quarter : quarter + 2])
    factor = hours_of_quarter(state) / capacity.hours
    hours = {skill: sum(getattr(each, skill) for each in capacity.offices.values()) for skill in SKILLS}
    return replace(
        capacity,
        first_day=first,
        last_day=after - timedelta(1),
        offices={OFFICE: OfficeHours(hours["field"] * factor, hours["desk"] * factor)},
        caps=tuple(
            cap if cap.visits is None else replace(cap, visits=cap.visits * factor) for cap in capacity.caps
        ),
    )


def _available(state: SimulationState, *, sight: Sight, frame: Flags, quarter: int) -> pa.Table:
    """Describe all traders as `features.availability` does; who is not in the frame is under audit."""
    traders, calendar = state.traders, state.world.calendar
    count, everybody = traders.count, np.arange(traders.count)
    authorised = authorisations_columns(
        traders, trader=everybody, quarter=np.full(count, quarter), calendar=calendar
    )
    visited = state.last_audit >= 0
    columns = {
        "trader_id": serials("T", everybody, digits=7),
        "office_code": pa.repeat(OFFICE, count),
        "size_band": pa.array(BANDS[traders.band]),
        "sector": pa.array(SECTORS[traders.sector]),
        "region": pa.array(REGIONS[traders.region]),
        "aeo_status": authorised["aeo_status"],
        "aeo_revalidation_due": authorised["aeo_revalidation_due"],
        "is_tax_audited": pa.array(sight.tax_audit),
        "is_audited": pa.array(~frame),
        "last_opened_on": days(calendar.starts[np.where(visited, state.last_audit, 0)], empty=~visited),
    }
    return pa.table(columns)


def _hours() -> Hours:
    """Return the hours that audits take in the simulation, which every policy of the lab knows."""
    small = SIZES[SIZE_BANDS.index("small")]
    return Hours(HOURS[IN_SIMULATION] * small, SIZES / small, audits=0)
