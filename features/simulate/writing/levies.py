"""The table of levies: goods of some headings and origins bear one against dumping."""

import numpy as np
import pyarrow as pa

from features.data.contract import TABLES
from features.simulate.arrays import take
from features.simulate.trade.lines import Lines
from features.simulate.trade.world import COUNTRIES, World
from features.simulate.writing.text import missing, serials

LEVIED = 0.03
"""Share of the pairs of a heading and an origin that bear a levy."""


def levies_table(lines: Lines, *, world: World) -> pa.Table:
    """Return the levies on lines as assessed on what is declared; under a relief there are none.

    What is misdeclared lowers levies too, which is not in the truth.
    """
    heading = world.goods.heading[lines.sub]
    pair = heading * COUNTRIES.size + lines.origin
    levied = take(lines, missing(pair, salt=6, share=LEVIED) & ~lines.relief)
    rate = 0.1 + 0.05 * (world.goods.heading[levied.sub] % 8)
    columns = {
        "declaration_id": serials("D", levied.declaration, digits=9),
        "item_number": pa.array(levied.item),
        "version": pa.array(levied.version),
        "kind": pa.array(np.full(levied.count, "anti_dumping")),
        "amount": pa.array(np.round(levied.value * rate, 2)),
        "rate": pa.array(np.round(rate, 2)),
    }
    schema = TABLES["levies"].schema
    arrays = [columns[name].cast(schema.field(name).type) for name in schema.names]
    return pa.Table.from_arrays(arrays, schema=schema)
