"""Features of tiny administrations, built in memory as everyone builds them."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from features.build import FeatureSet
from features.data.warehouse import Warehouse
from features.library import LIBRARY
from features.prepare import Prepared
from features.prepare.prepared import lines_in_parts
from features.prepare.script import Layout, ScriptRun, Writer
from features.proofs.tables import Row, Tables, warehouse_of
from features.spine import Spine

TraderCutoff = tuple[str, date]
"""A trader and the cutoff as of which it is looked at."""


def build(
    tables: Tables, spine: Spine, *, features: FeatureSet = LIBRARY, threads: int | None = None
) -> pa.Table:
    """Return the features in the order of the spine."""
    with warehouse_of(tables, threads=threads) as opened:
        return features.build(opened, spine)


def prepared_lines(warehouse: Warehouse, spine: Spine, *, columns: frozenset[str]) -> pa.Table:
    """Return the lines that features aggregate, with the columns and those that every line has, in order."""
    parts = lines_in_parts(warehouse, spine.cutoffs, line_columns=columns)
    writer = Writer(Layout.of(warehouse, parts), warehouse.written)
    rows = Prepared(writer, line_columns=columns).lines
    with ScriptRun(writer.script, warehouse, spine, parts) as run:
        run.store()
        return run.rows(rows.order_by(*sorted(rows.columns)))


def built(tables: Tables, features: str, keys: Iterable[TraderCutoff]) -> dict[TraderCutoff, Row]:
    """Return the named features, blank-separated, of each trader and cutoff."""
    pairs = list(keys)
    spine = Spine.of([trader for trader, _ in pairs], [cutoff for _, cutoff in pairs])
    rows = build(tables, spine, features=LIBRARY.select(features.split())).to_pylist()
    return {(row["trader_id"], row["cutoff"]): row for row in rows}


def values(tables: Tables, trader_id: str, name: str, *cutoffs: str) -> list[float | None]:
    """Return a feature of a trader as of each cutoff."""
    keys = [(trader_id, date.fromisoformat(cutoff)) for cutoff in cutoffs]
    rows = built(tables, name, keys)
    return [rows[each][name] for each in keys]
