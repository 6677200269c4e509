"""The ranking narrowed down: to a region, sector, size, finding type, name or the traders one may see."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc

from features.data.contract.required import FINDING_TYPES

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
