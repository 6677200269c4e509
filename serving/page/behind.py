"""The rows behind a reason: the declaration lines, audits or returns that a value rests on."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.check import usable
from features.evidence import LINE_NAMES, Evidence, evidence
from features.prepare import ROWS
from features.unit import Unit, shown
from features.warehouse import Warehouse, open_warehouse
from serving.live import Live
from serving.page.render import day, rendered

TOP = 50
HIDDEN = ("share", "known_on")
SHORT = {"id": "ID", "hs": "HS", "hs2": "HS chapter", "hs4": "HS heading", "hs6": "HS subheading"}
"""How parts of a column's name are written where people do not write them so."""


@dataclass(frozen=True)
class Column:
    """A column of rows as text; `number` where it is set to the right."""

    name: str
    number: bool
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Behind:
    """The rows behind a value as a person reads them.

    `kind` says what a row is; `changed_from` the value of the estimate, where the data has changed since.
    `count` rows there are, of which the columns show the weightiest.
    """

    label: str
    sentence: str
    why: str
    kind: str
    additive: bool
    changed_from: str | None
    columns: tuple[Column, ...]
    count: int

    @property
    def rows(self) -> list[tuple[tuple[str, bool], ...]]:
        """The cells row by row, each with whether it is a number."""
        numbers = [column.number for column in self.columns]
        rows = zip(*(column.cells for column in self.columns), strict=True)
        return [tuple(zip(row, numbers, strict=True)) for row in rows]


def evidence_of(live: Live, trader_id: str, feature: str) -> Evidence:
    """Read the rows behind a feature of a trader from the data, which is checked first: seconds, not more.

    Raises `SettingError` for a feature without rows, `DataError` where the data is refused.
    """
    with open_warehouse(live.source.data, dialect=live.source.dialect) as opened:
        warehouse = usable(opened, today=live.source.today)
        return rows_behind(live, trader_id, names=[feature], warehouse=warehouse)[feature]


def rows_behind(
    live: Live, trader_id: str, *, names: Iterable[str], warehouse: Warehouse
) -> dict[str, Evidence]:
    """Return the rows behind features of a trader, as known before the day: about a second each."""
    features, cutoff = live.snapshot.features, live.source.as_of
    return {
        name: evidence(features, name, warehouse=warehouse, trader_id=trader_id, cutoff=cutoff)
        for name in names
    }


def evidence_page(live: Live, found: Evidence) -> str:
    """Return the page of the rows behind one value of one trader, the weightiest `TOP` of them."""
    return rendered("evidence.html", live=live, trader_id=found.trader_id, behind=behind(live, found))


def behind(live: Live, found: Evidence, *, top: int = TOP) -> Behind:
    """Return rows as a person reads them, each with what it adds to the value where that is a sum."""
    feature, rows = found.feature, found.rows.slice(0, top)
    there = [name for name in LINE_NAMES if name in rows.column_names]
    others = [name for name in rows.column_names if name not in (*LINE_NAMES, *HIDDEN)]
    columns = [_column(name, rows[name].to_pylist()) for name in (*there, *others)]
    if found.additive:
        shares = tuple(_share(share, found) for share in rows["share"].to_pylist())
        columns.append(Column("Adds", True, shares))
    return Behind(
        label=feature.label,
        sentence=feature.say(shown(found.value, feature.unit)),
        why=feature.why,
        kind=ROWS[feature.source or ""].row,
        additive=found.additive,
        changed_from=_changed_from(live, found),
        columns=tuple(columns),
        count=found.rows.num_rows,
    )


def _changed_from(live: Live, found: Evidence) -> str | None:
    """The value that the estimate was made from, where the rows now say another."""
    column = live.bundle.names.index(found.feature.name)
    was = float(live.X[live.places[found.trader_id], column])
    now = math.nan if found.value is None else found.value
    same = math.isclose(was, now, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(was) and math.isnan(now))
    return None if same else shown(was, found.feature.unit)


def _column(name: str, values: Sequence[Any]) -> Column:
    number = any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    written = " ".join(SHORT.get(word, word) for word in name.split("_"))
    digits = _digits([value for value in values if value is not None]) if number else 0
    cells = tuple(_cell(value, digits=digits) for value in values)
    return Column(written[:1].upper() + written[1:], number, cells)


def _digits(values: Sequence[float]) -> int:
    """Decimals: none for counts, two for money, four for what is small."""
    if all(value == round(value) for value in values):
        return 0
    return 2 if max(abs(value) for value in values) >= 10 else 4


def _cell(value: object, *, digits: int) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,.{digits}f}"
        case date():
            return day(value)
        case _:
            return str(value)


def _share(share: float | None, found: Evidence) -> str:
    """What a row adds, in the value's own unit and as a part of the whole."""
    if share is None:
        return ""
    own = shown(share, found.feature.unit)
    return f"{own} ({shown(share / found.value, Unit.SHARE)})" if found.value else own
