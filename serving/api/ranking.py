"""GET /ranking: traders by the money expected of them, filtered, as JSON or CSV."""

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
from serving.api.context import access_of, caller_of, context_of
from serving.api.request_schemas import Filters
from serving.api.response_schemas import Basis, Ranked
from serving.api.serialise import JSON, JsonObject, as_json, serialise_basis, serialise_predictions
from serving.live.case import with_predictions
from serving.live.ranking import RankingQuery, filter_ranking
from serving.live.state import Live
from serving.log.entry import LogEntry
from serving.problems import ProblemError, ProblemKind

CSV = "text/csv"
COLUMNS = (
    *(name for name in Ranked.model_fields if name != "by_type"),
    *(f"expected_{kind}" for kind in FINDING_TYPES),
    *Basis.model_fields,
)
"""The columns of the ranking as CSV: the members of its JSON, side by side."""


async def ranking(request: Request, filters: Annotated[Filters, Query()]) -> Response:
    """List traders by the money expected of them, a page at a time, as JSON or CSV by Accept."""
    media_type = preferred_media_type(request.headers.get("accept", "*/*"), offered=(JSON, CSV))
    if repeated := [name for name in request.query_params if len(request.query_params.getlist(name)) > 1]:
        raise ProblemError(
            ProblemKind.MALFORMED, f"{repeated[0]} stands twice.", expected="each filter once."
        )
    context = context_of(request)
    live = context.live
    caller = caller_of(request)
    matches = await context.run(
        lambda: _filter_ranking(live, filters, only=caller.traders),
        rows=live.ranking.num_rows,
        caller=caller.name,
    )
    rows = matches.slice((filters.page - 1) * filters.page_size, filters.page_size)
    entry = await context.run(
        lambda: _log_entry(live, rows, request, filters), rows=rows.num_rows, caller=caller.name
    )
    ids = await context.log_answer(entry)
    counts = {
        "page": filters.page,
        "pages": -(-matches.num_rows // filters.page_size),
        "total": matches.num_rows,
    }

    def content() -> bytes:
        traders, basis = _serialise_rows(live, rows, ids), serialise_basis(live, live.basis)
        if media_type == CSV:
            return _csv(traders, basis)
        return as_json({"basis": basis, **counts, "rows": traders})

    content_type = f"{CSV}; charset=utf-8" if media_type == CSV else JSON
    body = await context.run(content, rows=rows.num_rows, caller=caller.name)
    return Response(body, media_type=content_type, headers={"vary": "accept"})


def preferred_media_type(accept: str, *, offered: tuple[str, ...]) -> str:
    """Return the media type offered that a caller prefers; raises `ProblemError` where none is acceptable."""
    quality = {name: max(_qualities(accept, name), default=0.0) for name in offered}
    best = max(offered, key=lambda name: quality[name])
    if quality[best] <= 0:
        raise ProblemError(
            ProblemKind.NOT_ACCEPTABLE,
            "The ranking has no such form.",
            expected=f"Accept: {' or '.join(offered)}.",
        )
    return best


def _qualities(accept: str, name: str) -> list[float]:
    """Return the quality values (RFC 9110) of the most specific parts of Accept that match a media type."""
    fits = {name: 2, f"{name.partition('/')[0]}/*": 1, "*/*": 0}
    matches = []
    for part in accept.split(","):
        kind, *parameters = (text.strip().lower() for text in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        if kind in fits:
            matches.append((fits[kind], float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0))
    most = max((specific for specific, _ in matches), default=0)
    return [quality for specific, quality in matches if specific == most]


def _filter_ranking(live: Live, filters: Filters, *, only: frozenset[str] | None) -> pa.Table:
    query = RankingQuery(
        region=filters.region or "",
        sector=filters.sector or "",
        size_band=filters.size_band or "",
        finding_type=filters.finding_type or "",
    )
    return filter_ranking(live.ranking, query, only=only)


def _log_entry(live: Live, rows: pa.Table, request: Request, filters: Filters) -> LogEntry:
    detail = json.dumps(filters.model_dump(exclude_none=True, exclude={"purpose"}), sort_keys=True)
    access = access_of(request, filters.purpose, endpoint="GET /ranking", detail=detail)
    entry = LogEntry(access, live.basis, tuple(rows["trader_id"].to_pylist()))
    return with_predictions(live, entry) if rows.num_rows else entry


def _serialise_rows(live: Live, rows: pa.Table, ids: tuple[str, ...]) -> list[JsonObject]:
    if not rows.num_rows:
        return []
    traders = rows["trader_id"].to_pylist()
    predictions = serialise_predictions(
        live.rounded.taken(live.rows(traders)), trader_ids=traders, prediction_ids=ids
    )
    descriptions = rows.select(["rank", *DESCRIBED]).to_pylist()
    return [one | description for one, description in zip(predictions, descriptions, strict=True)]


def _csv(rows: list[JsonObject], basis: JsonObject) -> bytes:
    """Write rows for a spreadsheet, with nothing in them that it would take for a formula."""
    text, same = io.StringIO(), basis | {"warnings": " ".join(basis["warnings"])}
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for row in rows:
        flat = {name: value for name, value in row.items() if name != "by_type"}
        money = {f"expected_{kind}": amount for kind, amount in row["by_type"].items()}
        writer.writerow({name: inert(value) for name, value in (flat | money | same).items()})
    return text.getvalue().encode()
