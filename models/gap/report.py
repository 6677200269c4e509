"""Report on the gap: by year what audits of all traders would book, how it changed, and what nobody knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.data.contract.required import FINDING_TYPES
from features.data.dataset import Dataset
from features.errors import unknown
from models.gap.detection import Detection, detection_in
from models.gap.estimate import Expectation, Lottery, estimate, of_type
from models.gap.interval import GapEstimate, Z, difference, ratio, trend
from models.gap.lotteries import RANDOM, SIZED_BY, lotteries_of
from models.gap.teams import without_teams

FINDING_TYPE = "finding_type"
SegmentedBy = Literal["size_band", "sector", "region", "aeo_status", "finding_type"]
SEGMENTS: tuple[str, ...] = get_args(SegmentedBy)
"""What the gap is shown by: descriptions of traders, and finding types."""
WHOLE = 0.95
"""The part of those drawn that must have been closed, declined or abandoned before a year is no longer
provisional."""
MORE = (100, 200, 400, 800, 1_600)
"""The numbers of audits by lot for which the report says how wide the interval would be."""
FEWEST_YEARS = 3
FEWEST_CHOSEN = 30
"""Closed visits from which it says so where no audit was drawn by lot yet."""


@dataclass(frozen=True)
class GapSegment:
    """The gap of a group, and of how many traders on record."""

    group: str
    traders: int
    gap: GapEstimate


@dataclass(frozen=True)
class GapYear:
    """What is known of the gap in a year.

    - `lotteries`: the plans or selection runs that measured it; `is_recorded`: whether everybody whom they
      might have drawn is on record with what was expected.
    - `drawn`: audits by lot; of these `answered` are closed and `refused` declined or abandoned.
    - `is_provisional`: whether more than a twentieth of those drawn is still under way.
    - `traders`: those within reach of the lot; `beyond`: the share of all that no lot could reach, of whom
      `predicted_beyond` was expected and nothing is measured.
    - `gap`: what audits of all within reach would book. `by_today`: the same, where it was asked for, by what
      today's model expects, fitted without each trader, in place of the plan; `leads_today`: whether that is
      the gap itself, since no expectation of the plan is on record.
    - `is_without_teams`: whether the skill of teams was taken out of the answers, since these teams were not
      drawn by lot.
    - `change`: since the year measured before, else None.
    - `unpaid`: money not paid, found or not; None where detection is not known.
    - `chosen`, `naive`: visits that were chosen and closed, and what it would be if all traders were like
      these: wrong, since they were chosen because they are not. None where none were.
    - `pursued`: the part of all that was expected which is expected of those treated by the plan, else None.
    """

    year: int
    lotteries: tuple[str, ...]
    is_recorded: bool
    drawn: int
    answered: int
    refused: int
    is_provisional: bool
    traders: int
    beyond: float
    predicted_beyond: float
    gap: GapEstimate
    by_today: GapEstimate | None
    leads_today: bool
    is_without_teams: bool
    change: GapEstimate | None
    unpaid: GapEstimate | None
    chosen: int
    naive: float | None
    pursued: float | None
    segments: tuple[GapSegment, ...]


@dataclass(frozen=True)
class GapReport:
    """The gap as known before a day, by year; none where no audit was drawn by lot with a known probability.

    - `by`: what segments are of, None without; `detection`: the part that audits find, None if not known.
    - `chosen`, `adjusted`: closed visits that were chosen and not drawn, and those of them with money.
    - `widths`: for numbers of audits by lot, half the width of the interval that they would give, as a part
      of the gap; empty where nothing says.
    - `trend`: the change a year along the years with an interval that are not provisional; None below
      `FEWEST_YEARS`.
    - `predicted`: by year before the first lottery what a model expects of all traders, measured by nothing.
    """

    as_of: date
    years: tuple[GapYear, ...]
    by: str | None
    detection: Detection | None
    chosen: int
    adjusted: int
    widths: Mapping[int, float]
    trend: GapEstimate | None
    predicted: Mapping[int, float]


def gap_of(
    dataset: Dataset,
    *,
    by: str | None = None,
    since: int | None = None,
    detection: Detection | None = None,
    today: Expectation | None = None,
) -> GapReport:
    """Return the gap as known before the dataset's cutoff, in the years from `since` on, by segments of `by`.

    `today` says what today's model expects, to be held beside what plans expected, which leads wherever it is
    on record: it knew none of the answers. It must have learned from no answer of the trader itself.

    Where no `detection` is given, second audits say what it is, if there are enough.

    Raises `SettingError` where `by` is no segment.
    """
    if by is not None and by not in SEGMENTS:
        raise unknown(by, SEGMENTS, what="There are no segments by")
    with dataset.open() as warehouse:
        lotteries, done = lotteries_of(warehouse, dataset.cutoff)
        detection = detection or detection_in(warehouse, dataset.cutoff)
    chosen = done.filter(
        pc.and_(
            pc.is_valid(done["closed_on"]), pc.not_equal(done["selection_channel"], RANDOM).fill_null(True)
        )
    )
    shares = _shares_by_type(chosen)
    years: list[GapYear] = []
    for year in sorted({each.year for each in lotteries}):
        own = [each for each in lotteries if each.year == year]
        fresh = None if today is None or year < (since or year) else [_by_today(each, today) for each in own]
        years.append(_year(own, chosen, by=by, detection=detection, shares=shares, fresh=fresh, before=years))
    shown = tuple(each for each in years if since is None or each.year >= since)
    money = chosen["yield_amount"].to_numpy()
    return GapReport(
        dataset.cutoff,
        shown,
        by,
        detection,
        len(money),
        int((money != 0).sum()),
        _widths(years, money),
        _trend(shown),
        {},
    )


def _year(
    own: Sequence[Lottery],
    chosen: pa.Table,
    *,
    by: str | None,
    detection: Detection | None,
    shares: Mapping[str, float],
    fresh: Sequence[Lottery] | None,
    before: Sequence[GapYear],
) -> GapYear:
    """Return what a year's lotteries say: by `own` expectations, or `fresh` ones where there are none."""
    year = own[0].year
    leads_today = fresh is not None and not any(each.score.any() for each in own)
    if leads_today and fresh is not None:
        own = fresh
    corrected = without_teams(own, size=SIZED_BY)
    if corrected:
        own = corrected
    share_detected = detection.share if detection else 0.0
    gap = estimate(own, detection=share_detected)
    drawn, answered, refused = (
        sum(int((each.drawn & rows).sum()) for each, rows in zip(own, flags, strict=True))
        for flags in (
            [each.drawn for each in own],
            [each.answered for each in own],
            [each.refused for each in own],
        )
    )
    traders = round(sum(_traders(each, each.reachable) for each in own) / len(own))
    money = chosen.filter(pc.equal(pc.year(chosen["opened_on"]), year))["yield_amount"].to_numpy()
    expected = sum(float(each.score.sum()) for each in own)
    is_recorded = all(each.is_recorded for each in own)
    treated = sum(float(each.score[each.treated].sum()) for each in own)
    return GapYear(
        year=year,
        lotteries=tuple(each.name for each in own),
        is_recorded=is_recorded,
        drawn=drawn,
        answered=answered,
        refused=refused,
        is_provisional=answered + refused < WHOLE * drawn,
        traders=traders,
        beyond=float(np.mean([1 - each.reachable.mean() for each in own])),
        predicted_beyond=sum(float(each.score[~each.reachable].sum()) for each in own) / len(own),
        gap=gap,
        by_today=None
        if fresh is None
        else estimate(without_teams(fresh, size=SIZED_BY) or fresh, detection=share_detected),
        leads_today=leads_today,
        is_without_teams=corrected is not None,
        change=difference(gap, before[-1].gap) if before else None,
        unpaid=ratio(gap, detection.share, low=detection.low, high=detection.high) if detection else None,
        chosen=len(money),
        naive=float(money.mean()) * traders if len(money) else None,
        pursued=treated / expected if is_recorded and expected > 0 and not leads_today else None,
        segments=tuple(_segments(own, by, shares, detection=share_detected)) if by else (),
    )


