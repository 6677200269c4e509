"""The rows behind a reason: the declaration lines, audits or returns that a value rests on."""

from dataclasses import dataclass
from datetime import date

from features.evidence import Evidence
from features.prepare import ROWS
from features.unit import shown
from serving.live import Live
from serving.page.render import day, rendered

ROWS_SHOWN = 50
NAMED = (
    "declaration_id",
    "item_number",
    "version",
    "accepted_on",
    "hs_code",
    "origin_country",
    "customs_value",
)
"""What a declaration line is known by, in the order in which people name it; other columns follow."""
NUMBERS = (int, float)


@dataclass(frozen=True)
class Rows:
    """The rows behind a value as text: `kind` says what one is, `sentence` what they add up to.

    `cells` has a row a row, `numbers` whether a column is set to the right; `left_out` rows are not shown.
    """

    label: str
    sentence: str
    kind: str
    additive: bool
    columns: tuple[str, ...]
    numbers: tuple[bool, ...]
    cells: tuple[tuple[str, ...], ...]
    count: int

    @property
    def left_out(self) -> int:
        """How many rows there are beyond those shown."""
        return self.count - len(self.cells)


def evidence_page(live: Live, found: Evidence) -> str:
    """Return the page of the rows behind one value of one trader, the weightiest `ROWS_SHOWN` of them."""
    return rendered("evidence.html", live=live, trader_id=found.trader_id, behind=table_of(found))


def table_of(found: Evidence, *, top: int = ROWS_SHOWN) -> Rows:
    """Return rows as a person reads them, each with what it adds to the value where that is a sum."""
    there = found.rows.column_names
    names = [name for name in NAMED if name in there]
    names += [name for name in there if name not in (*NAMED, "share", "known_on")]
    rows = found.rows.slice(0, top).to_pylist()
    columns = [[row[name] for row in rows] for name in names]
    cells = [
        [_cell(value, name=name) for value in column] for name, column in zip(names, columns, strict=True)
    ]
    if found.additive:
        names.append("adds")
        columns.append([row["share"] for row in rows])
        cells.append([_share(row["share"], found) for row in rows])
    return Rows(
        label=found.feature.label,
        sentence=found.feature.say(shown(found.value, found.feature.unit)),
        kind=ROWS[found.feature.source or ""].row,
        additive=found.additive,
        columns=tuple(name.replace("_", " ") for name in names),
        numbers=tuple(any(_is_number(value) for value in column) for column in columns),
        cells=tuple(zip(*cells, strict=True)),
        count=found.rows.num_rows,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def _cell(value: object, *, name: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(value)
        case date():
            return day(value)
        case _:
            return str(value)


def _number(value: float) -> str:
    """Money to the cent, ratios to four places, counts as they are."""
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:,.4f}"


def _share(share: float | None, found: Evidence) -> str:
    """What a row adds, in the value's own unit and, where that says something, of the whole."""
    if share is None:
        return ""
    own = shown(share, found.feature.unit)
    return f"{own} ({share / found.value:.1%})" if found.value else own
