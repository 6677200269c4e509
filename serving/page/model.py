"""Model page: how good the model is, where it is weak, what it goes by and what it does not know."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from features.language import Language
from models.card import Gain, Group, ModelCard, ReliabilityRow
from models.gap.interval import GapEstimate
from models.gap.text import in_words
from serving.live.state import Live
from serving.log.judgements import Verdict
from serving.page.judgements import verdict_views
from serving.page.render import render_template
from serving.page.waterfall import WIDTH

FIRST = 0.1
"""The part of the audits by which the page says in a sentence how good the model is."""
ORDERS: Mapping[str, str] = {
    "oracle": "somebody who knows what will be found",
    "analyst": "an analyst's page of SQL",
    "rule_score": "most risk rules first",
    "past_yield": "highest past yield first",
    "declared_value": "largest declared value first",
}
"""Other orders of the same audits that the page shows, in words; those of further models are in the card."""
TOLERATED = 1.5
"""Money predicted for a unit found, or found for a unit predicted, above which the page calls it weak."""
ENOUGH = 200
"""Audits held out below which the page warns that what it shows may be chance."""
FEWEST = 30
"""Audits of a group below which its money says nothing."""


@dataclass(frozen=True)
class GainCurve:
    """A gain curve: its order by `name` and in words, points on 0 to `WIDTH`, what the first tenth brings."""

    name: str
    words: str
    points: str
    first: float


@dataclass(frozen=True)
class CalibrationBar:
    """A group of audits: the mean predicted and found in it, and their places on 0 to `WIDTH`."""

    row: ReliabilityRow
    predicted: float
    low: float
    high: float
    observed: float
    is_outside: bool


@dataclass(frozen=True)
class TopicWeight:
    """What a topic moves: its part of all the money that reasons add or take away; `length` of its bar."""

    topic: str
    share: float
    length: float


def model_page(
    live: Live, *, verdicts: Mapping[Verdict, int] = MappingProxyType({}), with_authors: bool = True
) -> str:
    """Return the page of the model that serves, from its card and the reasons of the day.

    `verdicts` are what its readers said; `with_authors` names them.
    """
    card = live.bundle.card
    own, *others = _curves(card, live.language)
    bars = {by: _bars([row for row in card.reliability if row.by == by]) for by in ("chance", "money")}
    missing = sorted({column for lacking in live.snapshot.missing.values() for column in lacking})
    return render_template(
        "model.html",
        language=live.language,
        live=live,
        card=card,
        own=own,
        others=others,
        chance=bars["chance"],
        money_bars=bars["money"],
        weak=tuple(_weak(card, live.language)),
        gap=_gap(card, live.language),
        groups=card.fairness,
        topics=_topic_weights(live),
        verdicts=verdict_views(live, verdicts),
        with_authors=with_authors,
        missing=missing,
        features=len(live.bundle.names),
    )


def reading_page(live: Live) -> str:
    """Return the help: how to read the pages."""
    return render_template(
        "help.html",
        language=live.language,
        live=live,
    )


def _curves(card: ModelCard, language: Language) -> list[GainCurve | None]:
    """Return the curve of the model first, None where no audit was held out, then those of other orders."""
    gains = {gain.model: gain for gain in card.gain}
    own = [_curve(gains[card.model], language.gettext("this model"))] if card.model in gains else [None]
    others = [_curve(gains[name], language.gettext(words)) for name, words in ORDERS.items() if name in gains]
    return [*own, *others]


def _curve(gain: Gain, words: str) -> GainCurve:
    shares = np.linspace(0.0, 1.0, len(gain.gathered))
    points = " ".join(
        f"{WIDTH * share:.1f},{WIDTH * (1 - part):.1f}"
        for share, part in zip(shares, gain.gathered, strict=True)
    )
    return GainCurve(gain.model, words, points, float(np.interp(FIRST, shares, gain.gathered)))


def _bars(rows: Sequence[ReliabilityRow]) -> tuple[CalibrationBar, ...]:
    """Return the groups of a calibration on one scale, from zero to the largest."""
    ends = [(row, row.observed if row.low is None else row.low, row.high or row.observed) for row in rows]
    most = max((max(row.predicted, high) for row, _, high in ends), default=0.0) or 1.0
    least = min([0.0, *(low for _, low, _ in ends)])

    def at(value: float) -> float:
        return round((value - least) / (most - least) * WIDTH, 1)

    return tuple(
        CalibrationBar(
            row,
            predicted=at(row.predicted),
            low=at(low),
            high=at(high),
            observed=at(row.observed),
            is_outside=row.low is not None and not low <= row.predicted <= high,
        )
        for row, low, high in ends
    )


def _weak(card: ModelCard, language: Language) -> Iterator[str]:
    """Yield where the model is weak, by what its card measured, a sentence each."""
    _, number = language.gettext, language.number
    if card.untested:
        yield _(card.untested)
    elif card.data.tested_audits < ENOUGH:
        words = _("Only {tested} audits could be held out: what is measured here may be chance.")
        yield words.format(tested=number(card.data.tested_audits))
    yield from card.leaks.raised
    overall = {each.population: each for each in card.performance if each.metric == "total_ratio"}
    random = overall.get("random")
    if card.performance and (random is None or random.adjusted < FEWEST):
        audits, adjusted = (random.audits, random.adjusted) if random else (0, 0)
        yield _(
            "Of the audits drawn at random, which alone speak for all traders, {audits} could be tested, "
            "{adjusted} of them with an adjustment: too few to judge by."
        ).format(audits=number(audits), adjusted=number(adjusted))
    outside = [
        row.row.group
        for row in _bars([row for row in card.reliability if row.by == "chance"])
        if row.is_outside
    ]
    if outside:
        yield _(
            "In {count} of its groups of like chances, adjustments were rarer or more frequent than "
            "predicted, beyond what chance explains: {groups} (1 has the highest)."
        ).format(count=len(outside), groups=", ".join(map(str, outside)))
    yield from filter(None, (_off(group, language) for group in card.fairness))


def _gap(card: ModelCard, language: Language) -> str:
    """Return what audits by lot measured on the day on which the model learned."""
    gap = card.gap
    if gap is None or gap.amount is None:
        return language.gettext(
            "What audits of all traders would book was not measured when it learned: too few were drawn by "
            "lot."
        )
    words = language.gettext(
        "Audits of all traders would have booked {gap} in {year}: so say audits drawn by lot, whatever the "
        "model expects."
    )
    measured = GapEstimate(gap.amount, gap.low, gap.high, gap.answers, gap.adjusted)
    return words.format(gap=in_words(measured, language), year=gap.year)


def _off(group: Group, language: Language) -> str | None:
    """Return a sentence about a group of which too much or too little money is predicted, else None."""
    ratio = group.total_ratio
    if ratio is None or group.audits < FEWEST or 1 / TOLERATED <= ratio <= TOLERATED:
        return None
    attribute = language.gettext(group.attribute.replace("_", " "))
    return language.gettext(
        "Of {group} it predicts {ratio} for each 1 that was found ({audits} audits)."
    ).format(
        group=f"{attribute} {language.gettext(group.value)}",
        ratio=language.number(ratio, 1),
        audits=language.number(group.audits),
    )


def _topic_weights(live: Live) -> tuple[TopicWeight, ...]:
    """Return what each topic moves over all traders of the day, the weightiest first."""
    contributions = live.explanations.contributions
    topics = np.array([words.topic for words in live.bundle.words])
    moved = {
        topic: float(np.abs(contributions[:, topics == topic].sum(axis=1)).sum()) for topic in topics.tolist()
    }
    whole, most = sum(moved.values()) or 1.0, max(moved.values()) or 1.0
    weights = [
        TopicWeight(live.language.gettext(topic), money / whole, WIDTH * money / most)
        for topic, money in moved.items()
    ]
    return tuple(sorted(weights, key=lambda each: (-each.share, each.topic)))
