"""POST /outcomes: what an audit found, and what people made of the prediction before it."""

import json

from fastapi import Request
from fastapi.responses import Response

from serving.api.context import answer, asked, body, caller, desk
from serving.api.request_schemas import Judgement, Outcome
from serving.api.serialise import basis_plain
from serving.ledger.record import Recorded, record_outcome
from serving.live.submitted import Row
from serving.log.entry import Decision, Entry


async def outcomes(request: Request) -> Response:
    """Record what an audit found in the findings ledger; sent again, it changes nothing."""
    event = (await body(request, Outcome)).model_dump()
    judged = {name: event.pop(name) for name in Judgement.model_fields}
    at, live, who = desk(request), desk(request).holder.current, caller(request)
    told, basis = asked(request, judged["purpose"], endpoint="POST /outcomes"), live.basis
    decision = _decision(judged, event)

    def record() -> Recorded:
        at.log.require_free(told, decision)
        return record_outcome(live.dataset, event, caller=who, today=at.today)

    recorded = await at.warehouse.run(record)
    [logged] = await at.keep(Entry(told, basis, (recorded.trader_id,), decision=decision))
    answered = answer(
        {
            "basis": basis_plain(basis),
            "prediction_id": logged,
            "audit_id": event["audit_id"],
            "event_number": event["event_number"],
            "recorded": recorded.now,
            "known_on": recorded.known_on,
        }
    )
    answered.status_code = 201 if recorded.now else 200
    return answered


def _decision(judged: Row, event: Row) -> Decision:
    return Decision(
        about=judged["prediction_id"],
        human_decision=judged["human_decision"],
        override_reason=judged["override_reason"],
        outcome=json.dumps(event, default=str, sort_keys=True),
    )
