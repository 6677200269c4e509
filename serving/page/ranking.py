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
FACETS = {"region": "region", "sector": "sector", "size": "size_band"}


@dataclass(frozen=True)
class Asked:
    """What a reader of the ranking asks for; empty strings for everything."""

    find: str = ""
    region: str = ""
    sector: str = ""
    size: str = ""
    finding: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Read the query of a URL; what cannot be understood is as if it was not asked."""
        text = {name: query.get(name, "").strip() for name in ("find", *FACETS, "finding")}
        if text["finding"] not in FINDING_TYPES:
            text["finding"] = ""
        page = query.get("page", "")
        return cls(
            **text, page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 9 else 1
        )

    def link(self, page: int) -> str:
        """Return the query of another page of the same."""
        return "?" + urlencode({k: v for k, v in {**asdict(self), "page": page}.items() if v})


def ranking_page(live: Live, *, query: Mapping[str, str], only: Collection[str] | None = None) -> str:
    """Return the ranking as HTML, 25 traders a page.

    - `query`: of the URL: `region`, `sector`, `size`, `finding` (a finding type: the order is then by its
      money), `find` (part of an identifier or name) and `page`.
    - `only`: the traders that the reader may see; None for all.
    """
    asked = Asked.of(query)
    found = asked_for(live.ranking, asked, only=only)
    pages = max(1, -(-found.num_rows // ROWS_A_PAGE))
    page = min(asked.page, pages)
    rows = found.slice((page - 1) * ROWS_A_PAGE, ROWS_A_PAGE).to_pylist()
    column = f"expected_{asked.finding or 'yield'}"
    return rendered(
        "ranking.html",
        live=live,
        asked=asked,
        rows=rows,
        column=column,
        most=max((abs(row[column]) for row in rows), default=0) or 1,
        count=found.num_rows,
        total=pc.sum(found[column]).as_py() or 0.0,
        page=page,
        pages=pages,
        choices={name: _choices(live.ranking[name_of]) for name, name_of in FACETS.items()},
        findings=FINDING_TYPES,
        types=[kind for kind in FINDING_TYPES if f"expected_{kind}" in found.column_names],
    )


def asked_for(ranking: pa.Table, asked: Asked, *, only: Collection[str] | None = None) -> pa.Table:
    """Return the rows of a ranking that are asked for, by the money of the finding type where one is."""
    kept = pa.array([True] * ranking.num_rows)
    for name, column in FACETS.items():
        if value := getattr(asked, name):
            kept = pc.and_(kept, pc.fill_null(pc.equal(ranking[column], value), False))
    if asked.find:
        kept = pc.and_(
            kept, pc.or_(_has(ranking["trader_id"], asked.find), _has(ranking["name"], asked.find))
        )
    if only is not None:
        kept = pc.and_(kept, pc.is_in(ranking["trader_id"], pa.array(sorted(only), pa.string())))
    found = ranking.filter(kept)
    by_type = [(f"expected_{asked.finding}", "descending"), ("trader_id", "ascending")]
    return found.sort_by(by_type) if asked.finding else found


def _has(column: pa.ChunkedArray, text: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring(column, text, ignore_case=True), False)


def _choices(column: pa.ChunkedArray) -> list[str]:
    return sorted(value for value in pc.unique(column).to_pylist() if value)
