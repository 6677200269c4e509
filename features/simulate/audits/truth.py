"""The truth: the expected finding of a reference audit of every trader at each cutoff."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.simulate.arrays import Flags, Floats
from features.simulate.audits.audit import (
    ExpectedAudit,
    Exposure,
    by_mechanism,
    drawn_yields,
    expectation,
)
from features.simulate.evasion.evade import Faults
from features.simulate.evasion.intent import KINDS
from features.simulate.mechanisms import MECHANISMS

SCHEMA = pa.schema(
    [
        pa.field("trader_id", pa.string(), nullable=False),
        pa.field("cutoff", pa.date32(), nullable=False),
        pa.field("expected_yield", pa.float64(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        *(pa.field(f"expected_{kind}", pa.float64(), nullable=False) for kind in KINDS),
        pa.field("revenue_gap", pa.float64(), nullable=False),
        pa.field("eligible", pa.bool_(), nullable=False),
    ]
)
REFERENCE = pa.schema(
    [
        *(SCHEMA.field(name) for name in ("trader_id", "cutoff")),
        pa.field("drawn_yield", pa.float64(), nullable=False),
        *(pa.field(f"expected_{name}", pa.float64(), nullable=False) for name in MECHANISMS),
    ]
)


@dataclass(frozen=True)
class Truth:
    """The truth at one cutoff, an entry a trader."""

    cutoff: int
    alive: Flags
    eligible: Flags
    expected: ExpectedAudit
    by_mechanism: Floats
    drawn: Floats
    revenue_gap: Floats


def truth(
    stream: np.random.Generator,
    exposed: Exposure,
    *,
    faults: Faults,
    cutoff: int,
    alive: Flags,
    eligible: Flags,
) -> Truth:
    """Return the truth at a cutoff.

    The reference audit is a field audit by a team of average skill, opened at the cutoff, of the
    declarations accepted in the twelve months before. Faults corrected before the cutoff do not count.
    """
    return Truth(
        cutoff=cutoff,
        alive=alive,
        eligible=eligible,
        expected=expectation(exposed),
        by_mechanism=by_mechanism(exposed, faults),
        drawn=drawn_yields(stream, exposed=exposed, faults=faults),
        revenue_gap=(exposed.up + exposed.down).sum(axis=1),
    )


def truth_table(truths: list[Truth], *, trader_ids: pa.Array) -> pa.Table:
    """Return the truths as a table, for every trader alive at the cutoff, by cutoff and trader."""
    batches = [_batch(truth, trader_ids=trader_ids) for truth in truths]
    return pa.Table.from_batches(batches, schema=SCHEMA)


def reference_table(truths: list[Truth], *, trader_ids: pa.Array) -> pa.Table:
    """Return one drawn reference audit and the expectation by mechanism, row for row with the truth."""
    batches = []
    for truth in truths:
        rows = np.flatnonzero(truth.alive)
        by_mechanism = [pa.array(np.ascontiguousarray(column)) for column in truth.by_mechanism[rows].T]
        columns = [*_keys(truth, trader_ids), pa.array(truth.drawn[rows]), *by_mechanism]
        batches.append(pa.RecordBatch.from_arrays(columns, schema=REFERENCE))
    return pa.Table.from_batches(batches, schema=REFERENCE)


def _keys(truth: Truth, trader_ids: pa.Array) -> list[pa.Array]:
    rows = np.flatnonzero(truth.alive)
    cutoffs = pa.array(np.full(rows.size, truth.cutoff, dtype=np.int32)).cast(pa.date32())
    return [trader_ids.take(pa.array(rows)), cutoffs]


def _batch(truth: Truth, *, trader_ids: pa.Array) -> pa.RecordBatch:
    rows = np.flatnonzero(truth.alive)
    by_type = truth.expected.by_type[rows]
    return pa.RecordBatch.from_arrays(
        [
            *_keys(truth, trader_ids),
            pa.array(by_type.sum(axis=1)),
            pa.array(truth.expected.probability[rows]),
            *(pa.array(np.ascontiguousarray(column)) for column in by_type.T),
            pa.array(truth.revenue_gap[rows]),
            pa.array(truth.eligible[rows]),
        ],
        schema=SCHEMA,
    )
