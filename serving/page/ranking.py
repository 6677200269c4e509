"""The ranking as a page: every trader by expected yield, narrowed down by a plain form."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from features.data.contract.required import FINDING_TYPES
from serving.live.ranking import FACETS, Sought, narrowed
from serving.live.state import Live
from serving.page.render import rendered

ROWS_A_PAGE = 25


@dataclass(frozen=True)
class Listed:
    """What was sought, all that was found, and of these the page that is shown, of how many."""

    sought: Sought
    found: pa.Table
    page: int
    pages: int

    @property
    def rows(self) -> pa.Table:
        """The rows that are shown."""
        return self.found.slice((self.page - 1) * ROWS_A_PAGE, ROWS_A_PAGE)

    @property
    def trader_ids(self) -> tuple[str, ...]:
        """The traders that are shown."""
        return tuple(self.rows["trader_id"].to_pylist())


def listed(live: Live, *, query: Mapping[str, str], only: Collection[str] | None = None) -> Listed:
    """Return the part of the ranking that is asked for, 25 traders a page.

    - `query`: of the URL: `region`, `sector`, `size_band`, `finding_type` (the order is then by its money),
      `find` (part of an identifier or name) and `page`.
    - `only`: the traders that the reader may see; None for all.
    """
    sought = Sought.of(query)
    found = narrowed(live.ranking, sought, only=only)
    pages = max(1, -(-found.num_rows // ROWS_A_PAGE))
    return Listed(sought, found, min(sought.page, pages), pages)


def ranking_page(live: Live, shown: Listed) -> str:
    """Return a page of the ranking as HTML."""
    rows, column = shown.rows.to_pylist(), f"expected_{shown.sought.finding_type or 'yield'}"
    return rendered(
        "ranking.html",
        live=live,
        sought=shown.sought,
        rows=rows,
        column=column,
        most=max((abs(row[column]) for row in rows), default=0) or 1,
        count=shown.found.num_rows,
        total=pc.sum(shown.found[column]).as_py() or 0.0,
        page=shown.page,
        pages=shown.pages,
        labels=FACETS,
        choices={name: _choices(live.ranking[name]) for name in FACETS},
        findings=FINDING_TYPES,
    )


def _choices(column: pa.ChunkedArray) -> list[str]:
    return sorted(value for value in pc.unique(column).to_pylist() if value)
