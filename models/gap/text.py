"""The gap in words for managers: what is known, what is not, and what would tell."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from features.language import ENGLISH, Language
from models.gap.interval import FEWEST_NON_ZERO, GapEstimate
from models.gap.report import GapReport, GapYear

TOO_FEW = "too few to say"
CANNOT_TELL = "cannot tell"
ROSE, FELL = "rose", "fell"


def gap_to_text(report: GapReport) -> Iterator[str]:
    """Yield a report as lines for a terminal."""
    yield f"The compliance gap, as known before {report.as_of}: what audits of all traders would book."
    yield ""
    for year, amount in report.predicted.items():
        yield f"{year}  predicted by a model, measured by nothing: {amount:,.0f}"
    for each in report.years:
        yield f"{each.year}  {in_words(each.gap)}{', provisional' if each.is_provisional else ''}"
        yield from (f"      {sentence}" for sentence in year_sentences(each))
        for segment in each.segments:
            words = f"{segment.group or 'not known':20} {segment.traders:>8,} traders"
            yield f"      {words}   {in_words(segment.gap)}"
        yield ""
    yield from trend_sentences(report)
    yield from general_sentences(report)


def in_words(gap: GapEstimate, language: Language = ENGLISH) -> str:
    """Return an amount with its interval, or that the answers are too few."""
    if gap.ends is None:
        return language.gettext(TOO_FEW)
    low, high = (language.number(end) for end in gap.ends)
    words = language.gettext("{amount} ({low} to {high})")
    return words.format(amount=language.number(gap.amount), low=low, high=high)


def verdict(change: GapEstimate) -> str:
    """Return whether the gap rose or fell, or that nobody can tell."""
    if change.ends is None:
        return CANNOT_TELL
    low, high = change.ends
    return ROSE if low > 0 else FELL if high < 0 else CANNOT_TELL


def year_sentences(each: GapYear, language: Language = ENGLISH) -> Iterator[str]:
    """Yield what is known of a year, a sentence each, the most important first."""
    _, number = language.gettext, language.number
    drawn = _("{drawn} visits by lot, {answered} of them closed, {refused} given up").format(
        drawn=number(each.drawn), answered=number(each.answered), refused=number(each.refused)
    )
    if each.gap.ends is None:
        yield _(
            "Of {drawn}, {found} found money: below {fewest} nobody can say how much visits to all traders "
            "would find."
        ).format(drawn=drawn, found=number(each.gap.non_zero), fewest=FEWEST_NON_ZERO)
    else:
        yield _(
            "So much would visits to all {traders} traders within reach book; a range made like this holds "
            "the truth 95 times of 100. From {drawn}."
        ).format(traders=number(each.traders), drawn=drawn)
    if each.leads_today:
        yield _(
            "What the plan expected is not on record. In its place stands what today's model expects, fitted "
            "without the answers of each trader."
        )
    elif each.by_today is not None:
        yield _(
            "By what today's model expects, fitted without the answers of each trader: {amount}. What the "
            "plan expected leads, since it knew none of them."
        ).format(amount=in_words(each.by_today, language))
    if each.is_without_teams:
        yield _(
            "The teams of these visits were not drawn by lot: large traders had other teams than small ones. "
            "What a team finds more or less than the others is taken out, as far as that can be known."
        )
    if each.is_provisional:
        yield _("Provisional: more than a twentieth of those visits is not closed, and they may find more.")
    if each.change is not None:
        yield _change_in_words(each.change, language)
    if each.unpaid is not None:
        yield _("Not paid, found by visits or not, by what is known of detection: {amount}.").format(
            amount=in_words(each.unpaid, language)
        )
    yield from _limits(each, language)


def _limits(each: GapYear, language: Language) -> Iterator[str]:
    """Yield what the estimate of a year leaves out, and how it must not be made."""
    _, number = language.gettext, language.number
    if each.naive is not None and each.gap.ends is not None:
        yield _(
            "Wrong would be {amount}: that all traders are like the {chosen} whose visits were chosen. They "
            "were chosen because they are not."
        ).format(amount=number(each.naive), chosen=number(each.chosen))
    if each.beyond > 0:
        yield _(
            "{share}% of the traders could not be drawn, for instance since they were visited lately: "
            "{amount} is expected of them, which nothing measures, and is not in the gap."
        ).format(share=number(100 * each.beyond, 1), amount=number(each.predicted_beyond))
    if each.pursued is not None:
        yield _("Of all that was expected when the plan was made, {share}% is of traders it treats.").format(
            share=number(100 * each.pursued)
        )
    if not each.is_recorded:
        yield _(
            "No plan on record says who could be drawn and what was expected of everybody: the answers speak "
            "by themselves, only of who could be drawn, and the range is wider than it need be."
        )


def general_sentences(report: GapReport, language: Language = ENGLISH) -> Iterator[str]:
    """Yield what holds for all years: what is not known, and what more audits by lot would tell."""
    _, number = language.gettext, language.number
    if not report.years:
        yield _(
            "No visit was drawn by lot with a known probability. So nobody can say what visits to all "
            "traders would book, nor whether compliance got better or worse: chosen visits say how good the "
            "choice is. {chosen} of those are closed, {adjusted} with money."
        ).format(chosen=number(report.chosen), adjusted=number(report.adjusted))
        yield _("`audit-yield plan` draws a part of all visits by lot, and keeps their probabilities.")
    if report.detection is None:
        yield _(
            "What no visit would find is not in it: single visits cannot say how much that is. Double visits "
            "or a study can: what they say goes into detection.toml."
        )
    elif report.detection.audits:
        yield _(
            "A visit finds {share}% ({low}% to {high}%) of what is not paid: so much of the same did both "
            "teams find in {audits} visits that were made twice."
        ).format(
            audits=number(report.detection.audits),
            **{name: number(100 * getattr(report.detection, name)) for name in ("share", "low", "high")},
        )
    else:
        yield _("A visit finds {share}% of what is not paid, by {source}.").format(
            share=number(100 * report.detection.share), source=report.detection.source
        )
    if report.widths:
        widths = ", ".join(f"{number(n)}: {number(100 * part)}%" for n, part in report.widths.items())
        yield _(
            "How near visits by lot in a year would come, give or take, by their number: {widths}."
        ).format(widths=widths)
        yield _("Four times as many visits halve the range.")
    elif not report.years:
        yield _("Too few visits are closed to say how near the first hundred by lot would come.")


def trend_sentences(report: GapReport, language: Language = ENGLISH) -> Iterator[str]:
    """Yield a sentence about all years together, where these are enough."""
    if report.trend is None or report.trend.ends is None:
        return
    _, change = language.gettext, language.change
    words = {
        ROSE: _("Over all years measured it rose: {amount} a year ({low} to {high})."),
        FELL: _("Over all years measured it fell: {amount} a year ({low} to {high})."),
        CANNOT_TELL: _(
            "Over all years measured: cannot tell whether it rose or fell; it moved by {low} to {high} a "
            "year."
        ),
    }
    low, high = report.trend.ends
    yield words[verdict(report.trend)].format(
        amount=change(report.trend.amount), low=change(low), high=change(high)
    )


def gap_table(report: GapReport) -> pa.Table:
    """Return a report as a table, a row a year and group; the group is empty for the whole."""
    rows: list[dict[str, Any]] = [
        {
            "year": each.year,
            "group": group,
            "traders": traders,
            "visits_by_lot": each.drawn,
            "closed": each.answered,
            "is_provisional": each.is_provisional,
            **{name: getattr(gap, name) if gap.ends else None for name in ("amount", "low", "high")},
            "verdict": verdict(each.change) if each.change is not None and not group else None,
        }
        for each in report.years
        for group, traders, gap in [
            ("", each.traders, each.gap),
            *((segment.group or "not known", segment.traders, segment.gap) for segment in each.segments),
        ]
    ]
    return pa.Table.from_pylist(rows, schema=TABLE)


def gap_content(report: GapReport) -> dict[str, Any]:
    """Return a report as plain data; an amount is null where the answers are too few to say."""
    content = asdict(report)
    for year, each in zip(content["years"], report.years, strict=True):
        for name in ("gap", "by_today", "change", "unpaid"):
            year[name] = _amounts(getattr(each, name))
        year["segments"] = [
            {"group": segment.group, "traders": segment.traders, "gap": _amounts(segment.gap)}
            for segment in each.segments
        ]
        year["verdict"] = None if each.change is None else verdict(each.change)
        year["sentences"] = list(year_sentences(each))
    content["trend"] = _amounts(report.trend)
    content["sentences"] = [*trend_sentences(report), *general_sentences(report)]
    return content


def _amounts(gap: GapEstimate | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    return asdict(gap) | ({} if gap.ends else {"amount": None})


TABLE = pa.schema(
    [
        ("year", pa.int64()),
        ("group", pa.string()),
        ("traders", pa.int64()),
        ("visits_by_lot", pa.int64()),
        ("closed", pa.int64()),
        ("is_provisional", pa.bool_()),
        *((name, pa.float64()) for name in ("amount", "low", "high")),
        ("verdict", pa.string()),
    ]
)


def _change_in_words(change: GapEstimate, language: Language) -> str:
    """Return a sentence about the change since the year before, which may be that nobody can tell."""
    _, number = language.gettext, language.number
    if change.ends is None:
        return _("Since the year measured before: cannot tell, one of the two has too few answers.")
    low, high = change.ends
    match verdict(change):
        case "rose":
            return _("Since the year measured before it rose by {amount} ({low} to {high}).").format(
                amount=number(change.amount), low=number(low), high=number(high)
            )
        case "fell":
            return _("Since the year measured before it fell by {amount} ({low} to {high}).").format(
                amount=number(-change.amount), low=number(-high), high=number(-low)
            )
    return _(
        "Since the year measured before: cannot tell. It may have changed by {low} to {high}; to see a "
        "smaller change takes more visits by lot."
    ).format(low=language.change(low), high=language.change(high))
