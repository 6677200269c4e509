"""POST /judgements: what somebody says of an estimate, as JSON or by the form of a trader's page."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from features.errors import DataError
from serving.api.context import (
    access_of,
    caller_of,
    context_of,
    json_response,
    read_payload,
    require_own,
    sent_by_form,
)
from serving.api.request_schemas import CaseJudgement
from serving.api.serialise import serialise_basis, unknown_problem
from serving.log.entry import LogEntry
from serving.log.judgements import ENDPOINT, Opinion
from serving.page.render import part
from serving.problems import ProblemError, ProblemKind

SEEN = 303
"""The status that leads a browser from a form to a page that shows what became of it."""


async def judgements(request: Request) -> Response:
    """Log what the caller says of an estimate; a form leads back to the page of the trader."""
    payload = await read_payload(request, CaseJudgement)
    require_own(request, [payload.trader_id])
    context = context_of(request)
    live = context.live
    if payload.trader_id not in live.row_index:
        raise unknown_problem([payload.trader_id])
    if payload.feature is not None and payload.feature not in live.bundle.names:
        raise ProblemError(
            ProblemKind.MALFORMED,
            "The model has no such feature.",
            expected="one that the page or POST /explain names.",
        )
    await context.workers.run(lambda: _require_of_trader(request, payload), caller=caller_of(request).name)
    opinion = Opinion(**payload.model_dump(exclude={"trader_id", "prediction_id"}))
    [judgement_id] = await context.log_answer(
        LogEntry(
            access_of(request, None, endpoint=ENDPOINT),
            live.basis,
            (payload.trader_id,),
            decision=opinion.decision(payload.prediction_id),
        )
    )
    if sent_by_form(request):
        return RedirectResponse(f"/traders/{part(payload.trader_id)}#judgements", SEEN)
    return json_response({"basis": serialise_basis(live, live.basis), "judgement_id": judgement_id})


def _require_of_trader(request: Request, payload: CaseJudgement) -> None:
    """Raise `ProblemError` where the prediction that is named is not one of the trader."""
    if payload.prediction_id is None:
        return
    try:
        traders = context_of(request).log.read(payload.prediction_id).entry.trader_ids
    except DataError:
        traders = ()
    if traders != (payload.trader_id,):
        raise ProblemError(
            ProblemKind.MALFORMED,
            "The log has no such prediction of the trader.",
            expected="the id that an answer or a page about this trader named.",
        )
