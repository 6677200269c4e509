"""What-if features: those of a trader with declarations added that nobody has accepted, or lines left out."""

import functools
import operator
from collections.abc import Iterator, Sequence
from datetime import date

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from features.as_known import known_before
from features.build import FeatureSet
from features.data.contract import TABLES
from features.data.dataset import Dataset
from features.data.warehouse import Source, Warehouse
from features.spine import Spine
from models.fitting.matrix import as_matrix
from models.prediction import Floats
from serving.live.state import Live
from serving.live.submitted import Fault, Row, broken_rules, submitted_rows
from serving.problems import ProblemError, ProblemKind

DECLARATIONS = TABLES["declarations"]
PARTIES = ("declarant_id", "seller_id")
"""The columns of a declaration that name others than the trader."""
LINE_KEY = ("declaration_id", "item_number")
"""The columns that name a line, whatever its version."""
APART = "what-if:"
"""Begins the number of an added declaration that the trader does not have: others may have that number."""


def what_if_features(
    live: Live, trader_id: str, *, rows: Sequence[Row], left_out: Sequence[Row], cutoff: date, limited: bool
) -> Floats:
    """Return the features (1, p) that the live model takes, as `with_declarations` does; raises so too."""
    features = with_declarations(
        live.snapshot.features,
        live.dataset,
        trader_id=trader_id,
        rows=rows,
        left_out=left_out,
        cutoff=cutoff,
        limited=limited,
    )
    return as_matrix(features.select(live.bundle.names))


def with_declarations(
    features: FeatureSet,
    dataset: Dataset,
    *,
    trader_id: str,
    rows: Sequence[Row],
    cutoff: date,
    left_out: Sequence[Row] = (),
    limited: bool = False,
) -> pa.Table:
    """Return a row of a trader's features as of `cutoff`, with declarations added to those known of it.

    `left_out` are lines of the trader by `LINE_KEY`, of which no version counts; added again in another form,
    a line is changed.

    Nothing of other traders' declarations can be told from the answer, whatever numbers the rows have; a
    `limited` caller names only brokers and sellers that the trader uses, for features say what audits found
    with them. Raises `ProblemError` for a trader that is not registered, and for rows that break the
    contract, are there already, or would not be known before the cutoff, and for lines that are not its own.
    """
    with dataset.open() as warehouse:
        _require_registered(warehouse, trader_id)
        with submitted_rows(
            [{**row, "trader_id": trader_id} for row in rows], warehouse, DECLARATIONS
        ) as submitted:
            declared = warehouse.table("declarations")
            own = declared.filter(declared.trader_id == trader_id)
            _require_own_lines(own, left_out)
            known = declared.filter(
                ~((declared.trader_id == trader_id) & _are(declared, left_out)).fill_null(False)
            )
            remaining = known.filter(known.trader_id == trader_id)
            parties = PARTIES if limited else ()
            _require_fit(submitted, own=own, remaining=remaining, cutoff=cutoff, parties=parties)
            added = _apart_from_others(submitted, own)
            return features.build(_with(warehouse, added, known=known), Spine.of([trader_id], [cutoff]))


def _require_registered(warehouse: Warehouse, trader_id: str) -> None:
    traders = warehouse.table("traders")
    if not _count(traders.filter(traders.trader_id == trader_id)):
        raise ProblemError(
            ProblemKind.UNKNOWN_TRADERS,
            "No such trader is registered.",
            expected="a trader of the table traders.",
            unknown=[trader_id],
        )


def _require_own_lines(own: ir.Table, lines: Sequence[Row]) -> None:
    """Raise `ProblemError` for lines that are in no declaration of the trader."""
    known = {
        tuple(row.values())
        for row in own.filter(_are(own, lines)).select(*LINE_KEY).distinct().to_pyarrow().to_pylist()
    }
    if absent := [line for line in lines if tuple(line[name] for name in LINE_KEY) not in known]:
        message = f"{len(absent)} lines are in no declaration of the trader."
        raise _refused([{"column": ", ".join(LINE_KEY), "rule": "own_line", "found": message}])


