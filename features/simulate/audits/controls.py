"""Border controls: many, quick, mostly without a finding, and only weakly related to audit findings."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Floats, Whole, take
from features.simulate.chance import Chance
from features.simulate.evasion.evade import Faults
from features.simulate.trade.lines import Lines

SELECTED_BY = ("random", "rule", "manual")
TYPES = ("document", "physical", "scan")
RANDOM_SHARE, MANUAL_SHARE = 0.004, 0.002
RULE_SHARE = np.array([0.0, 0.10, 0.30, 0.0])  # by lane: green, yellow, red, blue
DETECTION = np.array(  # probability, control type by finding type
    [
        [0.10, 0.15, 0.22, 0.04, 0.08, 0.08],
        [0.03, 0.15, 0.08, 0.40, 0.08, 0.04],
        [0.00, 0.05, 0.00, 0.25, 0.00, 0.00],
    ]
)


@dataclass(frozen=True)
class Controls:
    """Controls of single lines; `kind` is the finding type (-1: nothing wrong), `fault` its number (-1)."""

    trader: Whole
    declaration: Whole
    item: Whole
    controlled_on: Whole
    known_on: Whole
    selected_by: Whole
    type: Whole
    kind: Whole
    delta: Floats
    fault: Whole


def controls(chance: Chance, *, declared: Lines, faults: Faults, quarter: int) -> Controls:
    """Draw controls of a few lines at random, of some by lane and a few by hand, and their findings."""
    stream = chance.stream("controls", quarter)
    draw = stream.random((3, declared.count))
    hits = draw < np.vstack(
        [
            np.full(declared.count, RANDOM_SHARE),
            RULE_SHARE[declared.channel],
            np.full(declared.count, MANUAL_SHARE),
        ]
    )
    rows = np.flatnonzero(hits.any(axis=0))
    selected_by, lines = hits[:, rows].argmax(axis=0), take(declared, rows)
    kind_of_control = stream.choice(3, size=rows.size, p=[0.55, 0.30, 0.15])
    fault = _fault_of(lines, faults=faults)
    kind = np.where(fault >= 0, np.append(faults.kind, -1)[fault], -1)
    detected = (fault >= 0) & (stream.random(rows.size) < DETECTION[kind_of_control, kind])
    day = lines.accepted + stream.integers(0, 3, size=rows.size)
    order = np.lexsort((lines.item, lines.declaration, day))
    unsorted = Controls(
        trader=lines.trader,
        declaration=lines.declaration,
        item=lines.item,
        controlled_on=day,
        known_on=day + stream.integers(0, 10, size=rows.size),
        selected_by=selected_by,
        type=kind_of_control,
        kind=np.where(detected, kind, -1),
        delta=np.where(detected, np.round(np.append(faults.money, 0.0)[fault], 2), 0.0),
        fault=np.where(detected, fault, -1),
    )
    return take(unsorted, order)


def _fault_of(lines: Lines, *, faults: Faults) -> Whole:
    """Return the row of each line's fault, -1 where there is none (faults are sorted as lines are)."""
    key = faults.lines.declaration * 100_000 + faults.lines.item
    line_key = lines.declaration * 100_000 + lines.item
    index = np.minimum(np.searchsorted(key, line_key), max(key.size - 1, 0))
    if key.size == 0:
        return np.full(line_key.size, -1)
    return np.where(key[index] == line_key, index, -1)
