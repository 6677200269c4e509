"""Evidence page: the declaration lines, audits or returns that a value rests on."""

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
from serving.page.render import day, render_template

TOP = 50
COLUMNS = 10
"""As many columns as can be read, and printed on A4; `audit-yield evidence --json` has all."""
HIDDEN = ("share", "known_on")
SHORT = {"id": "ID", "hs": "HS", "hs2": "HS chapter", "hs4": "HS heading", "hs6": "HS subheading"}
"""Parts of a column's name, as people write them."""


@dataclass(frozen=True)
class PageColumn:
    """A column of rows as text; `number` where it is set to the right."""

    name: str
    number: bool
    cells: tuple[str, ...]


@dataclass(frozen=True)
class EvidenceView:
    """The rows behind a value as a person reads them.

    `kind` describes a row, `share` its last column, or why there is none; `changed_from` is the value of the
    estimate, where the data has changed since. Of `count` rows the columns show the weightiest.
    """

    label: str
    sentence: str
    why: str
    kind: str
    share: str
    changed_from: str | None
    columns: tuple[PageColumn, ...]
    count: int

    @property
    def rows(self) -> list[tuple[tuple[str, bool], ...]]:
        """The cells row by row, each with whether it is a number."""
        numbers = [column.number for column in self.columns]
        rows = zip(*(column.cells for column in self.columns), strict=True)
        return [tuple(zip(row, numbers, strict=True)) for row in rows]


def evidence_page(live: Live, evidence: Evidence) -> str:
    """Return the page of the rows behind one value of one trader, the weightiest `TOP` of them."""
    return render_template(
        "evidence.html", live=live, trader_id=evidence.trader_id, behind=evidence_view(live, evidence)
    )


def evidence_view(live: Live, evidence: Evidence, *, top: int = TOP) -> EvidenceView:
    """Return the view of rows, each with what it adds to the value where that is a sum."""
    feature, rows = evidence.feature, evidence.rows.slice(0, top)
    columns = [_column(name, rows[name].to_pylist()) for name in _shown_columns(evidence)]
    if evidence.additive:
        shares = tuple(_share(share, evidence) for share in rows["share"].to_pylist())
        columns.append(PageColumn("Factor" if _multiplies(evidence) else "Adds", True, shares))
    return EvidenceView(
        label=feature.label,
        sentence=feature.say(format_value(evidence.value, feature.unit)),
        why=feature.why,
        kind=ROWS[feature.source or ""].row,
        share=_share_words(evidence),
        changed_from=_changed_from(live, evidence),
        columns=tuple(columns),
        count=evidence.rows.num_rows,
    )


def _shown_columns(evidence: Evidence) -> list[str]:
    """Return the columns shown: what identifies a row, what the feature reads, then others."""
    visible = [field.name for field in evidence.rows.schema if field.name not in HIDDEN]
    texts = [field.name for field in evidence.rows.schema if pa.types.is_string(field.type)]
    identifying = LINE_NAMES if LINE_NAMES[0] in visible else texts
    order = dict.fromkeys((*identifying, *evidence.feature.columns, *visible))
    return [name for name in order if name in visible][:COLUMNS]


def _changed_from(live: Live, evidence: Evidence) -> str | None:
    """Return the value that the estimate was made from, where the rows now give another."""
    column = live.bundle.names.index(evidence.feature.name)
    before = float(live.X[live.row_index[evidence.trader_id], column])
    now = math.nan if evidence.value is None else evidence.value
    same = math.isclose(before, now, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(before) and math.isnan(now))
    return None if same else format_value(before, evidence.feature.unit)


def _column(name: str, values: Sequence[Any]) -> PageColumn:
    number = any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    written = " ".join(SHORT.get(word, word) for word in name.split("_"))
    digits = _digits([value for value in values if value is not None]) if number else 0
    cells = tuple(_cell(value, digits=digits) for value in values)
    return PageColumn(written[:1].upper() + written[1:], number, cells)


def _digits(values: Sequence[float]) -> int:
    """Return the number of decimals: none for counts, two for money, four for small values."""
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


def _share(share: float | None, evidence: Evidence) -> str:
    """Return what a row adds, in the value's unit and as a part of the whole; of a logarithm, its factor."""
    if share is None:
        return ""
    own = format_value(share, evidence.feature.unit)
    if _multiplies(evidence) or not evidence.value:
        return own
    return f"{own} ({format_value(share / evidence.value, Unit.SHARE)})"


def _multiplies(evidence: Evidence) -> bool:
    return evidence.feature.unit is Unit.LOG_RATIO


def _share_words(evidence: Evidence) -> str:
    if not evidence.additive:
        return "The value is no sum of its rows, so none has a share of it."
    if _multiplies(evidence):
        return "“Factor” is what a row multiplies the value by; all of them multiplied are the value."
    return "“Adds” is what a row adds to the value; together they are the value."
