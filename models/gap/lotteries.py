"""Lotteries of a dataset: plans on record and audits drawn by lot, with the answers that are in by a day."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.data.contract.required import FINDING_TYPES
from features.data.warehouse import Warehouse
from features.lotteries import AMOUNTS, VISITS, assigned, described, growth, offices_of, visits
from models.gap.censoring import QUARTER_DAYS, closed_by, development_factors, response_weights
from models.gap.estimate import Lottery
from models.plan.draw import CERTAIN, CONTROL, HELD_OUT, LOTTERY, TOP_UP
from models.prediction import Floats

MAY_BE_DRAWN = (LOTTERY, TOP_UP, HELD_OUT, CONTROL)
RANDOM = "random"
DEVELOPED_QUARTERS = 12
"""Quarters after the closing in which appeals still move money."""
WITHOUT_OFFICES = "region"
"""What declined and abandoned audits by lot without a plan are made up for within: the next to an office, for
which all declarations would be counted anew for each quarter."""
SIZED_BY = "size_band"
FEWEST_OF_A_SIZE = 50
"""Visits to traders of a size from which the time that these take is taken from them alone."""


def lotteries_of(warehouse: Warehouse, cutoff: date) -> tuple[tuple[Lottery, ...], pa.Table]:
    """Return the lotteries known before `cutoff`, in the order of their years, and all visits beside them.

    A lottery of which no plan is on record has those drawn alone, and nothing was expected of them: then
    answers and chances speak by themselves. The visits have their money as it will be when appeals are over.
    """
    plans, done = assigned(warehouse, cutoff), visits(warehouse, cutoff)
    done = _final(done, growth(warehouse, cutoff), cutoff)
    done = done.append_column("chance_closed", pa.array(_chance_closed(warehouse, done, cutoff)))
    made = [
        _recorded(warehouse, plans.filter(pc.equal(plans["plan_id"], name)), done)
        for name in pc.unique(plans["plan_id"]).to_pylist()
    ]
    made += list(_unrecorded(warehouse, done, plans, cutoff))
    return tuple(sorted(made, key=lambda each: (each.year, each.name))), done


def _recorded(warehouse: Warehouse, plan: pa.Table, done: pa.Table) -> Lottery:
    """Return the lottery of a plan: a row for everybody that it assigned something, or nothing, to."""
    name, assigned_on = plan["plan_id"][0].as_py(), plan["assigned_on"][0].as_py()
    own = done.filter(pc.equal(done["selection_run_id"], name).fill_null(False))
    rows = pc.index_in(plan["trader_id"], own["trader_id"])
    role = np.array(plan["role"].fill_null("").to_pylist(), object)
    visited = np.isin(np.array(plan["treatment"].to_pylist(), object), VISITS)
    certain = (role == CERTAIN) & visited
    answers = own.take(rows)
    return _lottery(
        name,
        answers,
        year=_year(own, assigned_on),
        drawn_on=assigned_on,
        trader_ids=np.array(plan["trader_id"].to_pylist(), object),
        score=plan["expected_yield"].fill_null(0.0).to_numpy(),
        reachable=certain | np.isin(role, MAY_BE_DRAWN),
        chance=plan["chance"].to_numpy(),
        drawn=(role == LOTTERY) & visited,
        certain=certain,
        treated=np.array(plan["treatment"].to_pylist(), object) != "none",
        declined=np.array(plan["is_declined"].to_pylist(), bool),
        classes=np.array(offices_of(warehouse, plan["trader_id"], assigned_on).to_pylist(), object),
        is_recorded=True,
        groups=_texts(described(warehouse, plan["trader_id"], assigned_on)),
    )


def _unrecorded(warehouse: Warehouse, done: pa.Table, plans: pa.Table, cutoff: date) -> Iterator[Lottery]:
    """Yield the lotteries whose audits alone are there, one a selection run, or else one a quarter."""
    by_lot = pc.and_(
        pc.equal(done["selection_channel"], RANDOM), pc.greater(done["inclusion_probability"], 0.0)
    )
    known = pc.is_in(done["selection_run_id"], pc.unique(plans["plan_id"]))
    own = done.filter(pc.and_(by_lot.fill_null(False), pc.invert(known)))
    quarters = [f"{day.year}-Q{(day.month + 2) // 3}" for day in own["opened_on"].to_pylist()]
    names = pc.coalesce(own["selection_run_id"], pa.array(quarters, pa.string()))
    for name in pc.unique(names).to_pylist():
        each = own.filter(pc.equal(names, name))
        groups = _texts(described(warehouse, each["trader_id"], cutoff))
        everybody = np.ones(each.num_rows, bool)
        yield _lottery(
            name,
            each,
            year=_year(each, cutoff),
            drawn_on=each["opened_on"][0].as_py(),
            trader_ids=np.array(each["trader_id"].to_pylist(), object),
            score=np.zeros(each.num_rows),
            reachable=everybody,
            chance=each["inclusion_probability"].to_numpy(),
            drawn=everybody,
            certain=~everybody,
            treated=everybody,
            declined=~everybody,
            classes=groups[WITHOUT_OFFICES],
            is_recorded=False,
            groups=groups,
        )


def _lottery(
    name: str,
    answers: pa.Table,
    *,
    drawn: np.ndarray,
    certain: np.ndarray,
    declined: np.ndarray,
    classes: np.ndarray,
    **other: Any,
) -> Lottery:
    """Return a lottery with the answers of its audits, row for row, and what each answer stands for.

    Answers stand for audits of their own of `classes` (n,) that were declined, abandoned or not begun.
    """
    closed = answers["closed_on"].is_valid().to_numpy()
    refused = declined | answers["is_abandoned"].fill_null(False).to_numpy(zero_copy_only=False)
    answered = (drawn | certain) & closed & ~refused
    weight = np.zeros(len(drawn))
    for rows, stands_for in (
        (drawn, 1 / np.where(drawn, other["chance"], 1.0)),
        (certain, np.ones(len(drawn))),
    ):
        weight[rows] = response_weights(
            drawn=stands_for[rows],
            answered=answered[rows],
            chance_closed=answers["chance_closed"].fill_null(1.0).to_numpy()[rows],
            classes=classes[rows],
        )
    money = {name: np.where(answered, answers[name].fill_null(0.0).to_numpy(), 0.0) for name in AMOUNTS}
    return Lottery(
        name=name,
        team=np.array(answers["team_id"].fill_null("").to_pylist(), object),
        drawn=drawn,
        certain=certain,
        answered=answered,
        refused=refused & (drawn | certain),
        answer=money["yield_amount"],
        by_type={kind: money[f"{kind}_amount"] for kind in FINDING_TYPES},
        weight=weight,
        **other,
    )


def _final(done: pa.Table, grown: pa.Table, cutoff: date) -> pa.Table:
    """Return the visits with their money multiplied by how it will still change at its age."""
    factors = development_factors(_cumulated(grown, cutoff))
    ages = _days(cutoff, done["closed_on"]) / QUARTER_DAYS
    factor = factors[np.clip(np.nan_to_num(ages), 0, DEVELOPED_QUARTERS - 1).astype(int)]
    for name in AMOUNTS:
        money = pc.multiply(done[name], pa.array(factor))
        done = done.set_column(done.column_names.index(name), name, money)
    return done


def _cumulated(grown: pa.Table, cutoff: date) -> Floats:
    """Return the net money of each closed visit (audits, quarters) in each quarter after its closing."""
    audit_ids = pc.unique(grown["audit_id"])
    rows = pc.index_in(grown["audit_id"], audit_ids).to_numpy()
    result = np.zeros((len(audit_ids), DEVELOPED_QUARTERS))
    since = _days(None, grown["known_on"]) - _days(None, grown["closed_on"])
    amounts = grown["assessed"].to_numpy()
    age = np.zeros(len(audit_ids))
    age[rows] = _days(cutoff, grown["closed_on"])
    for quarter in range(DEVELOPED_QUARTERS):
        by_then = since <= quarter * QUARTER_DAYS
        result[rows[by_then], quarter] = amounts[by_then]  # rows are in the order of days: the last one stays
        result[age < quarter * QUARTER_DAYS, quarter] = np.nan
    return result


def _chance_closed(warehouse: Warehouse, done: pa.Table, cutoff: date) -> Floats:
    """Return the chance of each visit to be closed by now, by how long visits to traders of its size take."""
    opened = _days(cutoff, done["opened_on"])
    closed = done["closed_on"].is_valid().to_numpy()
    days = np.where(closed, opened - np.nan_to_num(_days(cutoff, done["closed_on"])), opened)
    learned = (opened > 0) & ~done["is_abandoned"].to_numpy(zero_copy_only=False)
    size = _texts(described(warehouse, done["trader_id"], cutoff))[SIZED_BY]
    result = closed_by(opened, days=days[learned], closed=closed[learned])
    for each in np.unique(size):
        rows = size == each
        if (rows & learned).sum() >= FEWEST_OF_A_SIZE:
            result[rows] = closed_by(opened[rows], days=days[rows & learned], closed=closed[rows & learned])
    return result


def _year(own: pa.Table, otherwise: date) -> int:
    """Return the year in which the middle one of the visits, by opening day, was opened or is planned."""
    days = own["opened_on"].to_pylist()
    return int((sorted(days)[len(days) // 2] if days else otherwise).year)


def _days(cutoff: date | None, days: pa.ChunkedArray) -> Floats:
    """Return the days from each day to the cutoff, or else since 1970, not a number where it is empty."""
    counted = days.cast(pa.int32()).cast(pa.float64()).to_numpy()
    return np.asarray(counted if cutoff is None else (cutoff - date(1970, 1, 1)).days - counted, np.float64)


def _texts(groups: dict[str, pa.ChunkedArray]) -> dict[str, np.ndarray]:
    return {name: np.array(values.to_pylist(), object) for name, values in groups.items()}
