"""Trader page: for the auditor in full, for the trader itself a restrained notice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from features.data.contract.required import FINDING_TYPES
from features.errors import SettingError
from features.evidence import Evidence
from features.language import Language
from models.reasons import in_whole_units
from serving.live.history import EarlierPrediction, PastAudit
from serving.live.peers import Peers, peers
from serving.live.programme import tasks_of
from serving.live.state import Live
from serving.live.submitted import Row
from serving.log.judgements import STATUSES, LoggedJudgement
from serving.page.behind import PRINTED_COLUMNS, evidence_view
from serving.page.judgements import judgements_view
from serving.page.lines import account_of
from serving.page.notice import Letterhead, notice
from serving.page.programme import task_views
from serving.page.render import render_template
from serving.page.waterfall import WIDTH, waterfall

View = Literal["full", "notice"]
SHOWN = 4
"""Audits and predictions shown on the page; those before are counted."""
PRINTED = 12
"""Rows that are printed behind each reason."""
REFERENCE = "It is for an audit in the field by a team of average skill; another may bring more or less."


@dataclass(frozen=True)
class Span:
    """The interval as a picture: where zero, its ends and the money expected are, on 0 to `WIDTH`."""

    zero: float
    low: float
    expected: float
    high: float


def trader_page(
    live: Live,
    trader_id: str,
    *,
    history: Sequence[PastAudit] = (),
    predictions: Sequence[EarlierPrediction] = (),
    view: View = "full",
    evidence: Mapping[str, Evidence] | None = None,
    prediction_id: str | None = None,
    limited: bool = False,
    letterhead: Letterhead | None = None,
    standing: Row | None = None,
    judgements: Sequence[LoggedJudgement] = (),
) -> str:
    """Return the page of a trader as HTML that needs no network and no script.

    - `history`: its audits as known on the cutoff, the newest first (`serving.live.history.past_audits`).
    - `predictions`: what the service answered earlier, the newest first.
    - `view`: `notice` is for the trader itself: what was looked at, without values of others, thresholds,
      ranks or scores.
    - `evidence`: the rows behind features, printed below; without it the page links to where they are served.
    - `prediction_id`: under which the log keeps what the page says, where it does.
    - `letterhead`: of the notice; the day of the data's reader alone where there is none.
    - `standing`: how it stands in the newest plan (`serving.live.plans`).
    - `judgements`: what people said of its estimates, the newest first.
    - `limited`: for a reader who may see some traders alone: no rank among all, no rows that are others.

    Raises `SettingError` for a trader that is not active on the day.
    """
    row = ranking_row(live, trader_id) | ({"rank": None} if limited else {})
    if view == "notice":
        return render_template(
            "notice.html",
            language=live.language,
            live=live,
            prediction_id=prediction_id,
            **notice(live, row, letterhead or Letterhead(live.dataset.today)),
        )
    return render_template(
        "trader.html",
        language=live.language,
        live=live,
        prediction_id=prediction_id,
        row=row,
        **_reasons(live, trader_id, limited=limited),
        **_expectation(live, row),
        **_unknown(live, trader_id),
        audits=history[:SHOWN],
        earlier_audits=len(history[SHOWN:]),
        predictions=predictions[:SHOWN],
        earlier_predictions=len(predictions[SHOWN:]),
        standing=standing,
        limited=limited,
        judged=judgements_view(live, judgements),
        statuses=STATUSES,
        tasks=task_views(tasks_of(live, trader_id, limited=limited), evidence or {}, live.language),
        evidence=evidence
        and {
            name: evidence_view(live, each, top=PRINTED, columns=PRINTED_COLUMNS)
            for name, each in evidence.items()
        },
    )


def ranking_row(live: Live, trader_id: str) -> dict[str, Any]:
    """Return a trader's row of the ranking; raises `SettingError` where it has none."""
    if trader_id not in live.row_index:
        raise SettingError(
            f"There is no trader '{trader_id}' with declarations before {live.dataset.cutoff}.",
            expected="the identifier of a trader active by then.",
            advice="The ranking lists them.",
        )
    return dict(live.ranking_by_row.slice(live.row_index[trader_id], 1).to_pylist()[0])


def shown_features(live: Live, trader_id: str) -> list[str]:
    """Return the features whose rows the page of a trader leads to; raises as `trader_page`."""
    ranking_row(live, trader_id)
    account = account_of(live, trader_id, among=peers(live, trader_id))
    lines = (*account.lines, *account.others)
    pulled_by = [task.pulled_by for task in tasks_of(live, trader_id, limited=False) if task.pulled_by]
    return list(dict.fromkeys([*(name for line in lines for name, _ in line.behind), *pulled_by]))


def _reasons(live: Live, trader_id: str, *, limited: bool) -> dict[str, object]:
    among = peers(live, trader_id)
    account = account_of(live, trader_id, among=among, limited=limited)
    falls = waterfall(account.base, [*(line.money for line in account.lines), account.rest])
    return {"account": account, "falls": falls, "peers": _peers_words(among, live.language)}


def _peers_words(among: Peers, language: Language) -> str:
    """Return how many peers there are, and of what kind."""
    count = len(among)
    if among.sector and among.size:
        words = language.ngettext(
            "{count} other trader of sector {sector} and size {size}",
            "{count} other traders of sector {sector} and size {size}",
            count,
        )
    elif among.size:
        words = language.ngettext(
            "{count} other trader of size {size}", "{count} other traders of size {size}", count
        )
    else:
        words = language.ngettext("{count} other trader of any kind", "{count} all other traders", count)
    size = language.gettext(among.size) if among.size else ""
    return words.format(count=language.number(count), sector=among.sector, size=size)


def _expectation(live: Live, row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "span": _span(row["low"], row["expected_yield"], row["high"]),
        "split": list(_split(row)),
        "coverage": live.bundle.model.coverage,
        "untested": live.bundle.card.untested,
        "assumed": live.bundle.card.data.assumed,
        "reference": live.bundle.card.predicts or REFERENCE,
    }


def _span(low: float, expected: float, high: float) -> Span:
    left, right = min(0.0, low, expected), max(low, expected, high)
    scale = WIDTH / ((right - left) or 1.0)
    return Span(*(round((each - left) * scale, 1) for each in (0.0, low, expected, high)))


def _split(row: Mapping[str, Any]) -> Iterator[tuple[str, int, float]]:
    """Return each finding type with its whole money and the length of its bar, the largest first."""
    expected = [row[f"expected_{kind}"] for kind in FINDING_TYPES]
    whole = in_whole_units(expected, row["expected_yield"])
    most = max(1, *(abs(amount) for amount in whole))
    lengths = [abs(amount) / most * WIDTH for amount in whole]
    return iter(sorted(zip(FINDING_TYPES, whole, lengths, strict=True), key=lambda each: -each[1]))


def _unknown(live: Live, trader_id: str) -> dict[str, object]:
    """Return what the score does not know: of this trader, and for lack of such data."""
    missing = live.snapshot.missing
    empty = np.isnan(live.X[live.row_index[trader_id]])
    labels = [
        live.language.gettext(words.label)
        for words, is_empty in zip(live.bundle.words, empty, strict=True)
        if is_empty and words.name not in missing
    ]
    columns = [column for lacking in missing.values() for column in lacking]
    return {
        "unknown": list(dict.fromkeys(labels)),
        "missing": len(missing),
        "lacking": list(dict.fromkeys(columns)),
    }
