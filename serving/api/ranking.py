"""GET /ranking: traders by the money expected of them, filtered, as JSON, CSV or XLSX."""

import json
from typing import Annotated

import pyarrow as pa
from fastapi import Query, Request
from fastapi.responses import Response

from features.data.contract.required import FINDING_TYPES
from features.snapshots.snapshot import AVAILABLE, DESCRIBED
from features.storage.spreadsheet import table_bytes
from serving.api.context import access_of, caller_of, context_of
from serving.api.request_schemas import FileFilters, Filters
from serving.api.response_schemas import Basis, Ranked
from serving.api.serialise import JSON, JsonObject, as_json, serialise_basis, serialise_predictions
from serving.live.case import with_predictions
from serving.live.ranking import FACETS, RankingQuery, filter_ranking
from serving.live.state import Live
from serving.log.entry import LogEntry
from serving.problems import ProblemError, ProblemKind

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    *(name for name in Ranked.model_fields if name != "by_type"),
    *(f"expected_{kind}" for kind in FINDING_TYPES),
    *Basis.model_fields,
)
"""The columns of the ranking as a file: the members of its JSON, side by side."""
ENDINGS = {CSV: ".csv", XLSX: ".xlsx"}


async def ranking(request: Request, filters: Annotated[Filters, Query()]) -> Response:
    """List traders by the money expected of them, a page at a time, as JSON or CSV by Accept."""
    media_type = preferred_media_type(request.headers.get("accept", "*/*"), offered=(JSON, CSV))
    body = await _answer(request, filters, media_type, endpoint="GET /ranking")
    content_type = f"{CSV}; charset=utf-8" if media_type == CSV else JSON
    return Response(body, media_type=content_type, headers={"vary": "accept"})


async def ranking_csv(request: Request, filters: Annotated[FileFilters, Query()]) -> Response:
    """Hand out the ranking as a CSV file, up to 10,000 traders of it."""
    body = await _answer(request, filters, CSV, endpoint="GET /ranking.csv")
    return Response(body, media_type=f"{CSV}; charset=utf-8", headers=_attachment("csv"))


async def ranking_xlsx(request: Request, filters: Annotated[FileFilters, Query()]) -> Response:
    """Hand out the ranking as a spreadsheet, up to 10,000 traders of it."""
    body = await _answer(request, filters, XLSX, endpoint="GET /ranking.xlsx")
    return Response(body, media_type=XLSX, headers=_attachment("xlsx"))


def _attachment(ending: str) -> dict[str, str]:
    return {"content-disposition": f"attachment; filename=ranking.{ending}"}


async def _answer(request: Request, filters: Filters, media_type: str, *, endpoint: str) -> bytes:
    """Log the page of the ranking that was asked for, and return it in a form."""
    names = [name for name in request.query_params if name not in FACETS]
    if repeated := [name for name in names if len(request.query_params.getlist(name)) > 1]:
        raise ProblemError(
            ProblemKind.MALFORMED, f"{repeated[0]} stands twice.", expected="each filter of this kind once."
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
        lambda: _log_entry(live, rows, request, filters, endpoint), rows=rows.num_rows, caller=caller.name
    )
    ids = await context.log_answer(entry)
    counts = {
        "page": filters.page,
        "pages": -(-matches.num_rows // filters.page_size),
        "total": matches.num_rows,
    }

    def content() -> bytes:
        traders, basis = _serialise_rows(live, rows, ids), serialise_basis(live, live.basis)
        if media_type in ENDINGS:
            return table_bytes(_flat(traders, basis), ENDINGS[media_type])
        return as_json({"basis": basis, **counts, "rows": traders})

    return await context.run(content, rows=rows.num_rows, caller=caller.name)


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
        region=tuple(filters.region),
        sector=tuple(filters.sector),
        size_band=tuple(filters.size_band),
        office_code=tuple(filters.office_code),
        audited=filters.audited or "",
        tax_audited=filters.tax_audited or "",
        aeo=filters.aeo or "",
        not_since=filters.not_since,
        due_before=filters.due_before,
        least_money=filters.least_money,
        most_hours=filters.most_hours,
        finding_type=filters.finding_type or "",
        order=filters.order or "",
    )
    return filter_ranking(live.ranking, query, only=only)


def _log_entry(live: Live, rows: pa.Table, request: Request, filters: Filters, endpoint: str) -> LogEntry:
    applied = filters.model_dump(mode="json", exclude_none=True, exclude={"purpose"})
    detail = json.dumps({name: value for name, value in applied.items() if value != []}, sort_keys=True)
    access = access_of(request, filters.purpose, endpoint=endpoint, detail=detail)
    entry = LogEntry(access, live.basis, tuple(rows["trader_id"].to_pylist()))
    return with_predictions(live, entry) if rows.num_rows else entry


def _serialise_rows(live: Live, rows: pa.Table, ids: tuple[str, ...]) -> list[JsonObject]:
    if not rows.num_rows:
        return []
    traders = rows["trader_id"].to_pylist()
    predictions = serialise_predictions(
        live.rounded.taken(live.rows(traders)), trader_ids=traders, prediction_ids=ids
    )
    descriptions = rows.select(
        ["rank", *DESCRIBED, *AVAILABLE, "expected_hours", "money_an_hour"]
    ).to_pylist()
    return [one | description for one, description in zip(predictions, descriptions, strict=True)]


def _flat(rows: list[JsonObject], basis: JsonObject) -> pa.Table:
    """Return rows as a table, with what they rest on beside each of them."""
    same = basis | {"warnings": " ".join(basis["warnings"])}
    flat = [
        row | {f"expected_{kind}": amount for kind, amount in row["by_type"].items()} | same for row in rows
    ]
    return pa.table({name: pa.array([row[name] for row in flat]) for name in COLUMNS})
