"""POST /outcomes: what an audit found, and what people made of the prediction before it."""

import json

from fastapi import Request
from fastapi.responses import Response

from features.errors import DataError
from serving.api.context import ReadableLog, access_of, caller_of, context_of, json_response, read_payload
from serving.api.request_schemas import Outcome, Reported
from serving.api.serialise import serialise_basis
from serving.ledger.record import RecordedOutcome, record_outcome
from serving.live.submitted import Row
from serving.log.entry import Decision, LogEntry


async def outcomes(request: Request) -> Response:
    """Record what an audit found in the findings ledger; sent again, it changes nothing."""
    event = (await read_payload(request, Outcome)).model_dump()
    judgement = {name: event.pop(name) for name in Reported.model_fields}
    context, caller = context_of(request), caller_of(request)
    live = context.live
    access, basis = access_of(request, judgement["purpose"], endpoint="POST /outcomes"), live.basis
    decision = _decision(judgement, event)

    def record() -> RecordedOutcome:
        context.log.require_free(access, decision)
        return record_outcome(
            live.dataset,
            event,
            caller=caller,
            now=context.clock(),
            confirm=judgement["confirm"],
            predicted=_predicted(context.log, judgement["prediction_id"]),
        )

    recorded = await context.warehouse_worker.run(record, caller=caller.name)
    [prediction_id] = await context.log_answer(
        LogEntry(access, basis, (recorded.trader_id,), decision=decision)
    )
    response = json_response(
        {
            "basis": serialise_basis(live, basis),
            "prediction_id": prediction_id,
            "audit_id": event["audit_id"],
            "event_number": event["event_number"],
            "recorded": recorded.is_new,
            "known_on": recorded.known_on,
            "confirmed": recorded.is_confirmed,
        }
    )
    response.status_code = 201 if recorded.is_new else 200
    return response


def _predicted(log: ReadableLog, prediction_id: str | None) -> tuple[str, ...] | None:
    """Return of whom a prediction was, of nobody where there is none of that id, None where none is named."""
    if prediction_id is None:
        return None
    try:
        return log.read(prediction_id).entry.trader_ids
    except DataError:
        return ()


def _decision(judgement: Row, event: Row) -> Decision:
    return Decision(
        about=judgement["prediction_id"],
        human_decision=judgement["human_decision"],
        override_reason=judgement["override_reason"],
        outcome=json.dumps(event, default=str, sort_keys=True),
    )
