"""Smoothed lookup tables, learned on earlier rows and tried on later ones of other traders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir
from numpy.typing import NDArray

from features.data.contract import TABLES
from features.data.warehouse import Warehouse
from models.prediction import Floats
from training.leaks.area import Flags

Codes = NDArray[np.int64]
PRIOR_ROWS = 10.0
FACT, MEANINGLESS = 0.75, 0.60
"""Limits that a table of facts, and one of letters without meaning, cannot honestly pass.

Measured on 18 simulated administrations: tables of facts up to 0.71, endings up to 0.66, both by chance on
small ones; a model of all features 0.73 to 0.75, which no few attributes should beat. The Korean lines, known
to leak, reach 0.87.
"""


@dataclass(frozen=True)
class Lookup:
    """A table of a few attributes of a row, from coarse to fine; `words` name them."""

    name: str
    words: str
    keys: Callable[[ir.Table], Sequence[ir.Value]]
    limit: float = FACT

    def columns(self, rows: ir.Table) -> dict[str, ir.Value]:
        """Return the attributes of rows under names of their own, coarse ones first."""
        return {f"{self.name}_{number}": key for number, key in enumerate(self.keys(rows))}


@dataclass(frozen=True)
class LookupScores:
    """The scores (n,) of a table for later rows, and whether each `has_finding`.

    `is_known` marks rows whose cell was met before; `audit_id` is the audit in whose scope a row is, if any.
    """

    audit_id: pa.ChunkedArray
    score: Floats
    has_finding: Flags
    is_known: Flags


def score_lookup(labelled: pa.Table, lookup: Lookup) -> LookupScores:
    """Learn a table on the rows that are not `is_late` and score those that are.

    `labelled` has trader_id, audit_id, is_late, has_finding and the lookup's columns. A row's rate is that of
    its cell among other traders, drawn to the rate of the coarser cell by `PRIOR_ROWS` rows (Micci-Barreca
    2001): that a trader errs again and again in the same goods is no leak.
    """
    late, has_finding = (np.asarray(labelled[name], dtype=np.bool_) for name in ("is_late", "has_finding"))
    trader = _codes(labelled["trader_id"])
    cell = np.zeros(len(late), dtype=np.int64)
    learned = [_of_others(cell, trader, among=~late), _of_others(cell, trader, among=~late & has_finding)]
    rate, rows_met = learned[1] / np.maximum(learned[0], 1.0), []
    for name in (name for name in labelled.column_names if name.rpartition("_")[0] == lookup.name):
        cell = _crossed(cell, _codes(labelled[name]))
        rows = _of_others(cell, trader, among=~late)
        rate = (_of_others(cell, trader, among=~late & has_finding) + PRIOR_ROWS * rate) / (rows + PRIOR_ROWS)
        rows_met.append(rows)
    is_known = rows_met[max(0, len(rows_met) - 2)] > 0
    return LookupScores(
        labelled["audit_id"].filter(pa.array(late)), rate[late], has_finding[late], is_known[late]
    )


def _of_others(cell: Codes, trader: Codes, *, among: Flags) -> Floats:
    """Count the rows of each row's cell, `among` some, that are not its trader's."""
    own = _crossed(cell, trader)
    return _counted(cell, among) - _counted(own, among)


def _counted(cell: Codes, among: Flags) -> Floats:
    return np.asarray(np.bincount(cell, weights=among, minlength=1)[cell], dtype=np.float64)


def _crossed(cell: Codes, part: Codes) -> Codes:
    """Number the pairs of two cells."""
    pairs = cell * (part.max(initial=0) + 1) + part
    return np.unique(pairs, return_inverse=True)[1]


def _codes(column: pa.ChunkedArray) -> Codes:
    """Number the values of a column; an empty one is a value too."""
    coded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    return np.asarray(coded.indices, dtype=np.int64)


def lookups(warehouse: Warehouse) -> tuple[Lookup, ...]:
    """Return the tables tried on lines: of goods, people and handling, and of characters without meaning."""
    return (
        Lookup("goods", "HS code, countries, rate and mass", _goods),
        Lookup("seller", "the seller", lambda line: [line.seller_id]),
        Lookup("declarant", "the declarant", lambda line: [line.declarant_id]),
        Lookup("handling", "office, procedure, preference, transport and lane", _handling),
        Lookup("empty_fields", "which fields are empty", lambda line: [_empty_fields(line, warehouse)]),
        Lookup(
            "delay",
            "how late the line was known",
            lambda line: [line.known_on.delta(line.accepted_on, unit="day")],
        ),
        *(
            Lookup(f"{name}_ending", f"the last characters of {name}", _ending(name), MEANINGLESS)
            for name in ("declaration_id", "seller_id", "origin_proof_id")
        ),
    )


def _goods(line: ir.Table) -> Sequence[ir.Value]:
    mass = (line.net_mass_kg + 1).log2().floor()
    return [line.hs_code[:2], line.hs_code[:6], line.origin_country, line.duty_rate, mass]


def _handling(line: ir.Table) -> Sequence[ir.Value]:
    return [line.office_code, line.procedure_code, line.preference_code, line.transport_mode, line.channel]


def _ending(name: str) -> Callable[[ir.Table], Sequence[ir.Value]]:
    return lambda row: [row[name].right(1), row[name].right(2)]


def _empty_fields(line: ir.Table, warehouse: Warehouse) -> ir.Value:
    """Return a letter a field, 1 where it is empty."""
    optional = [c.name for c in TABLES["declarations"].columns if not c.required and not c.default]
    flags = [
        line[name].isnull().ifelse("1", "0") for name in optional if warehouse.has(f"declarations.{name}")
    ]
    return ibis.literal("").concat(*flags) if flags else ibis.literal("")
