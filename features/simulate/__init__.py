"""Simulate a customs administration whose truth is known, in contract form.

No public customs data holds real audit money together with the money that audits missed. Models are
therefore judged on a simulated administration: hard where practice is hard, and with its truth beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from features.errors import SettingError
from features.simulate.chance import Chance
from features.simulate.clock import calendar
from features.simulate.run import simulate_quarter
from features.simulate.state import SimulationState, initial_state
from features.simulate.trade.lines import Lines
from features.simulate.trade.portfolio import slots as draw_slots
from features.simulate.trade.traders import traders as draw_traders
from features.simulate.trade.world import world as draw_world
from features.simulate.worlds.parameters import STANDARD, Parameters
from features.simulate.writing.declarations import as_entered, declarations_table
from features.simulate.writing.declarations import dictionaries as draw_dictionaries
from features.simulate.writing.export import write_rest
from features.simulate.writing.levies import levies_table
from features.simulate.writing.write import DATA, TRUTH, LineFile, refuse_other_folders
from features.storage.atomic import atomic_folder, restore

FEWEST_TRADERS = 50
YEARS = (2, 20)

__all__ = ["Summary", "begin", "simulate"]


@dataclass(frozen=True)
class Summary:
    """The result of a simulation: its folder, its world, and the rows of each table, the truth included."""

    out: Path
    world: Parameters
    rows: dict[str, int]


def simulate(
    out: Path,
    *,
    traders: int,
    years: int,
    seed: int,
    world: Parameters = STANDARD,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    step: Callable[[SimulationState, int], tuple[Lines, Lines]] = simulate_quarter,
) -> Summary:
    """Write a simulated administration to `out`: its tables to `out/data`, its truth to `out/truth`.

    There are `traders` traders over `years` years that end with 2024, and about 33 declaration lines a
    trader and year; `world` says how they trade and evade, and how they are audited. The same arguments give
    the same bytes. `step` simulates a quarter, and `progress(done, total)` is called after each. Whatever
    stops a run, `out` is afterwards what it was or the new simulation, never a part of it.

    Raises `SettingError` for invalid arguments, `OutputError` where `out` holds other files, or a
    simulation while `overwrite` is not given.
    """
    _check(traders=traders, years=years, seed=seed)
    out = Path(out)
    restore(out)
    refuse_other_folders(out, overwrite=overwrite)
    state = begin(traders=traders, years=years, seed=seed, parameters=world)
    with atomic_folder(out) as folder:
        for part in (DATA, TRUTH):
            (folder / part).mkdir()
        lines = _run(state, folder=folder, progress=progress or (lambda *_: None), step=step)
        rows = write_rest(state, folder=folder)
    return Summary(out=out, world=world, rows={**lines, **rows})


def _check(*, traders: int, years: int, seed: int) -> None:
    limits = {
        "traders": (traders, FEWEST_TRADERS, 1_000_000),
        "years": (years, *YEARS),
        "seed": (seed, 0, 2**63),
    }
    for name, (value, lowest, highest) in limits.items():
        if not lowest <= value <= highest:
            raise SettingError(
                f"{name} is {value}.",
                expected=f"a whole number from {lowest} to {highest}.",
                advice=f"Choose another value for {name}.",
            )


def begin(*, traders: int, years: int, seed: int, parameters: Parameters) -> SimulationState:
    """Draw the world and its traders, and return the state before the first quarter."""
    chance = Chance(seed)
    world = draw_world(chance, calendar=calendar(years=years), traders=traders, parameters=parameters)
    population = draw_traders(chance, world, count=traders)
    slots = draw_slots(chance, world, traders=population)
    return initial_state(chance, world, traders=population, slots=slots)


def _run(
    state: SimulationState,
    *,
    folder: Path,
    progress: Callable[[int, int], None],
    step: Callable[[SimulationState, int], tuple[Lines, Lines]],
) -> dict[str, int]:
    """Simulate all quarters and write their lines one after another; return the rows of each table."""
    quarters = state.world.calendar.quarters
    dictionaries = draw_dictionaries(state.world, traders=state.traders.count)
    world, has_levies = state.world, "levies" in state.world.parameters.tables
    file = LineFile(folder / DATA / "declarations.parquet")
    levies = LineFile(folder / DATA / "levies.parquet")
    try:
        for quarter in range(quarters):
            parts = [as_entered(lines, world=world) for lines in step(state, quarter)]
            tables = [
                declarations_table(lines, world=world, slots=state.slots, dictionaries=dictionaries)
                for lines in parts
            ]
            file.append(pa.concat_tables(tables))
            if has_levies:
                levies.append(pa.concat_tables([levies_table(lines, world=world) for lines in parts]))
            progress(quarter + 1, quarters)
    finally:
        file.close()
        levies.close()
    return {"declarations": file.rows} | ({"levies": levies.rows} if has_levies else {})
