"""Small administrations for the commands: simulated declarations with audits and findings of our own."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import TABLES
from features.simulate import simulate
from features.unit import Unit

Tables = Mapping[str, pa.Table]
CUTOFF = date(2025, 1, 1)
TODAY = date(2025, 1, 2)
FIRST = date(2022, 6, 1)


def simulated_tables(out: Path) -> Tables:
    """Simulate 150 traders over three years and return their tables."""
    simulate(out, traders=150, years=3, seed=4)
    return {path.stem: pq.read_table(path) for path in (out / "data").glob("*.parquet")}


def with_audits(
    tables: Tables,
    count: int,
    *,
    found: Callable[[float], float] = lambda amount: amount,
    types: tuple[str, ...] = ("valuation", "classification", "origin"),
    channels: tuple[str, ...] = ("rule", "rule", "random"),
) -> Tables:
    """Return tables with so many closed audits, every fourth of which found something."""
    rng = np.random.default_rng(1)
    traders = tables["traders"]["trader_id"].unique().to_pylist()
    audits, findings = [], []
    for number in range(count):
        opened_on = FIRST + timedelta(days=number * 800 // count)
        closed_on = opened_on + timedelta(days=60)
        channel = channels[number % len(channels)]
        audits.append(
            {
                "audit_id": f"A{number}",
                "trader_id": traders[rng.integers(len(traders))],
                "treatment": "field",
                "selection_channel": channel,
                "inclusion_probability": 0.1 if channel == "random" else None,
                "period_from": date(2022, 1, 1),
                "period_to": opened_on,
                "opened_on": opened_on,
                "closed_on": closed_on,
                "known_on": opened_on,
                "status": "closed",
                "hours_spent": 10.0,
            }
        )
        amount = found(round(float(rng.lognormal(7, 1)), 2))
        if number % 4 == 0 and amount:
            findings.append(
                {
                    "audit_id": f"A{number}",
                    "event_number": 1,
                    "finding_type": types[number // 4 % len(types)],
                    "tax_type": "duty",
                    "event": "assessed",
                    "amount": amount,
                    "event_on": closed_on,
                    "known_on": closed_on,
                }
            )
    rows = {"audits": audits, "findings": findings}
    return {
        **tables,
        **{name: pa.Table.from_pylist(each, tables[name].schema) for name, each in rows.items()},
    }


def money_columns(table: str) -> set[str]:
    """Return the columns of a table that are in money."""
    return {column.name for column in TABLES[table].columns if column.unit is Unit.MONEY}


def written(tables: Tables, folder: Path) -> Path:
    """Write tables as Parquet files into a new folder and return it."""
    folder.mkdir()
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder
