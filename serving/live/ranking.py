"""Filter the ranking: by region, sector, size, finding type, name, or the traders that a caller may see."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc

from features.data.contract.required import FINDING_TYPES

FACETS = {"region": "Region", "sector": "Sector", "size_band": "Size"}
"""The columns by which the ranking can be filtered, each with its label."""


@dataclass(frozen=True)
class RankingQuery:
    """Filters of the ranking; an empty string filters nothing."""

    find: str = ""
    region: str = ""
    sector: str = ""
    size_band: str = ""
    finding_type: str = ""
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "RankingQuery":
        """Read the query of a URL; a value that cannot be understood filters nothing."""
        text = {name: parameters.get(name, "").strip() for name in ("find", *FACETS, "finding_type")}
        if text["finding_type"] not in FINDING_TYPES:
            text["finding_type"] = ""
        page = parameters.get("page", "")
        return cls(
            **text, page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 9 else 1
        )

    def link(self, page: int) -> str:
        """Return the query string of another page."""
        return "?" + urlencode({k: v for k, v in {**asdict(self), "page": page}.items() if v})


def filter_ranking(
    ranking: pa.Table, query: RankingQuery, *, only: Collection[str] | None = None
) -> pa.Table:
    """Return the matching rows of a ranking, ordered by the money of the finding type where one is given.

    Among the traders `only` they have no `rank`: it would tell how many others stand before them.
    """
    mask = pa.array([True] * ranking.num_rows)
    for name in FACETS:
        if value := getattr(query, name):
            mask = pc.and_(mask, pc.fill_null(pc.equal(ranking[name], value), False))
    if query.find:
        name_mask = pc.or_(
            _contains(ranking["trader_id"], query.find), _contains(ranking["name"], query.find)
        )
        mask = pc.and_(mask, name_mask)
    if only is not None:
        mask = pc.and_(mask, pc.is_in(ranking["trader_id"], pa.array(sorted(only), pa.string())))
        ranking = without_ranks(ranking)
    matches = ranking.filter(mask)
    by_type = [(f"expected_{query.finding_type}", "descending"), ("trader_id", "ascending")]
    return matches.sort_by(by_type) if query.finding_type else matches


def without_ranks(ranking: pa.Table) -> pa.Table:
    """Return a ranking whose ranks are null."""
    position = ranking.column_names.index("rank")
    return ranking.set_column(position, "rank", pa.nulls(ranking.num_rows, ranking["rank"].type))


def _contains(column: pa.ChunkedArray, text: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring(column, text, ignore_case=True), False)
