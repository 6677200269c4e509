"""The ranking as a page: every trader by expected yield, narrowed down by a plain form."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc

from features.contract.required import FINDING_TYPES
from serving.live import Live
from serving.page.render import rendered

ROWS_A_PAGE = 25
FACETS = {"region": "Region", "sector": "Sector", "size_band": "Size"}
"""What the ranking can be narrowed down to, each with its label."""


@dataclass(frozen=True)
class Sought:
    """What a reader of the ranking looks for; empty strings for everything."""

    find: str = ""
    region: str = ""
    sector: str = ""
    size_band: str = ""
    finding_type: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Sought":
        """Read the query of a URL; what cannot be understood is as if it was not asked."""
        text = {name: query.get(name, "").strip() for name in ("find", *FACETS, "finding_type")}
        if text["finding_type"] not in FINDING_TYPES:
            text["finding_type"] = ""
        page = query.get("page", "")
        return cls(
            **text, page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 9 else 1
        )

    def link(self, page: int) -> str:
        """Return the query of another page of the same."""
        return "?" + urlencode({k: v for k, v in {**asdict(self), "page": page}.items() if v})


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


def narrowed(ranking: pa.Table, sought: Sought, *, only: Collection[str] | None = None) -> pa.Table:
    """Return the rows of a ranking that are looked for, by the money of the finding type where one is."""
    kept = pa.array([True] * ranking.num_rows)
    for name in FACETS:
        if value := getattr(sought, name):
            kept = pc.and_(kept, pc.fill_null(pc.equal(ranking[name], value), False))
    if sought.find:
        named = pc.or_(_has(ranking["trader_id"], sought.find), _has(ranking["name"], sought.find))
        kept = pc.and_(kept, named)
    if only is not None:
        kept = pc.and_(kept, pc.is_in(ranking["trader_id"], pa.array(sorted(only), pa.string())))
    found = ranking.filter(kept)
    by_type = [(f"expected_{sought.finding_type}", "descending"), ("trader_id", "ascending")]
    return found.sort_by(by_type) if sought.finding_type else found


def _has(column: pa.ChunkedArray, text: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring(column, text, ignore_case=True), False)


def _choices(column: pa.ChunkedArray) -> list[str]:
    return sorted(value for value in pc.unique(column).to_pylist() if value)
