"""Declined treatments: what officers do not carry out of an accepted plan, on record with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.assignments import last_assignments
from features.availability import begun
from features.data.append import append_rows
from features.data.dataset import Dataset
from features.errors import SettingError
from features.storage.lock import file_lock
from features.storage.spreadsheet import write_table

LOCK = "declines.lock"


@dataclass(frozen=True)
class Progress:
    """What has become of a plan by a day.

    - `is_accepted`: whether the data knew of its assignments on an earlier day.
    - `declined`: by trader the reason why its treatment is not carried out.
    - `begun`: traders whose audit was opened.
    """

    is_accepted: bool
    declined: Mapping[str, str]
    begun: frozenset[str]


def progress(dataset: Dataset, plan: str, *, on: date) -> Progress:
    """Return what has become of a plan by the end of a day; raises as `Dataset.open`."""
    with dataset.open() as warehouse:
        last = last_assignments(warehouse, plan, on + timedelta(days=1))
        if last is None:
            return Progress(is_accepted=False, declined={}, begun=frozenset())
        rows = last.select("trader_id", "known_on", "declined_because").to_pyarrow().to_pylist()
        opened = begun(warehouse, plan, on + timedelta(days=1))["trader_id"].to_pylist()
    declined = {row["trader_id"]: row["declined_because"] for row in rows if row["declined_because"]}
    return Progress(
        is_accepted=bool(declined) or any(row["known_on"] < on for row in rows),
        declined=declined,
        begun=frozenset(opened),
    )


def decline(
    dataset: Dataset,
    plan: str,
    trader_ids: Sequence[str],
    *,
    because: str,
    by: str,
    on: date,
    out: Path | None = None,
) -> pa.Table:
    """Write into the data that the treatments of traders by a plan were declined, and return their rows.

    They become known on the day `on`. What was drawn stays on record with its probability: a decline is an
    answer that is missing, which whoever estimates from the draw has to know of. All are written or none, and
    none again that the same person declined for the same reason before. With `out` the rows are written there
    as a file, and the data stays as it is.

    Raises `SettingError` where no reason is given, the plan was not accepted before that day or does not
    treat a trader, or a treatment has begun or was declined otherwise; and `NotWrittenError` or
    `OutputError` where the data takes no rows.
    """
    if not because.strip():
        raise SettingError(
            "No reason is given.",
            expected="why the treatment is not carried out.",
            advice='Say it, such as "closed down".',
        )
    dataset.home.mkdir(parents=True, exist_ok=True)
    with file_lock(dataset.home / LOCK):
        with dataset.open() as warehouse:
            last = last_assignments(warehouse, plan, on + timedelta(days=1))
            own = pa.table({"trader_id": []})
            if last is not None:
                own = last.filter(last.trader_id.isin(trader_ids)).to_pyarrow()
            opened = begun(warehouse, plan, on)["trader_id"].to_pylist()
        states = {state["trader_id"]: state for state in own.to_pylist()}
        reason = {"declined_because": because, "declined_by": by}
        rows = []
        for trader_id in trader_ids:
            state = states.get(trader_id)
            if state is None or not reason.items() <= state.items():
                state = _declinable(state, plan, trader_id, on=on, has_begun=trader_id in opened)
                rows.append({**state, **reason, "known_on": on})
        new = pa.Table.from_pylist(rows, schema=own.schema)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            write_table(new, out / "assignments.parquet")
        elif rows:
            append_rows(dataset.data, {"assignments": new}, part=f"{plan}-declined-{on}")
    declined = states | {row["trader_id"]: row for row in rows}
    return pa.Table.from_pylist([declined[trader_id] for trader_id in trader_ids], schema=own.schema)


def _declinable(
    state: Mapping[str, Any] | None, plan: str, trader_id: str, *, on: date, has_begun: bool
) -> Mapping[str, Any]:
    """Return the last state of an assignment; raises `SettingError` where it cannot be declined."""
    if state is None or (state["known_on"] == on and state["declined_because"] is None):
        raise SettingError(
            f"Before {on} the data has no assignment of {trader_id} by the plan {plan}.",
            expected="a trader of a plan that was accepted on an earlier day.",
            advice="Accept it with `audit-yield plan accept`, and decline from the next day on.",
        )
    if state["treatment"] == "none":
        raise SettingError(
            f"The plan {plan} does not treat {trader_id}.",
            expected="a trader with a letter, a desk, field or joint audit.",
            advice="There is nothing to decline.",
        )
    if state["declined_because"] is not None:
        raise SettingError(
            f"The {state['treatment']} of {trader_id} was declined already: {state['declined_because']}",
            expected="a treatment that stands.",
            advice="Correct the row of `assignments` where the reason is wrong.",
        )
    if has_begun:
        raise SettingError(
            f"The {state['treatment']} of {trader_id} has begun.",
            expected="a treatment that has not.",
            advice="Where it is not carried on, set its audit to abandoned.",
        )
    return state
