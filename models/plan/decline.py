"""Declined treatments: what officers do not carry out of an accepted plan, on record with the reason."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from features.assignments import last_assignments
from features.availability import begun
from features.data.append import append_rows
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.errors import SettingError
from features.storage.lock import file_lock
from features.storage.spreadsheet import write_table

LOCK = "declines.lock"


def decline(
    dataset: Dataset, plan: str, trader_id: str, *, because: str, by: str, on: date, out: Path | None = None
) -> pa.Table:
    """Write into the data that the treatment of a trader by a plan was declined, and return the row.

    It becomes known on the day `on`. What was drawn stays on record with its probability: a decline is an
    answer that is missing, which whoever estimates from the draw has to know of. With `out` the row is
    written there as a file, and the data stays as it is.

    Raises `SettingError` where no reason is given, the plan was not accepted before that day or does not
    treat the trader, or the treatment has begun or was declined already; and `NotWrittenError` or
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
            row = _declined_row(warehouse, plan, trader_id, because=because, by=by, on=on)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            write_table(row, out / "assignments.parquet")
        else:
            append_rows(dataset.data, {"assignments": row}, part=f"{plan}-declined-{trader_id}")
    return row


def _declined_row(
    warehouse: Warehouse, plan: str, trader_id: str, *, because: str, by: str, on: date
) -> pa.Table:
    last = last_assignments(warehouse, plan, on + timedelta(days=1))
    own = last.filter(last.trader_id == trader_id).to_pyarrow() if last is not None else pa.table({})
    state = own.to_pylist()[0] if own.num_rows else None
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
    if trader_id in begun(warehouse, plan, on)["trader_id"].to_pylist():
        raise SettingError(
            f"The {state['treatment']} of {trader_id} has begun.",
            expected="a treatment that has not.",
            advice="Where it is not carried on, set its audit to abandoned.",
        )
    row = state | {"declined_because": because, "declined_by": by, "known_on": on}
    return pa.Table.from_pylist([row], schema=own.schema)
