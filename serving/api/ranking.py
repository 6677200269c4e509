"""GET /ranking: every trader by the money expected of it, narrowed down, as JSON or CSV."""

import csv
import io
import json
from typing import Annotated

import pyarrow as pa
from fastapi import Query, Request
from fastapi.responses import Response

from features.data.contract.required import FINDING_TYPES
from features.snapshots.snapshot import DESCRIBED
from features.storage.spreadsheet import inert
from serving.api import response_schemas
from serving.api.context import asked, caller, desk
from serving.api.request_schemas import Filters
from serving.api.response_schemas import Ranked
from serving.api.serialise import JSON, Plain, as_json, basis_plain, said_plain
from serving.live.case import predicted
from serving.live.ranking import Sought, narrowed
from serving.live.state import Live
from serving.log.entry import Entry
from serving.problems import Kind, ProblemError

CSV = "text/csv"
COLUMNS = (
    *(name for name in Ranked.model_fields if name != "by_type"),
    *(f"expected_{kind}" for kind in FINDING_TYPES),
    *response_schemas.Basis.model_fields,
)
"""Of the ranking as CSV: what it is as JSON, side by side."""


async def ranking(request: Request, filters: Annotated[Filters, Query()]) -> Response:
    """List traders by the money expected of them, a page at a time, as JSON or CSV by Accept."""
    form = wanted(request.headers.get("accept", "*/*"), offered=(JSON, CSV))
    if repeated := [name for name in request.query_params if len(request.query_params.getlist(name)) > 1]:
        raise ProblemError(Kind.MALFORMED, f"{repeated[0]} stands twice.", expected="each filter once.")
    at, live = desk(request), desk(request).holder.current
    only = caller(request).traders
    found = await at.make(lambda: _narrowed(live, filters, only=only), rows=live.ranking.num_rows)
    rows = found.slice((filters.page - 1) * filters.page_size, filters.page_size)
    entry = await at.make(lambda: _ranked(live, rows, request, filters), rows=rows.num_rows)
    ids = await at.keep(entry)
    about = {
        "page": filters.page,
        "pages": -(-found.num_rows // filters.page_size),
        "total": found.num_rows,
    }

    def content() -> bytes:
        plain, basis = _rows_plain(live, rows, ids), basis_plain(live.basis)
        return _csv(plain, basis) if form == CSV else as_json({"basis": basis, **about, "rows": plain})

    kind = f"{CSV}; charset=utf-8" if form == CSV else JSON
    return Response(await at.make(content, rows=rows.num_rows), media_type=kind, headers={"vary": "accept"})


def wanted(accept: str, *, offered: tuple[str, ...]) -> str:
    """Return the media type of those offered that a caller likes best; raises `ProblemError` for none."""
    liked = {name: max((q for q in _liking(accept, name)), default=0.0) for name in offered}
    best = max(offered, key=lambda name: liked[name])
    if liked[best] <= 0:
        raise ProblemError(
            Kind.NOT_ACCEPTABLE, "The ranking has no such form.", expected=f"Accept: {' or '.join(offered)}."
        )
    return best


def _liking(accept: str, name: str) -> list[float]:
    """The quality values (RFC 9110) of the parts of Accept that fit a media type, the most specific alone."""
    fits = {name: 2, f"{name.partition('/')[0]}/*": 1, "*/*": 0}
    found = []
    for part in accept.split(","):
        kind, *parameters = (text.strip().lower() for text in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        if kind in fits:
            found.append((fits[kind], float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0))
    most = max((specific for specific, _ in found), default=0)
    return [quality for specific, quality in found if specific == most]


def _narrowed(live: Live, filters: Filters, *, only: frozenset[str] | None) -> pa.Table:
    sought = Sought(
        region=filters.region or "",
        sector=filters.sector or "",
        size_band=filters.size_band or "",
        finding_type=filters.finding_type or "",
    )
    return narrowed(live.ranking, sought, only=only)


def _ranked(live: Live, rows: pa.Table, request: Request, filters: Filters) -> Entry:
    detail = json.dumps(filters.model_dump(exclude_none=True, exclude={"purpose"}), sort_keys=True)
    who = asked(request, filters.purpose, endpoint="GET /ranking", detail=detail)
    entry = Entry(who, live.basis, tuple(rows["trader_id"].to_pylist()))
    return predicted(live, entry) if rows.num_rows else entry


def _rows_plain(live: Live, rows: pa.Table, ids: tuple[str, ...]) -> list[Plain]:
    if not rows.num_rows:
        return []
    traders = rows["trader_id"].to_pylist()
    said = said_plain(live.told.taken(live.rows(traders)), trader_ids=traders, prediction_ids=ids)
    described = rows.select(["rank", *DESCRIBED]).to_pylist()
    return [one | more for one, more in zip(said, described, strict=True)]


def _csv(rows: list[Plain], basis: Plain) -> bytes:
    """Write rows for a spreadsheet, with nothing in them that it would take for a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for row in rows:
        flat = {name: value for name, value in row.items() if name != "by_type"}
        money = {f"expected_{kind}": amount for kind, amount in row["by_type"].items()}
        writer.writerow({name: inert(value) for name, value in (flat | money | basis).items()})
    return text.getvalue().encode()
