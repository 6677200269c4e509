"""Two estimates side by side, topic by topic: with another line, of two days, of two traders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from models.reasons import TopicReason, by_topic, in_whole_units
from serving.live.case import Case
from serving.live.declared import VALUES, DeclaredLine
from serving.live.state import Live
from serving.page.render import render_template

LINES_SHOWN = 25


@dataclass(frozen=True)
class SideLine:
    """What a topic adds on either side, in whole units, with the sentence that speaks for it there."""

    topic: str
    left: int
    right: int
    left_sentence: str
    right_sentence: str

    @property
    def change(self) -> int:
        """What it adds more on the right."""
        return self.right - self.left


@dataclass(frozen=True)
class SideBySide:
    """Two estimates in whole units: on either side `base` and the lines add up to the total.

    `lines` come in the order of their change, the largest first; `same` are the topics that add the same.
    """

    left: str
    right: str
    base: int
    left_total: int
    right_total: int
    lines: tuple[SideLine, ...]
    same: tuple[SideLine, ...]

    @property
    def change(self) -> int:
        """What is expected more on the right."""
        return self.right_total - self.left_total


def side_by_side(live: Live, left: Case, right: Case, *, names: tuple[str, str]) -> SideBySide:
    """Return two estimates of the live model beside one another; `names` are the headings of the sides."""
    (base, left_topics), (_, right_topics) = _side(live, left), _side(live, right)
    lines = [
        SideLine(topic, before, right_topics[topic][0], sentence, right_topics[topic][1])
        for topic, (before, sentence) in left_topics.items()
    ]
    lines.sort(key=lambda line: (-abs(line.change), -abs(line.right), line.topic))
    return SideBySide(
        *names,
        base=base,
        left_total=base + sum(money for money, _ in left_topics.values()),
        right_total=base + sum(money for money, _ in right_topics.values()),
        lines=tuple(line for line in lines if line.change),
        same=tuple(line for line in lines if not line.change),
    )


def _side(live: Live, case: Case) -> tuple[int, dict[str, tuple[int, str]]]:
    """Return the base in whole units, and of each topic its money and sentence; they add up."""
    topics: Sequence[TopicReason] = by_topic(live.reasons(case.features[0], case.explanation), live.language)
    base = round(case.explanation.base)
    money = in_whole_units([each.money for each in topics], float(case.explanation.total[0]) - base)
    return base, {each.topic: (whole, each.sentence) for each, whole in zip(topics, money, strict=True)}


def what_if_page(
    live: Live,
    trader_id: str,
    lines: Sequence[DeclaredLine],
    *,
    line: DeclaredLine | None = None,
    values: Mapping[str, float] = MappingProxyType({}),
    leave_out: bool = False,
    estimates: SideBySide | None = None,
    prediction_id: str | None = None,
) -> str:
    """Return the page of a what-if: lines to choose from, the one chosen, what becomes of the estimate."""
    return render_template(
        "what_if.html",
        language=live.language,
        live=live,
        trader_id=trader_id,
        lines=lines[:LINES_SHOWN],
        count=len(lines),
        line=line,
        labels=VALUES,
        values=values,
        leave_out=leave_out,
        sides=estimates,
        prediction_id=prediction_id,
    )


def change_page(live: Live, trader_id: str, estimates: SideBySide, *, since: date, prediction_id: str) -> str:
    """Return the page that says why an estimate changed since an earlier day."""
    return render_template(
        "change.html",
        language=live.language,
        live=live,
        trader_id=trader_id,
        since=since,
        hindsight=live.bundle.hindsight(since, live.language),
        sides=estimates,
        prediction_id=prediction_id,
    )


def compare_page(
    live: Live, one: str, other: str | None, estimates: SideBySide | None, *, prediction_id: str
) -> str:
    """Return the page of two traders side by side, or of one with a form for the other."""
    return render_template(
        "compare.html",
        language=live.language,
        live=live,
        one=one,
        other=other,
        sides=estimates,
        prediction_id=prediction_id,
    )
