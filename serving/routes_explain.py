"""Reasons in money: POST /explain for what is known of a trader, /score_declarations for what might be."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

import numpy as np
from fastapi import Request
from fastapi.responses import Response

from features.evidence import Evidence
from features.unit import format_value
from models.matrix import as_matrix
from models.prediction import Explanation, Floats, Prediction
from models.reasons import reasons
from serving.answers import Plain, basis_plain, reasons_plain, require_finite, said_plain, unknown_problem
from serving.cents import rounded
from serving.desk import answer, asked, body, desk, require_own
from serving.entry import Asked, Basis, Entry
from serving.live import Live
from serving.rows_behind import read_rows
from serving.schemas import Explain, ScoreDeclarations
from serving.what_if import with_declarations

EVIDENCE_ROWS = 20
TOP = 10


@dataclass(frozen=True)
class Case:
    """One trader: the features (1, p) looked at, what the model says, the same in cents, and why."""

    trader_id: str
    features: Floats
    said: Prediction
    told: Prediction
    why: Explanation

    @classmethod
    def of(cls, live: Live, trader_id: str) -> "Case":
        """Return that of a trader in the snapshot: all of it was worked out when the model went live."""
        row = [live.places[trader_id]]
        return cls(trader_id, live.X[row], live.said.taken(row), live.told.taken(row), live.why.taken(row))

    def entry(self, who: Asked, basis: Basis) -> Entry:
        """Return what the log keeps; raises `NotFiniteError`."""
        require_finite(self.said, self.why.contributions, np.array([self.why.base]))
        return Entry(
            asked=who,
            basis=basis,
            trader_ids=(self.trader_id,),
            features=self.features,
            prediction=self.said,
            contributions=self.why.contributions,
            base=self.why.base,
        )

    def plain(self, live: Live, basis: Basis, prediction_ids: tuple[str, ...], *, top: int) -> Plain:
        """Return what is answered: the prediction, and its reasons that add up to it."""
        [said] = said_plain(self.told, trader_ids=[self.trader_id], prediction_ids=prediction_ids)
        told = reasons_plain(live.bundle, self.features[0], self.why, top=top)
        return {"basis": basis_plain(basis), "prediction": said, **told}


async def explain(request: Request) -> Response:
    """Say why, in money that adds up, with sentences and on request the rows behind them."""
    question = await body(request, Explain)
    require_own(request, [question.trader_id])
    at, live = desk(request), desk(request).holder.current
    if question.trader_id not in live.places:
        raise unknown_problem([question.trader_id])
    place, basis = live.places[question.trader_id], Basis.of(live)
    case = Case.of(live, question.trader_id)
    behind: list[Evidence] = []
    if question.evidence:
        behind = await at.warehouse.run(lambda: _evidence(live, case, most=question.evidence))
    ids = await at.keep(case.entry(asked(request, question.purpose, endpoint="POST /explain"), basis))
    plain = case.plain(live, basis, ids, top=question.top)
    plain["prediction"]["rank"] = live.ranks[place]
    return answer(plain | {"evidence": [_evidence_plain(each) for each in behind]})


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
    cutoff = question.as_of or live.source.as_of
    features = await at.warehouse.run(lambda: _supposed_features(live, question, cutoff))
    case = await at.quick.run(lambda: _supposed(live, question.trader_id, features))
    basis = replace(Basis.of(live, from_snapshot=False), as_of=cutoff)
    detail = f"{len(question.declarations)} declarations added"
    who = asked(request, question.purpose, endpoint="POST /score_declarations", detail=detail)
    ids = await at.keep(case.entry(who, basis))
    return answer(case.plain(live, basis, ids, top=TOP) | _compared(live, case, cutoff))


def _supposed_features(live: Live, question: ScoreDeclarations, cutoff: date) -> Floats:
    built = with_declarations(
        live.snapshot.features,
        live.source,
        trader_id=question.trader_id,
        rows=question.model_dump()["declarations"],
        cutoff=cutoff,
    )
    return as_matrix(built.select(live.bundle.names))


def _supposed(live: Live, trader_id: str, features: Floats) -> Case:
    said = live.bundle.model.predict(features)
    return Case(trader_id, features, said, rounded(said), live.bundle.model.explain(features))


def _compared(live: Live, case: Case, cutoff: date) -> Plain:
    """Say what changed against the snapshot, where that is of the same day and has the trader."""
    place = live.places.get(case.trader_id)
    if place is None or cutoff != live.source.as_of:
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
