"""Reasons in money: POST /explain for what is known of a trader, /score_declarations for what might be."""

from dataclasses import replace
from datetime import date
from itertools import islice

import numpy as np
from fastapi import Request
from fastapi.responses import Response

from features.evidence import Evidence
from features.unit import format_value
from models.fitting.matrix import as_matrix
from models.prediction import Floats
from models.reasons import reasons
from serving.api.context import answer, asked, body, desk, require_own
from serving.api.request_schemas import Explain, ScoreDeclarations
from serving.api.serialise import Plain, basis_plain, reasons_plain, said_plain, unknown_problem
from serving.live.case import Case
from serving.live.evidence import read_rows
from serving.live.state import Live
from serving.live.what_if import with_declarations
from serving.log.entry import Basis

EVIDENCE_ROWS = 20
TOP = 10


async def explain(request: Request) -> Response:
    """Say why, in money that adds up, with sentences and on request the rows behind them."""
    question = await body(request, Explain)
    require_own(request, [question.trader_id])
    at, live = desk(request), desk(request).holder.current
    if question.trader_id not in live.places:
        raise unknown_problem([question.trader_id])
    place, basis = live.places[question.trader_id], live.basis
    case = Case.of(live, question.trader_id)
    behind: list[Evidence] = []
    if question.evidence:
        behind = await at.warehouse.run(lambda: _evidence(live, case, most=question.evidence))
    ids = await at.keep(case.entry(asked(request, question.purpose, endpoint="POST /explain"), basis))
    plain = _plain(live, case, basis, ids, top=question.top)
    plain["prediction"]["rank"] = live.ranks[place]
    return answer(plain | {"evidence": [_evidence_plain(each) for each in behind]})


def _plain(live: Live, case: Case, basis: Basis, prediction_ids: tuple[str, ...], *, top: int) -> Plain:
    """Return as data a prediction, and its reasons that add up to it."""
    [prediction] = said_plain(case.told, trader_ids=[case.trader_id], prediction_ids=prediction_ids)
    why = reasons_plain(live.bundle, case.features[0], case.why, top=top)
    return {"basis": basis_plain(basis), "prediction": prediction, **why}


def _evidence(live: Live, case: Case, *, most: int) -> list[Evidence]:
    """Return the rows behind the weightiest reasons; a feature combined of others stands for those."""
    weightiest = reasons(live.bundle.words, case.features[0], case.why.contributions[0])
    made_of = (each.name for reason in weightiest for each in live.snapshot.with_rows(reason.feature))
    names = islice(dict.fromkeys(made_of), most)
    return list(read_rows(live, case.trader_id, names=names).values())


def _evidence_plain(found: Evidence) -> Plain:
    return {
        "feature": found.feature.name,
        "label": found.feature.label,
        "sentence": found.feature.say(format_value(found.value, found.feature.unit)),
        "value": found.value,
        "additive": found.additive,
        "rows": found.rows.slice(0, EVIDENCE_ROWS).to_pylist(),
        "rows_in_all": found.rows.num_rows,
    }


async def score_declarations(request: Request) -> Response:
    """Say what the prediction would be with declarations added to those known."""
    question = await body(request, ScoreDeclarations)
    require_own(request, [question.trader_id])
    at, live = desk(request), desk(request).holder.current
    cutoff = question.as_of or live.dataset.cutoff
    features = await at.warehouse.run(lambda: _supposed_features(live, question, cutoff))
    case = await at.quick.run(lambda: Case.supposed(live, question.trader_id, features))
    basis = replace(live.basis, as_of=cutoff, snapshot_digest=None)
    detail = f"{len(question.declarations)} declarations added"
    who = asked(request, question.purpose, endpoint="POST /score_declarations", detail=detail)
    ids = await at.keep(case.entry(who, basis))
    return answer(_plain(live, case, basis, ids, top=TOP) | _compared(live, case, cutoff))


def _supposed_features(live: Live, question: ScoreDeclarations, cutoff: date) -> Floats:
    built = with_declarations(
        live.snapshot.features,
        live.dataset,
        trader_id=question.trader_id,
        rows=question.model_dump()["declarations"],
        cutoff=cutoff,
    )
    return as_matrix(built.select(live.bundle.names))


def _compared(live: Live, case: Case, cutoff: date) -> Plain:
    """Say what changed against the snapshot, where that is of the same day and has the trader."""
    place = live.places.get(case.trader_id)
    if place is None or cutoff != live.dataset.cutoff:
        return {"expected_before": None, "changes": None}
    before, after = live.X[place], case.features[0]
    changed = np.flatnonzero(~((before == after) | (np.isnan(before) & np.isnan(after))))
    return {
        "expected_before": round(float(live.said.expected[place]), 2),
        "changes": [
            {
                "feature": live.bundle.words[at].name,
                "label": live.bundle.words[at].label,
                "before": _or_none(before[at]),
                "after": _or_none(after[at]),
            }
            for at in changed
        ],
    }


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
