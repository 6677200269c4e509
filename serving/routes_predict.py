"""Predictions and their reasons: POST /predict, /explain and /score_declarations."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from fastapi import Request
from fastapi.responses import Response

from features.check import usable
from features.evidence import Evidence, evidence
from features.unit import shown
from features.warehouse import open_warehouse
from models.matrix import as_matrix
from models.prediction import Explanation, Floats, Prediction
from models.reasons import reasons
from serving.answers import (
    Plain,
    as_json,
    basis_plain,
    reasons_plain,
    require_finite,
    said_plain,
    unknown_problem,
)
from serving.desk import Desk, answer, asked, desk, require_own
from serving.entry import Basis, Entry
from serving.live import Live
from serving.schemas import Explain, Predict, ScoreDeclarations
from serving.strict import read_body
from serving.what_if import with_declarations

AT_ONCE = 200
"""Traders up to which an answer is made on the event loop, in under 2 ms; more are handed to a thread."""
EVIDENCE_ROWS = 20


async def predict(request: Request) -> Response:
    """Say of each trader what an audit would bring, in the order asked."""
    question = read_body(await request.body(), Predict)
    require_own(request, question.trader_ids)
    at, live = desk(request), desk(request).holder.current
    known = [trader for trader in question.trader_ids if trader in live.places]
    if not known:
        raise unknown_problem(question.trader_ids)
    entry = Entry(asked(request, question.purpose, endpoint="POST /predict"), Basis.of(live), tuple(known))
    if len(known) <= AT_ONCE:
        entry = _predicted(live, entry)
        ids = await at.keep(entry)
        return answer(_predict_plain(live, question.trader_ids, entry, ids))
    entry = await at.quick.run(lambda: _predicted(live, entry))
    ids = await at.keep(entry)
    body = await at.quick.run(lambda: as_json(_predict_plain(live, question.trader_ids, entry, ids)))
    return Response(body, media_type="application/json")


def _predicted(live: Live, entry: Entry) -> Entry:
    """Every trader's prediction was worked out when the model went live."""
    rows = [live.places[trader] for trader in entry.trader_ids]
    said = taken(live.said, rows)
    require_finite(said)
    return replace(entry, features=live.X[rows], prediction=said)


def taken(said: Prediction, rows: Sequence[int]) -> Prediction:
    """Return the predictions of some rows."""
    return Prediction(
        expected=said.expected[rows],
        probability=said.probability[rows],
        low=said.low[rows],
        high=said.high[rows],
        by_type=said.by_type[rows],
        types=said.types,
    )


def _predict_plain(live: Live, trader_ids: Sequence[str], entry: Entry, ids: Sequence[str]) -> Plain:
    assert entry.prediction is not None and entry.basis is not None  # noqa: S101, PT018 - made above
    said = said_plain(entry.prediction, trader_ids=entry.trader_ids, prediction_ids=ids)
    for each in said:
        each["rank"] = live.ranks[live.places[each["trader_id"]]]
    if len(said) == len(trader_ids):
        return {"basis": basis_plain(entry.basis), "answers": said, "unknown": []}
    found = dict(zip(entry.trader_ids, said, strict=True))
    unknown = [trader for trader in trader_ids if trader not in found]
    answers = [found.get(trader) or _unknown(trader) for trader in trader_ids]
    return {"basis": basis_plain(entry.basis), "answers": answers, "unknown": unknown}


def _unknown(trader_id: str) -> Plain:
    return {"trader_id": trader_id, "problem": unknown_problem([trader_id]).document()}


async def explain(request: Request) -> Response:
    """Say why, in money that adds up, with sentences and on request the rows behind them."""
    question = read_body(await request.body(), Explain)
    require_own(request, [question.trader_id])
    at, live = desk(request), desk(request).holder.current
    if question.trader_id not in live.places:
        raise unknown_problem([question.trader_id])
    row = [live.places[question.trader_id]]
    why = await at.quick.run(lambda: live.bundle.model.explain(live.X[row]))
    rests = await at.warehouse.run(lambda: list(_evidence(live, question, why))) if question.evidence else []
    entry = Entry(
        asked=asked(request, question.purpose, endpoint="POST /explain"),
        basis=Basis.of(live),
        trader_ids=(question.trader_id,),
        features=live.X[row],
        prediction=taken(live.said, row),
        contributions=why.contributions,
        base=why.base,
    )
    plain = await _explained(at, live, entry, why, top=question.top)
    plain["prediction"]["rank"] = live.ranks[row[0]]
    return answer(plain | {"evidence": [_evidence_plain(each) for each in rests]})