def _are(rows: ir.Table, lines: Sequence[Row]) -> ir.BooleanValue:
    """Return whether each row is a version of one of the lines."""
    each = [
        (rows.declaration_id == line["declaration_id"]) & (rows.item_number == line["item_number"])
        for line in lines
    ]
    return functools.reduce(operator.or_, each, ibis.literal(False))


def _require_fit(
    submitted: ir.Table, *, own: ir.Table, remaining: ir.Table, cutoff: date, parties: Sequence[str]
) -> None:
    """Check the rows against the contract, the cutoff before which they must be known, and the trader's own.

    None may be among those that are `remaining`. Those of the columns `parties` name only whom the trader's
    own rows name.
    """
    faults = [*broken_rules(submitted, DECLARATIONS, today=cutoff), *_too_late(submitted, cutoff)]
    faults = faults or [*_known_already(submitted, remaining), *_not_used(submitted, own, parties)]
    if faults:
        raise _refused(faults)


def _refused(faults: Sequence[Fault]) -> ProblemError:
    return ProblemError(
        ProblemKind.REFUSED,
        "The declarations cannot be changed so.",
        expected="rows that keep the data contract and would be known before the day; own lines left out.",
        violations=faults,
    )


def _too_late(submitted: ir.Table, cutoff: date) -> Iterator[Fault]:
    rows = _with_known_on(submitted)
    late = _count(rows.filter(~known_before(rows, cutoff)))
    if late:
        message = f"{late} rows would not be known before {cutoff}, so they could not count."
        yield {"column": "known_on", "rule": "before_the_day", "found": message}


def _known_already(submitted: ir.Table, remaining: ir.Table) -> Iterator[Fault]:
    key = DECLARATIONS.key
    again = _count(submitted.semi_join(remaining.select(*key), key))
    twice = _count(submitted) - _count(submitted.select(*key).distinct())
    if again or twice:
        message = f"{again} rows are known already, {twice} stand twice in the request."
        yield {"column": ", ".join(key), "rule": "unique_key", "found": message}


def _not_used(submitted: ir.Table, own: ir.Table, parties: Sequence[str]) -> Iterator[Fault]:
    for name in parties:
        named = submitted.filter(submitted[name].notnull())
        unused = _count(named.anti_join(own.select(name), name))
        if unused:
            message = f"{unused} rows name one that is in no declaration of the trader."
            yield {"column": name, "rule": "used_by_the_trader", "found": message}


def _apart_from_others(submitted: ir.Table, own: ir.Table) -> ir.Table:
    """Return the rows with numbers of their own where they are of no declaration of the trader.

    Under the number of another trader's declaration they would meet its versions and controls.
    """
    ours = own.semi_join(submitted, "declaration_id").select("declaration_id").distinct()
    known = ours.to_pyarrow()["declaration_id"].to_pylist()
    number = submitted.declaration_id
    return submitted.mutate(declaration_id=number.isin(known).ifelse(number, ibis.literal(APART) + number))


def _with(warehouse: Warehouse, submitted: ir.Table, *, known: ir.Table) -> Warehouse:
    """Return the warehouse as if its declarations were those known and the submitted rows."""
    joined = Source(known.union(_with_known_on(submitted).select(*known.columns)), "with rows of the request")
    return warehouse.with_sources({**warehouse.sources, "declarations": joined})


def _with_known_on(submitted: ir.Table) -> ir.Table:
    """Return the rows with a day on which each is known: that of its acceptance where it names none."""
    return submitted.mutate(known_on=submitted.known_on.coalesce(submitted.accepted_on))


def _count(rows: ir.Table) -> int:
    return int(rows.count().to_pyarrow().as_py())
