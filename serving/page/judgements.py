"""Judgements for pages: what people said of a trader's estimates, and of a model's features, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from features.language import Language
from serving.live.state import Live
from serving.log.judgements import LoggedJudgement, Opinion, Verdict, count_verdicts


@dataclass(frozen=True)
class JudgementView:
    """A judgement as a person reads it: its sentences, the note, by whom and on which day."""

    sentences: tuple[str, ...]
    note: str | None
    author: str
    day: date
    model_version: str


@dataclass(frozen=True)
class JudgementsView:
    """The judgements about a trader, the newest first, and what they leave: status and who has the case."""

    rows: tuple[JudgementView, ...]
    status: str | None
    assigned_to: str | None


@dataclass(frozen=True)
class VerdictView:
    """How often a model or a feature was agreed with or called wrong; `authors` says by whom."""

    label: str
    agreed: int
    wrong: int
    authors: tuple[str, ...]


def judgements_view(live: Live, judgements: Sequence[LoggedJudgement]) -> JudgementsView:
    """Return the view of a trader's judgements, the newest first."""
    opinions = [each.opinion for each in judgements]
    labels = _labels(live)
    return JudgementsView(
        rows=tuple(
            JudgementView(
                tuple(_sentences(each.opinion, labels, live.language)),
                each.opinion.note,
                each.author,
                each.logged_at.date(),
                each.model_version,
            )
            for each in judgements
        ),
        status=next((each.status for each in opinions if each.status), None),
        assigned_to=next((each.assigned_to for each in opinions if each.assigned_to), None),
    )


def verdict_views(live: Live, verdicts: Mapping[Verdict, int]) -> list[VerdictView]:
    """Return what was said of the live model, of the whole first, then of features, the most wrong first."""
    labels = _labels(live)
    return [
        VerdictView(_subject(each.feature, labels, live.language), each.agreed, each.wrong, each.authors)
        for each in count_verdicts(verdicts, model_version=live.version)
    ]


def _labels(live: Live) -> Mapping[str, str]:
    return {words.name: live.language.gettext(words.label) for words in live.bundle.words}


def _subject(feature: str | None, labels: Mapping[str, str], language: Language) -> str:
    """Return what a verdict is on; a feature that the model no longer has goes by its name."""
    return language.gettext("The estimate") if feature is None else labels.get(feature, feature)


def _sentences(opinion: Opinion, labels: Mapping[str, str], language: Language) -> Iterator[str]:
    because = language.gettext(", because: {because}")
    if opinion.verdict:
        subject = _subject(opinion.feature, labels, language)
        words = (
            language.gettext("{subject} is agreed with")
            if opinion.verdict == "agree"
            else language.gettext("{subject} is wrong")
        )
        reason = because.format(because=opinion.because) if opinion.because else ""
        yield words.format(subject=subject) + reason
    if opinion.audited:
        yield language.gettext("An audit follows")
    elif opinion.audited is not None:
        cause = opinion.not_audited_because
        yield language.gettext("No audit follows") + (because.format(because=cause) if cause else "")
    if opinion.status:
        yield language.gettext("Status: {status}").format(status=language.gettext(opinion.status))
    if opinion.assigned_to:
        yield language.gettext("Assigned to {person}").format(person=opinion.assigned_to)
