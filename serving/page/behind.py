"""The rows behind a reason: the declaration lines, audits or returns that a value rests on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from features.evidence import LINE_NAMES, Evidence
from features.prepare import ROWS
from features.unit import Unit, format_value
from serving.live.state import Live
from serving.page.render import day, rendered

TOP = 50
COLUMNS = 10
"""As many columns as can be read, and printed on A4; `audit-yield evidence --json` has all."""
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

    `kind` says what a row is, `share` what its last column says, or why there is none; `changed_from` is the
    value of the estimate, where the data has changed since.
    `count` rows there are, of which the columns show the weightiest.
    """

    label: str
    sentence: str
    why: str
    kind: str
    share: str
    changed_from: str | None
    columns: tuple[Column, ...]
    count: int

    @property
    def rows(self) -> list[tuple[tuple[str, bool], ...]]:
        """The cells row by row, each with whether it is a number."""
        numbers = [column.number for column in self.columns]
        rows = zip(*(column.cells for column in self.columns), strict=True)
        return [tuple(zip(row, numbers, strict=True)) for row in rows]


def evidence_page(live: Live, found: Evidence) -> str:
    """Return the page of the rows behind one value of one trader, the weightiest `TOP` of them."""
    return rendered("evidence.html", live=live, trader_id=found.trader_id, behind=behind(live, found))


def behind(live: Live, found: Evidence, *, top: int = TOP) -> Behind:
    """Return rows as a person reads them, each with what it adds to the value where that is a sum."""
    feature, rows = found.feature, found.rows.slice(0, top)
    columns = [_column(name, rows[name].to_pylist()) for name in _told(found)]
    if found.additive:
        shares = tuple(_share(share, found) for share in rows["share"].to_pylist())
        columns.append(Column("Factor" if _multiplies(found) else "Adds", True, shares))
    return Behind(
        label=feature.label,
        sentence=feature.say(format_value(found.value, feature.unit)),
        why=feature.why,
        kind=ROWS[feature.source or ""].row,
        share=_share_words(found),
        changed_from=_changed_from(live, found),
        columns=tuple(columns),
        count=found.rows.num_rows,
    )


def _told(found: Evidence) -> list[str]:
    """The columns shown: what names a line, else what is text; what the feature reads; then others."""
    there = [field.name for field in found.rows.schema if field.name not in HIDDEN]
    texts = [field.name for field in found.rows.schema if pa.types.is_string(field.type)]
    names = LINE_NAMES if LINE_NAMES[0] in there else texts
    order = dict.fromkeys((*names, *found.feature.columns, *there))
    return [name for name in order if name in there][:COLUMNS]


def _changed_from(live: Live, found: Evidence) -> str | None:
    """The value that the estimate was made from, where the rows now say another."""
    column = live.bundle.names.index(found.feature.name)
    was = float(live.X[live.places[found.trader_id], column])
    now = math.nan if found.value is None else found.value
    same = math.isclose(was, now, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(was) and math.isnan(now))
    return None if same else format_value(was, found.feature.unit)


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
    """What a row adds, in the value's own unit and as a part of the whole; of a logarithm, its factor."""
    if share is None:
        return ""
    own = format_value(share, found.feature.unit)
    if _multiplies(found) or not found.value:
        return own
    return f"{own} ({format_value(share / found.value, Unit.SHARE)})"


def _multiplies(found: Evidence) -> bool:
    return found.feature.unit is Unit.LOG_RATIO


def _share_words(found: Evidence) -> str:
    if not found.additive:
        return "The value is no sum of its rows, so none has a share of it."
    if _multiplies(found):
        return "“Factor” is what a row multiplies the value by; all of them multiplied are the value."
    return "“Adds” is what a row adds to the value; together they are the value."
