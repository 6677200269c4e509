"""Gap page: what audits of all traders would book by year and group, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

from features.language import Language
from models.gap.interval import GapEstimate
from models.gap.report import SEGMENTS, GapReport, GapYear
from models.gap.text import TOO_FEW, general_sentences, in_words, trend_sentences, verdict, year_sentences
from serving.live.state import Live
from serving.page.render import render_template
from serving.page.waterfall import WIDTH


@dataclass(frozen=True)
class GapBar:
    """An estimate as it is drawn: its label and words, and the places of its range on 0 to `WIDTH`.

    `low`, `amount` and `high` are None where the answers are too few.
    """

    label: str
    words: str
    low: float | None
    amount: float | None
    high: float | None
    note: str = ""


def gap_page(live: Live, report: GapReport) -> str:
    """Return the page of the gap as HTML: the newest year that can be measured first."""
    measured = [each for each in report.years if each.gap.ends is not None]
    newest = measured[-1] if measured else None
    language = live.language
    years = [(str(each.year), each.gap, _note(each, language)) for each in reversed(report.years)]
    segments = [
        (each.group or language.gettext("not known"), each.gap, _traders(each.traders, language))
        for each in (newest.segments if newest else ())
    ]
    return render_template(
        "gap.html",
        language=live.language,
        live=live,
        report=report,
        newest=newest,
        words=in_words(newest.gap, language) if newest else language.gettext(TOO_FEW),
        sentences=[
            *trend_sentences(report, language),
            *(year_sentences(newest or report.years[-1], language) if report.years else ()),
        ],
        general=list(general_sentences(report, language)),
        years=_bars(years, language),
        segments=_bars(segments, language),
        by=SEGMENTS,
    )


def _note(each: GapYear, language: Language) -> str:
    """Return what a line of the years says beside the amount: the change, and whether it may still move."""
    change = "" if each.change is None else language.gettext(verdict(each.change))
    provisional = language.gettext("provisional") if each.is_provisional else ""
    return ", ".join(filter(None, [change, provisional]))


def _traders(count: int, language: Language) -> str:
    words = language.ngettext("{count} trader", "{count} traders", count)
    return words.format(count=language.number(count))


def _bars(rows: Sequence[tuple[str, GapEstimate, str]], language: Language) -> list[GapBar]:
    """Return estimates on one scale, from zero or the lowest end to the highest."""
    ends = [gap.ends for _, gap, _ in rows if gap.ends is not None]
    least, most = min([0.0, *(low for low, _ in ends)]), max([1.0, *(high for _, high in ends)])

    def at(value: float) -> float:
        return round((value - least) / (most - least) * WIDTH, 1)

    return [
        GapBar(label, in_words(gap, language), None, None, None, note)
        if gap.ends is None
        else GapBar(label, in_words(gap, language), at(gap.ends[0]), at(gap.amount), at(gap.ends[1]), note)
        for label, gap, note in rows
    ]