def _by_today(lottery: Lottery, today: Expectation) -> Lottery:
    """Return a lottery with what is expected today; one of those drawn alone stays as it is."""
    return replace(lottery, score=today(lottery)) if lottery.is_recorded else lottery


def _segments(
    own: Sequence[Lottery], by: str, shares: Mapping[str, float], *, detection: float
) -> list[GapSegment]:
    """Return the gap of each group, the largest first."""
    if by == FINDING_TYPE:
        traders = round(sum(_traders(each, each.reachable) for each in own) / len(own))
        typed = {
            kind: estimate([of_type(each, kind, share=shares[kind]) for each in own], detection=detection)
            for kind in FINDING_TYPES
        }
        made = [GapSegment(kind, traders, gap) for kind, gap in typed.items()]
    else:
        groups = sorted({group for each in own for group in each.groups[by][each.reachable]})
        made = [
            GapSegment(
                group,
                round(
                    sum(_traders(each, each.reachable & (each.groups[by] == group)) for each in own)
                    / len(own)
                ),
                estimate(own, by=by, group=group, detection=detection),
            )
            for group in groups
        ]
    return sorted(made, key=lambda each: -each.gap.amount)


def _traders(lottery: Lottery, rows: np.ndarray) -> float:
    """Return how many traders the rows are, or stand for where those drawn alone are on record."""
    return float(rows.sum() if lottery.is_recorded else (1 / lottery.chance[rows]).sum())


def _shares_by_type(chosen: pa.Table) -> Mapping[str, float]:
    """Return the part of each finding type in the money of the visits that were chosen."""
    amounts = {kind: max(pc.sum(chosen[f"{kind}_amount"]).as_py() or 0.0, 0.0) for kind in FINDING_TYPES}
    total = sum(amounts.values())
    return {kind: amount / total if total else 0.0 for kind, amount in amounts.items()}


def _trend(years: Sequence[GapYear]) -> GapEstimate | None:
    settled = {each.year: each.gap for each in years if each.gap.ends is not None and not each.is_provisional}
    return trend(settled) if len(settled) >= FEWEST_YEARS else None


def _widths(years: Sequence[GapYear], chosen: np.ndarray) -> Mapping[int, float]:
    """Return half the width of the interval as a part of the gap, by numbers of audits by lot.

    From the last year that has an interval; where none has, from how much the money of chosen visits differs,
    as if traders were drawn without regard to what is expected of them.
    """
    measured = [
        (half / each.gap.amount, each.gap.answers)
        for each in years
        if (half := each.gap.half_width) is not None and each.gap.amount > 0
    ]
    if measured:
        part, answers = measured[-1]
        return {n: part * float(np.sqrt(answers / n)) for n in MORE}
    if len(chosen) < FEWEST_CHOSEN or chosen.mean() <= 0:
        return {}
    variation = float(chosen.std(ddof=1) / chosen.mean())
    return {n: Z * variation / float(np.sqrt(n)) for n in MORE}
