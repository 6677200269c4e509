"""Evidence page: the declaration lines, audits or returns that a value rests on."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from features.evidence import LINE_NAMES, Evidence
from features.language import Language
from features.language.code_names import country_name, goods_name, sector_name
from features.prepare import ROWS
from features.unit import Unit, format_value
from serving.live.state import Live
from serving.page.render import render_template

ROWS_A_PAGE = 50
COLUMNS, PRINTED_COLUMNS = 13, 10
"""As many columns as can be read, and printed on A4; the rows as CSV or XLSX have all."""
HIDDEN = ("share", "known_on")
LOGARITHM = re.compile("log_|_log_")
"""Begins the names of columns that nobody reads; prices stand beside them as such."""
SHORT = {"id": "ID", "hs": "HS", "hs2": "HS chapter", "hs4": "HS heading", "hs6": "HS subheading"}
"""Parts of a column's name, as people write them."""
NAMES = {
    "item_number": "Item",
    "seller_id": "Seller",
    "declarant_id": "Broker",
    "origin_country": "Origin",
    "others_unit_price": "Others' unit price",
}
"""Names of columns, where theirs is not what people say."""
PREPARED = (
    "assessed_other",
    "audits_behind",
    "collected",
    "early_taxes",
    "hs4",
    "hs6",
    "kin_id",
    "last_on",
    "lines",
    "other_assessed_other",
    "quantity_unit",
    "rated_code",
    "sellers",
    "subheading",
)
"""Columns of prepared rows that are neither the contract's nor read by a feature."""
CODES: Mapping[str, Callable[[str, Language], str]] = {
    "origin_country": country_name,
    "dispatch_country": country_name,
    "hs_code": goods_name,
    "sector": sector_name,
}
"""Columns of codes, and what names each."""
NO_SUM = "The value is no sum of its rows, so none has a share of it."
FACTORS = "“Factor” is what a row multiplies the value by; all of them multiplied are the value."
SUMMANDS = "“Adds” is what a row adds to the value; together they are the value."
"""What the last column says, or why there is none."""


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
    estimate, where the data has changed since. Of `count` rows, the weightiest first, the columns show those
    of one page, after the first `before`.
    """

    label: str
    sentence: str
    why: str
    kind: str
    share: str
    changed_from: str | None
    columns: tuple[PageColumn, ...]
    count: int
    before: int = 0

    @property
    def page(self) -> int:
        """The number of the page that is shown."""
        return self.before // ROWS_A_PAGE + 1

    @property
    def pages(self) -> int:
        """The number of pages."""
        return _pages(self.count)

    @property
    def rows(self) -> list[tuple[tuple[str, bool], ...]]:
        """The cells row by row, each with whether it is a number."""
        return cells_by_row(self.columns)


def _pages(rows: int) -> int:
    return max(1, -(-rows // ROWS_A_PAGE))


def cells_by_row(columns: Sequence[PageColumn]) -> list[tuple[tuple[str, bool], ...]]:
    """Return the cells of columns row by row, each with whether it is a number."""
    numbers = [column.number for column in columns]
    rows = zip(*(column.cells for column in columns), strict=True)
    return [tuple(zip(row, numbers, strict=True)) for row in rows]


def evidence_page(live: Live, evidence: Evidence, *, page: int = 1) -> str:
    """Return a page of the rows behind one value of one trader, the weightiest first."""
    before = (min(page, _pages(evidence.rows.num_rows)) - 1) * ROWS_A_PAGE
    return render_template(
        "evidence.html",
        language=live.language,
        live=live,
        trader_id=evidence.trader_id,
        behind=evidence_view(live, evidence, before=before),
    )


def evidence_view(
    live: Live, evidence: Evidence, *, before: int = 0, top: int = ROWS_A_PAGE, columns: int = COLUMNS
) -> EvidenceView:
    """Return the view of `top` rows after the first `before`, each with what it adds where that is a sum."""
    feature, rows, language = evidence.feature, evidence.rows.slice(before, top), live.language
    shown = [_column(name, rows[name].to_pylist(), language) for name in _shown_columns(evidence)[:columns]]
    if evidence.additive:
        shares = tuple(_share(share, evidence, language) for share in rows["share"].to_pylist())
        name = language.gettext("Factor") if _multiplies(evidence) else language.gettext("Adds")
        shown.append(PageColumn(name, True, shares))
    return EvidenceView(
        label=language.gettext(feature.label),
        sentence=feature.say(format_value(evidence.value, feature.unit, language), language),
        why=language.gettext(feature.why),
        kind=language.gettext(ROWS[feature.source or ""].row),
        share=language.gettext(_share_words(evidence)),
        changed_from=_changed_from(live, evidence),
        columns=tuple(shown),
        count=evidence.rows.num_rows,
        before=before,
    )


def _shown_columns(evidence: Evidence) -> list[str]:
    """Return the columns shown: what identifies a row, what the feature reads, then others; none is empty."""
    rows = evidence.rows
    visible = [
        name
        for name in rows.column_names
        if name not in HIDDEN
        and not LOGARITHM.search(name)
        and (not rows.num_rows or rows[name].null_count < rows.num_rows)
    ]
    texts = [field.name for field in evidence.rows.schema if pa.types.is_string(field.type)]
    identifying = LINE_NAMES if LINE_NAMES[0] in visible else texts
    order = dict.fromkeys((*identifying, *evidence.feature.columns, *visible))
    return [name for name in order if name in visible]


def page_columns(rows: pa.Table, language: Language) -> tuple[PageColumn, ...]:
    """Return the columns that identify lines, and the share that each carries, as text; none is empty."""
    shown = [name for name in (*LINE_NAMES, "carried") if name in rows.column_names]
    columns = {name: rows[name].to_pylist() for name in shown if rows[name].null_count < rows.num_rows}
    if "carried" in columns:
        columns["carried"] = [format_value(share, Unit.SHARE, language) for share in columns["carried"]]
    return tuple(_column(name, values, language) for name, values in columns.items())


def _changed_from(live: Live, evidence: Evidence) -> str | None:
    """Return the value that the estimate was made from, where the rows now give another."""
    column = live.bundle.names.index(evidence.feature.name)
    before = float(live.X[live.row_index[evidence.trader_id], column])
    now = math.nan if evidence.value is None else evidence.value
    same = math.isclose(before, now, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(before) and math.isnan(now))
    return None if same else format_value(before, evidence.feature.unit, live.language)


def _column(name: str, values: Sequence[Any], language: Language) -> PageColumn:
    number = any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    written = language.gettext(column_words(name))
    digits = _digits([value for value in values if value is not None]) if number else 0
    cells = tuple(_cell(value, digits=digits, language=language) for value in values)
    if name in CODES:
        cells = tuple(_with_name(cell, CODES[name](cell, language)) for cell in cells)
    return PageColumn(written[:1].upper() + written[1:], number, cells)


def _with_name(code: str, name: str) -> str:
    return f"{code} {name}" if name else code


def column_words(name: str) -> str:
    """Return the name of a column as people say it, in English."""
    return NAMES.get(name) or " ".join(SHORT.get(word, word) for word in name.split("_"))


def _digits(values: Sequence[float]) -> int:
    """Return the number of decimals: none for counts, two for money, four for small values."""
    if all(value == round(value) for value in values):
        return 0
    return 2 if max(abs(value) for value in values) >= 10 else 4


def _cell(value: object, *, digits: int, language: Language) -> str:
    match value:
        case None:
            return ""
        case bool():
            return language.gettext("yes") if value else language.gettext("no")
        case int() | float():
            return language.number(value, digits)
        case date():
            return language.day(value)
        case _:
            return str(value)


def _share(share: float | None, evidence: Evidence, language: Language) -> str:
    """Return what a row adds, in the value's unit and as a part of the whole; of a logarithm, its factor."""
    if share is None:
        return ""
    own = format_value(share, evidence.feature.unit, language)
    if _multiplies(evidence) or not evidence.value:
        return own
    return f"{own} ({format_value(share / evidence.value, Unit.SHARE, language)})"


def _multiplies(evidence: Evidence) -> bool:
    return evidence.feature.unit is Unit.LOG_RATIO


def _share_words(evidence: Evidence) -> str:
    if not evidence.additive:
        return NO_SUM
    return FACTORS if _multiplies(evidence) else SUMMANDS
