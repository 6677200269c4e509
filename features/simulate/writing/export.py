"""Write the smaller tables and the truth after the run."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from features.simulate.arrays import stack
from features.simulate.audits.second import TABLE as SECOND_AUDITS
from features.simulate.audits.truth import reference_table, truth_table
from features.simulate.evasion.links import links
from features.simulate.state import SimulationState
from features.simulate.worlds.description import as_json
from features.simulate.worlds.parameters import OPTIONAL_TABLES
from features.simulate.writing import tables
from features.simulate.writing.text import serials
from features.simulate.writing.write import DATA, TRUTH, write_table


def write_rest(state: SimulationState, *, folder: Path) -> dict[str, int]:
    """Write the smaller tables and the truth, and return the rows of each."""
    calendar, traders = state.world.calendar, state.traders
    ties = links(state.chance, traders, slots=state.slots)
    columns = {
        "traders": tables.traders_columns(state.chance, traders, calendar=calendar),
        "audits": tables.audits_columns(stack(*state.dockets), calendar=calendar),
        "findings": tables.findings_columns(stack(*state.ledgers), calendar=calendar),
        "tariff": tables.tariff_columns(state.world.goods, calendar=calendar),
        "tax_returns": tables.tax_returns_columns(stack(*state.returns), calendar=calendar),
        "tax_audits": tables.tax_audits_columns(stack(*state.tax_audits), calendar=calendar),
        "controls": tables.controls_columns(stack(*state.controls), calendar=calendar),
        "links": tables.links_columns(ties, calendar=calendar),
        "payments": tables.payments_columns(stack(*state.payments), calendar=calendar),
    }
    parameters = state.world.parameters
    if "assignments" in parameters.tables:
        docket = stack(*state.dockets)
        columns["assignments"] = tables.assignments_columns(state.assigned, docket, calendar=calendar)
    twice = tables.second_audits_columns(stack(*state.second_audits), calendar=calendar)
    if len(twice["audit_id"]):
        columns[SECOND_AUDITS] = twice
    left_out = set(OPTIONAL_TABLES) - set(parameters.tables)
    rows = {
        name: write_table(part, table=name, folder=folder / DATA)
        for name, part in columns.items()
        if name not in left_out
    }
    ids = serials("T", np.arange(traders.count), digits=7)
    truths = truth_table(state.truths, trader_ids=ids)
    pq.write_table(truths, folder / TRUTH / "truth.parquet", store_schema=False)
    reference = reference_table(state.truths, trader_ids=ids)
    pq.write_table(reference, folder / TRUTH / "reference_audits.parquet", store_schema=False)
    (folder / TRUTH / "world.json").write_text(as_json(parameters), encoding="utf-8")
    return {**rows, "truth": truths.num_rows}
