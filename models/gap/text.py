"""The gap in words for managers: what is known, what is not, and what would tell."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from models.gap.interval import FEWEST_NON_ZERO, GapEstimate
from models.gap.report import GapReport, GapYear

TOO_FEW = "too few to say"
CANNOT_TELL = "cannot tell"


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
    yield from general_sentences(report)


def in_words(gap: GapEstimate) -> str:
    """Return an amount with its interval, or that the answers are too few."""
    if gap.ends is None:
        return TOO_FEW
    low, high = gap.ends
    return f"{gap.amount:,.0f} ({low:,.0f} to {high:,.0f})"


def verdict(change: GapEstimate) -> str:
    """Return whether the gap rose or fell, or that nobody can tell."""
    if change.ends is None:
        return CANNOT_TELL
    low, high = change.ends
    return "rose" if low > 0 else "fell" if high < 0 else CANNOT_TELL


def year_sentences(each: GapYear) -> Iterator[str]:
    """Yield what is known of a year, a sentence each, the most important first."""
    drawn = f"{each.drawn:,} visits by lot, {each.answered:,} of them closed, {each.refused:,} given up"
    if each.gap.ends is None:
        yield (
            f"Of {drawn}, {each.gap.non_zero:,} found money: below {FEWEST_NON_ZERO} nobody can say how "
            "much visits to all traders would find."
        )
    else:
        yield (
            f"So much would visits to all {each.traders:,} traders within reach book; a range made like this "
            f"holds the truth 95 times of 100. From {drawn}."
        )
    if each.is_provisional:
        yield "Provisional: more than a twentieth of those visits is not closed, and they may find more."
    if each.change is not None:
        yield _change_in_words(each.change)
    if each.unpaid is not None:
        yield f"Not paid, found by visits or not, by what is known of detection: {in_words(each.unpaid)}."
    yield from _limits(each)


def _limits(each: GapYear) -> Iterator[str]:
    """Yield what the estimate of a year leaves out, and how it must not be made."""
    if each.naive is not None and each.gap.ends is not None:
        yield (
            f"Wrong would be {each.naive:,.0f}: that all traders are like the {each.chosen:,} whose visits "
            "were chosen. They were chosen because they are not."
        )
    if each.beyond > 0:
        yield (
            f"{each.beyond:.1%} of the traders could not be drawn, for instance since they were visited "
            f"lately: {each.predicted_beyond:,.0f} is expected of them, which nothing measures, and is not "
            "in the gap."
        )
    if each.pursued is not None:
        yield f"Of all that was expected when the plan was made, {each.pursued:.0%} is of traders it treats."
    if not each.is_recorded:
        yield (
            "No plan on record says who could be drawn and what was expected of everybody: the answers speak "
            "by themselves, only of who could be drawn, and the range is wider than it need be."
        )


def general_sentences(report: GapReport) -> Iterator[str]:
    """Yield what holds for all years: what is not known, and what more audits by lot would tell."""
    if not report.years:
        yield (
            "No visit was drawn by lot with a known probability. So nobody can say what visits to all "
            "traders would book, nor whether compliance got better or worse: chosen visits say how good the "
            f"choice is. {report.chosen:,} of those are closed, {report.adjusted:,} with money."
        )
        yield "`audit-yield plan` draws a part of all visits by lot, and keeps their probabilities."
    if report.detection is None:
        yield (
            "What no visit would find is not in it: single visits cannot say how much that is. Double visits "
            "or a study can: what they say goes into detection.toml."
        )
    else:
        share, source = report.detection.share, report.detection.source
        yield f"A visit finds {share:.0%} of what is not paid, by {source}."
    if report.widths:
        widths = ", ".join(f"{n:,}: {part:.0%}" for n, part in report.widths.items())
        yield f"How near visits by lot in a year would come, give or take, by their number: {widths}."
        yield "Four times as many visits halve the range."
    elif not report.years:
        yield "Too few visits are closed to say how near the first hundred by lot would come."


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
        for name in ("gap", "change", "unpaid"):
            year[name] = _amounts(getattr(each, name))
        year["segments"] = [
            {"group": segment.group, "traders": segment.traders, "gap": _amounts(segment.gap)}
            for segment in each.segments
        ]
        year["verdict"] = None if each.change is None else verdict(each.change)
        year["sentences"] = list(year_sentences(each))
    content["sentences"] = list(general_sentences(report))
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


def _change_in_words(change: GapEstimate) -> str:
    """Return a sentence about the change since the year before, which may be that nobody can tell."""
    if change.ends is None:
        return "Since the year measured before: cannot tell, one of the two has too few answers."
    low, high = change.ends
    since = "Since the year measured before it"
    match verdict(change):
        case "rose":
            return f"{since} rose by {change.amount:,.0f} ({low:,.0f} to {high:,.0f})."
        case "fell":
            return f"{since} fell by {-change.amount:,.0f} ({-high:,.0f} to {-low:,.0f})."
    return (
        f"Since the year measured before: cannot tell. It may have changed by {low:+,.0f} to {high:+,.0f}; "
        "to see a smaller change takes more visits by lot."
    )
