"""What may become known on a cutoff or later, for Hypothesis to draw: edits that leave the past as it was.

An edit adds, rewrites or deletes a row that becomes known on the cutoff or later, whatever days it speaks of;
or it tells on the cutoff or later when a row known before has ended. New rows are copies of others in which a
few values are those of yet other rows, so that they meet what there is. Levies are not added: one is known
with its version, which may be known already.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from features.data.contract import TABLES
from features.proofs.known import known
from tests.features.tables import Row, Tables

Rows = list[Row]
ENDS = {"declarations": "cancelled_on", "audits": "closed_on", "tariff": "valid_to", "links": "valid_to"}
"""The columns of a row known before in which what happens later is told."""
FRESH = {str: "NEW", int: 9, date: date(2023, 1, 1)}
"""By the type of a key column, a value that no row has."""


@dataclass(frozen=True)
class Edit:
    """An operation on one of the rows that allow it: the one in place `row`, counting round and round.

    `day` is the day on which it becomes known, from the cutoff on; `values` are what the row says then.
    """

    operation: str
    row: int
    day: date
    values: Mapping[str, object]


Future = Mapping[str, list[Edit]]
"""Edits by table."""


def futures(tables: Tables, cutoff: date) -> st.SearchStrategy[Future]:
    """Draw edits of each table."""
    return st.fixed_dictionaries({name: st.lists(_edits(name, tables, cutoff)) for name in tables})


def _edits(name: str, tables: Tables, cutoff: date) -> st.SearchStrategy[Edit]:
    operations = ["delete", "rewrite", *(["add"] if name != "levies" else [])]
    operations += ["end"] if name in ENDS else []
    days = st.sampled_from((0, 1, 100)).map(lambda later: cutoff + timedelta(days=later))
    assignments = st.sampled_from(TABLES[name].names).flatmap(
        lambda column: st.tuples(st.just(column), st.sampled_from(_candidates(column, tables[name])))
    )
    values = st.lists(assignments, max_size=6).map(dict)
    return st.builds(Edit, st.sampled_from(operations), st.integers(0, 999), days, values)


def _candidates(column: str, rows: Rows) -> list[object]:
    """Return the values of a column, and in columns of names and numbers one that no row has."""
    present = {row[column] for row in rows}
    fresh = [FRESH[kind] for kind in {type(value) for value in present} if kind in FRESH]
    return sorted(present, key=str) + fresh


def edited(tables: Tables, future: Future, cutoff: date) -> Tables:
    """Return the tables after all edits."""
    new = {name: list(rows) for name, rows in tables.items()}
    for name, edits in future.items():
        for edit in edits:
            OPERATIONS[edit.operation](name, new[name], edit, cutoff=cutoff)
    return new


def _chosen(edit: Edit, indices: list[int]) -> list[int]:
    """Return the row index that is edited, or none where no row can be edited so."""
    return [indices[edit.row % len(indices)]] if indices else []


def _later(name: str, rows: Rows, cutoff: date) -> list[int]:
    return [index for index, row in enumerate(rows) if known(name, row) >= cutoff]


def _delete(name: str, rows: Rows, edit: Edit, *, cutoff: date) -> None:
    for index in _chosen(edit, _later(name, rows, cutoff)):
        del rows[index]


def _rewrite(name: str, rows: Rows, edit: Edit, *, cutoff: date) -> None:
    key = TABLES[name].key
    for index in _chosen(edit, _later(name, rows, cutoff)):
        new = {column: value for column, value in edit.values.items() if column not in key}
        rows[index] = rows[index] | new | ({} if "known_on" in key else _known(name, edit, rows[index]))


def _add(name: str, rows: Rows, edit: Edit, *, cutoff: date) -> None:
    for index in _chosen(edit, list(range(len(rows)))):
        row = {**rows[index], **edit.values}
        row |= _known(name, edit, row)
        if name == "declarations":  # a version comes after those of the item that are there
            row["version"] = 1 + max(
                (int(str(r["version"])) for r in rows if _item(r) == _item(row)), default=-1
            )
        if _key(name, row) not in {_key(name, each) for each in rows}:
            rows.append(row)


def _end(name: str, rows: Rows, edit: Edit, *, cutoff: date) -> None:
    """Tell that a row ends on the cutoff or later, or, on an even place, that it goes on."""
    column = ENDS[name]
    indices = [n for n, row in enumerate(rows) if row[column] is None or row[column] >= cutoff]
    for index in _chosen(edit, indices):
        day = edit.day if edit.row % 2 else None
        status = {"status": "closed" if day else "open"} if name == "audits" else {}
        rows[index] = rows[index] | {column: day} | status


OPERATIONS: dict[str, Callable[..., None]] = {
    "delete": _delete,
    "rewrite": _rewrite,
    "add": _add,
    "end": _end,
}


def _known(name: str, edit: Edit, row: Row) -> Row:
    """What makes a row known on the day of an edit: for rates and editions, that from which they hold."""
    return {"valid_from": edit.day} if name in ("tariff", "hs_correlations") else {"known_on": edit.day}


def _key(name: str, row: Row) -> tuple[object, ...]:
    return tuple(row[column] for column in TABLES[name].key)


def _item(row: Row) -> tuple[object, ...]:
    return row["declaration_id"], row["item_number"]
