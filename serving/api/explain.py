"""POST /explain and POST /score_declarations: reasons in money, as known and with other declarations."""

from dataclasses import replace
from datetime import date
from itertools import islice

import numpy as np
from fastapi import Request
from fastapi.responses import Response

from features.evidence import Evidence
from features.unit import format_value
from models.prediction import Floats
from serving.access.tokens import Caller
from serving.api.context import (
    access_of,
    caller_of,
    context_of,
    json_response,
    rank_of,
    read_payload,
    require_own,
)
from serving.api.request_schemas import Explain, ScoreDeclarations
from serving.api.serialise import (
    JsonObject,
    serialise_basis,
    serialise_predictions,
    serialise_reasons,
    unknown_problem,
)
from serving.live.case import Case
from serving.live.evidence import features_with_rows, read_rows
from serving.live.state import Live
from serving.live.what_if import what_if_features
from serving.log.entry import AnswerBasis
from serving.problems import ProblemError, ProblemKind

EVIDENCE_ROWS = 20
TOP = 10


async def explain(request: Request) -> Response:
    """Say why, in money that adds up, with sentences and on request the rows behind them."""
    payload = await read_payload(request, Explain)
    require_own(request, [payload.trader_id])
    context = context_of(request)
    live = context.live
    if payload.trader_id not in live.row_index:
        raise unknown_problem([payload.trader_id])
    caller, basis = caller_of(request), live.basis
    case = Case.of(live, payload.trader_id)
    evidence: list[Evidence] = []
    if payload.evidence:
        evidence = await context.warehouse_worker.run(
            lambda: _evidence(live, case, most=payload.evidence, limited=caller.is_limited),
            caller=caller.name,
        )
    ids = await context.log_answer(
        case.log_entry(access_of(request, payload.purpose, endpoint="POST /explain"), basis)
    )
    answer = _prediction_with_reasons(live, case, basis, ids, top=payload.top)
    answer["prediction"]["rank"] = rank_of(request, live, payload.trader_id)
    return json_response(answer | {"evidence": [_serialise_evidence(each) for each in evidence]})


def _prediction_with_reasons(
    live: Live, case: Case, basis: AnswerBasis, prediction_ids: tuple[str, ...], *, top: int
) -> JsonObject:
    """Serialise a prediction, and its reasons that add up to it."""
    [prediction] = serialise_predictions(
        case.rounded, trader_ids=[case.trader_id], prediction_ids=prediction_ids
    )
    reasons_of_case = serialise_reasons(live, case.features[0], case.explanation, top=top)
    return {"basis": serialise_basis(live, basis), "prediction": prediction, **reasons_of_case}


def _evidence(live: Live, case: Case, *, most: int, limited: bool) -> list[Evidence]:
    """Return the rows behind the weightiest reasons; a feature combined of others stands for those."""
    weightiest = np.argsort(-np.abs(case.explanation.contributions[0]), kind="stable")
    features = (
        each.name
        for column in weightiest
        for each in features_with_rows(live, live.bundle.names[column], limited=limited)
    )
    names = islice(dict.fromkeys(features), most)
    return list(read_rows(live, case.trader_id, names=names).values())


def _serialise_evidence(evidence: Evidence) -> JsonObject:
    return {
        "feature": evidence.feature.name,
        "label": evidence.feature.label,
        "sentence": evidence.feature.say(format_value(evidence.value, evidence.feature.unit)),
        "value": evidence.value,
        "additive": evidence.additive,
        "rows": evidence.rows.slice(0, EVIDENCE_ROWS).to_pylist(),
        "rows_in_all": evidence.rows.num_rows,
    }


async def score_declarations(request: Request) -> Response:
    """Say what the prediction would be with declarations added to those known, or left out."""
    payload = await read_payload(request, ScoreDeclarations)
    require_own(request, [payload.trader_id])
    context = context_of(request)
    live = context.live
    cutoff, caller = payload.as_of or live.dataset.cutoff, caller_of(request)
    require_day(caller, cutoff, of_snapshot=live.dataset.cutoff)
    features = await context.warehouse_worker.run(
        lambda: _what_if_features(live, payload, cutoff, limited=caller.is_limited), caller=caller.name
    )
    case = await context.workers.run(
        lambda: Case.what_if(live, payload.trader_id, features), caller=caller.name
    )
    basis = replace(live.basis, as_of=cutoff, snapshot_digest=None)
    detail = f"{len(payload.declarations)} declarations added, {len(payload.leave_out)} lines left out"
    access = access_of(request, payload.purpose, endpoint="POST /score_declarations", detail=detail)
    ids = await context.log_answer(case.log_entry(access, basis))
    return json_response(
        _prediction_with_reasons(live, case, basis, ids, top=TOP) | _changes(live, case, cutoff)
    )


def require_day(caller: Caller, cutoff: date, *, of_snapshot: date) -> None:
    """Raise `ProblemError` where a limited caller asks as of another day than that of the snapshot."""
    if caller.is_limited and not caller.any_day and cutoff != of_snapshot:
        raise ProblemError(
            ProblemKind.FORBIDDEN,
            "The token is limited to the day of the snapshot.",
            expected=f"no `as_of`, or {of_snapshot}.",
            advice="`audit-yield token new NAME --any-day` makes one for other days.",
        )


def _what_if_features(live: Live, payload: ScoreDeclarations, cutoff: date, *, limited: bool) -> Floats:
    content = payload.model_dump()
    return what_if_features(
        live,
        payload.trader_id,
        rows=content["declarations"],
        left_out=content["leave_out"],
        cutoff=cutoff,
        limited=limited,
    )


def _changes(live: Live, case: Case, cutoff: date) -> JsonObject:
    """Return the changes against the snapshot, where that is of the same day and has the trader."""
    row = live.row_index.get(case.trader_id)
    if row is None or cutoff != live.dataset.cutoff:
        return {"expected_before": None, "changes": None}
    before, after = live.X[row], case.features[0]
    changed = np.flatnonzero(~((before == after) | (np.isnan(before) & np.isnan(after))))
    return {
        "expected_before": round(float(live.prediction.expected[row]), 2),
        "changes": [
            {
                "feature": live.bundle.words[column].name,
                "label": live.bundle.words[column].label,
                "before": _or_none(before[column]),
                "after": _or_none(after[column]),
            }
            for column in changed
        ],
    }


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