async def _explained(at: Desk, live: Live, entry: Entry, why: Explanation, *, top: int) -> Plain:
    assert entry.prediction is not None and entry.basis is not None  # noqa: S101, PT018 - made by the caller
    assert entry.features is not None  # noqa: S101
    require_finite(entry.prediction, why.contributions, np.array([why.base]))
    ids = await at.keep(entry)
    [said] = said_plain(entry.prediction, trader_ids=entry.trader_ids, prediction_ids=ids)
    told = reasons_plain(live.bundle.words, entry.features[0], why, top=top)
    return {"basis": basis_plain(entry.basis), "prediction": said, **told}


def _evidence(live: Live, question: Explain, why: Explanation) -> Iterator[Evidence]:
    """Yield the rows behind the weightiest reasons; a feature combined of others stands for those."""
    values = live.X[live.places[question.trader_id]]
    weightiest = [reason.feature for reason in reasons(live.bundle.words, values, why.contributions[0])]
    names = dict.fromkeys(part for name in weightiest for part in _with_rows(live, name))
    source = live.source
    with open_warehouse(source.data, dialect=source.dialect) as opened:
        warehouse = usable(opened, today=source.today)
        for name in list(names)[: question.evidence]:
            yield evidence(
                live.snapshot.features,
                name,
                warehouse=warehouse,
                trader_id=question.trader_id,
                cutoff=source.as_of,
            )


def _with_rows(live: Live, name: str) -> Iterator[str]:
    feature = live.snapshot.features.by_name[name]
    if name in live.snapshot.missing:
        return
    if feature.source is not None:
        yield name
    else:
        for parameter in feature.parameters:
            yield from _with_rows(live, parameter)


def _evidence_plain(found: Evidence) -> Plain:
    return {
        "feature": found.feature.name,
        "label": found.feature.label,
        "sentence": found.feature.say(shown(found.value, found.feature.unit)),
        "value": found.value,
        "additive": found.additive,
        "rows": found.rows.slice(0, EVIDENCE_ROWS).to_pylist(),
        "rows_in_all": found.rows.num_rows,
    }


async def score_declarations(request: Request) -> Response:
    """Say what the prediction would be with declarations added to those known."""
    question = read_body(await request.body(), ScoreDeclarations)
    require_own(request, [question.trader_id])
    at, live = desk(request), desk(request).holder.current
    cutoff = question.as_of or live.source.as_of
    features = await at.warehouse.run(lambda: _what_if(live, question, cutoff))
    said = live.bundle.model.predict(features)
    why = await at.quick.run(lambda: live.bundle.model.explain(features))
    entry = Entry(
        asked=asked(
            request,
            question.purpose,
            endpoint="POST /score_declarations",
            detail=f"{len(question.declarations)} declarations added",
        ),
        basis=replace(Basis.of(live, from_snapshot=False), as_of=cutoff),
        trader_ids=(question.trader_id,),
        features=features,
        prediction=said,
        contributions=why.contributions,
        base=why.base,
    )
    plain = await _explained(at, live, entry, why, top=10)
    return answer(plain | _before(live, question.trader_id, cutoff, features[0]))


def _what_if(live: Live, question: ScoreDeclarations, cutoff: date) -> Floats:
    built = with_declarations(
        live.snapshot.features,
        live.source,
        trader_id=question.trader_id,
        rows=question.model_dump()["declarations"],
        cutoff=cutoff,
    )
    return as_matrix(built.select(live.bundle.names))


def _before(live: Live, trader_id: str, cutoff: date, after: Floats) -> Plain:
    """Say what changed against the snapshot, where that is of the same day and has the trader."""
    place = live.places.get(trader_id)
    if place is None or cutoff != live.source.as_of:
        return {"expected_before": None, "changes": None}
    before = live.X[place]
    changed = np.flatnonzero(~((before == after) | (np.isnan(before) & np.isnan(after))))
    return {
        "expected_before": round(float(live.said.expected[place]), 2),
        "changes": [
            {
                "feature": live.bundle.words[at].name,
                "label": live.bundle.words[at].label,
                "before": None if np.isnan(before[at]) else float(before[at]),
                "after": None if np.isnan(after[at]) else float(after[at]),
            }
            for at in changed
        ],
    }
