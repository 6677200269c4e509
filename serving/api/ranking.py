"""GET /ranking: traders by the money expected of them, filtered, as JSON, CSV or XLSX."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO

import pyarrow as pa
from fastapi import Query, Request
from fastapi.responses import Response

from features.data.contract.required import FINDING_TYPES
from features.errors import SettingError, did_you_mean
from features.snapshots.snapshot import AVAILABLE, DESCRIBED
from features.storage.csv_file import CsvForm, csv_blocks
from features.storage.spreadsheet import ROWS_A_BLOCK, write_rows
from serving.api.context import access_of, caller_of, context_of, require_all_traders
from serving.api.request_schemas import CsvFilters, FileFilters, Filters
from serving.api.response_schemas import Basis, Ranked
from serving.api.serialise import JSON, JsonObject, as_json, serialise_basis, serialise_predictions
from serving.api.stored_file import StoredFile, stored, stored_by
from serving.live.case import with_predictions
from serving.live.ranking import FACETS, RankingQuery, feature_column, filter_ranking, with_features
from serving.live.state import Live
from serving.log.entry import LogEntry
from serving.problems import ProblemError, ProblemKind
from serving.workers import Result

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    *(name for name in Ranked.model_fields if name not in ("by_type", "features")),
    *(f"expected_{kind}" for kind in FINDING_TYPES),
    *Basis.model_fields,
)
"""The columns of the ranking as a file: the members of its JSON, side by side."""
HOURS = ("expected_hours", "money_an_hour")
SEVERAL = {*FACETS, "columns", "where"}
"""The filters that may stand several times."""
VARY = {"vary": "accept"}


async def ranking(request: Request, filters: Annotated[Filters, Query()]) -> Response:
    """List traders by the money expected of them, a page at a time, as JSON or CSV by Accept."""
    media_type = preferred_media_type(request.headers.get("accept", "*/*"), offered=(JSON, CSV))
    page = await _logged_page(request, filters, endpoint="GET /ranking")
    if media_type == CSV:
        body = await _made(request, page, lambda: b"".join(csv_blocks(page.tables(), CsvForm.read())))
        return Response(body, media_type=f"{CSV}; charset=utf-8", headers=VARY)
    return Response(
        await _made(request, page, lambda: _as_json(page, filters)), media_type=JSON, headers=VARY
    )


async def ranking_csv(request: Request, filters: Annotated[CsvFilters, Query()]) -> Response:
    """Hand out the ranking as a CSV file, with as many traders as asked for, in the form asked for."""
    form = csv_form(filters)
    page = await _logged_page(request, filters, endpoint="GET /ranking.csv")
    file = await _made(request, page, lambda: stored(csv_blocks(page.tables(), form)))
    return StoredFile(file, media_type=f"{CSV}; charset=utf-8", headers=_attachment("csv"))


async def ranking_xlsx(request: Request, filters: Annotated[FileFilters, Query()]) -> Response:
    """Hand out the ranking as a spreadsheet, with as many traders as asked for, up to the rows of a sheet."""
    page = await _logged_page(request, filters, endpoint="GET /ranking.xlsx")

    def write(file: BinaryIO) -> None:
        write_rows(pa.concat_tables(page.tables()), file)

    file = await _made(request, page, lambda: stored_by(write))
    return StoredFile(file, media_type=XLSX, headers=_attachment("xlsx"))


def csv_form(filters: CsvFilters) -> CsvForm:
    """Return the form of CSV that is asked for, else that of the service; raises `ProblemError`."""
    try:
        return CsvForm.read(
            {
                "separator": filters.separator,
                "decimal": filters.decimal,
                "byte_order_mark": filters.byte_order_mark,
            }
        )
    except SettingError as error:
        raise ProblemError(
            ProblemKind.MALFORMED, error.found, expected=error.expected, advice=error.advice
        ) from error


def _attachment(ending: str) -> dict[str, str]:
    return {"content-disposition": f"attachment; filename=ranking.{ending}"}


@dataclass(frozen=True)
class LoggedPage:
    """A page of the ranking that was logged: its rows, the features beside them, and how many there are.

    `ids` are the prediction ids of the rows, `total` the traders that the filters leave.
    """

    live: Live
    rows: pa.Table
    features: tuple[str, ...]
    ids: tuple[str, ...]
    total: int

    def tables(self) -> Iterator[pa.Table]:
        """Yield the page as tables of some thousand rows, at least one, each with what it rests on."""
        basis = serialise_basis(self.live, self.live.basis)
        for start in range(0, max(self.rows.num_rows, 1), ROWS_A_BLOCK):
            yield _flat(self.serialised(start, ROWS_A_BLOCK), basis, self.features)

    def serialised(self, start: int, count: int) -> list[JsonObject]:
        """Return some of the rows as they are answered."""
        rows, ids = self.rows.slice(start, count), self.ids[start : start + count]
        return _serialise_rows(self.live, rows, ids, self.features)


async def _logged_page(request: Request, filters: Filters, *, endpoint: str) -> LoggedPage:
    """Log the page of the ranking that is asked for, and return it; raises `ProblemError`."""
    names = [name for name in request.query_params if name not in SEVERAL]
    if repeated := [name for name in names if len(request.query_params.getlist(name)) > 1]:
        raise ProblemError(
            ProblemKind.MALFORMED, f"{repeated[0]} stands twice.", expected="each filter of this kind once."
        )
    context = context_of(request)
    live = context.live
    caller = caller_of(request)
    query = _query(filters)
    _require_features(live, query)
    if filters.new_among is not None:
        _require_ranks_before(request, live)
    matches = await context.run(
        lambda: filter_ranking(with_features(live, query.features), query, only=caller.traders),
        rows=live.ranking.num_rows,
        caller=caller.name,
    )
    rows = matches.slice((filters.page - 1) * filters.page_size, filters.page_size)
    entry = await context.run(
        lambda: _log_entry(live, rows, request, filters, endpoint), rows=rows.num_rows, caller=caller.name
    )
    return LoggedPage(live, rows, query.columns, await context.log_answer(entry), matches.num_rows)


def _require_features(live: Live, query: RankingQuery) -> None:
    """Raise `ProblemError` for a feature that the model does not take, with the one that is nearest."""
    for name in query.features:
        if name not in live.bundle.names:
            raise ProblemError(
                ProblemKind.MALFORMED,
                f"The model takes no feature '{name}'.",
                expected="features by their names.",
                advice=f"GET /models lists them.{did_you_mean(name, live.bundle.names)}",
            )


def _require_ranks_before(request: Request, live: Live) -> None:
    """Raise `ProblemError` where nobody knows who was among the first a month before, or may not know."""
    require_all_traders(request, expected="a token for all of them: ranks are among all.")
    if live.ranks_before is None:
        raise ProblemError(
            ProblemKind.CONFLICT,
            "No snapshot of a month before is kept, so nobody knows who is new.",
            expected="one of that day, or of the week before it.",
            advice="A service that runs every day keeps them; audit-yield score as of that day makes one.",
        )


async def _made(request: Request, page: LoggedPage, work: Callable[[], Result]) -> Result:
    """Return what work on a page returns; in a thread where that is long."""
    return await context_of(request).run(work, rows=page.rows.num_rows, caller=caller_of(request).name)


def _as_json(page: LoggedPage, filters: Filters) -> bytes:
    before = page.live.ranks_before
    return as_json(
        {
            "basis": serialise_basis(page.live, page.live.basis),
            "page": filters.page,
            "pages": -(-page.total // filters.page_size),
            "total": page.total,
            "month_before": before.day if before else None,
            "rows": page.serialised(0, page.rows.num_rows),
        }
    )


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


def _query(filters: Filters) -> RankingQuery:
    return RankingQuery(
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
        new_among=filters.new_among,
        columns=tuple(dict.fromkeys(filters.columns)),
        where=tuple(filters.where),
        finding_type=filters.finding_type or "",
        order=filters.order or "",
    )


def _log_entry(live: Live, rows: pa.Table, request: Request, filters: Filters, endpoint: str) -> LogEntry:
    applied = filters.model_dump(mode="json", exclude_none=True, exclude={"purpose"})
    detail = json.dumps({name: value for name, value in applied.items() if value != []}, sort_keys=True)
    access = access_of(request, filters.purpose, endpoint=endpoint, detail=detail)
    entry = LogEntry(access, live.basis, tuple(rows["trader_id"].to_pylist()))
    return with_predictions(live, entry) if rows.num_rows else entry


def _serialise_rows(
    live: Live, rows: pa.Table, ids: tuple[str, ...], features: tuple[str, ...]
) -> list[JsonObject]:
    if not rows.num_rows:
        return []
    traders = rows["trader_id"].to_pylist()
    predictions = serialise_predictions(
        live.rounded.taken(live.rows(traders)), trader_ids=traders, prediction_ids=ids
    )
    descriptions = rows.select(["rank", "rank_before", *DESCRIBED, *AVAILABLE, *HOURS]).to_pylist()
    columns = [rows[feature_column(name)].to_pylist() for name in features]
    values = zip(*columns, strict=True) if columns else [()] * rows.num_rows
    return [
        one | description | {"features": dict(zip(features, of_trader, strict=True))}
        for one, description, of_trader in zip(predictions, descriptions, values, strict=True)
    ]


def _flat(rows: list[JsonObject], basis: JsonObject, features: tuple[str, ...]) -> pa.Table:
    """Return rows as a table, with what they rest on and the features beside each of them."""
    same = basis | {"warnings": " ".join(basis["warnings"])}
    flat = [
        {
            **{f"expected_{kind}": amount for kind, amount in row["by_type"].items()},
            **same,
            **row,
            **row["features"],
        }
        for row in rows
    ]
    return pa.table({name: pa.array([row[name] for row in flat]) for name in (*COLUMNS, *features)})
