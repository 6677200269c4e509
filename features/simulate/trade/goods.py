"""Goods and tariff: headings, their sibling subheadings, rates, preferences and prices."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Array, Flags, Floats, Whole
from features.simulate.chance import Chance, lognormal

HEADINGS_PER_CHAPTER = 8
AGREEMENTS = ("FTA1", "FTA2", "GSP")

# chapter, noun, typical price per kg, usual rate, excise, supplementary unit, kg per unit
CHAPTERS: tuple[tuple[int, str, float, float, float, str, float], ...] = (
    (2, "meat", 5.5, 0.18, 0, "", 1),
    (4, "dairy produce", 4.5, 0.16, 0, "", 1),
    (8, "fruit", 1.8, 0.10, 0, "", 1),
    (9, "coffee and tea", 6.0, 0.07, 0, "", 1),
    (15, "edible oil", 1.6, 0.08, 0, "", 1),
    (20, "preserved food", 2.2, 0.14, 0, "", 1),
    (22, "beverages", 3.2, 0.15, 0.20, "LTR", 1),
    (24, "tobacco goods", 18.0, 0.20, 0.45, "", 1),
    (29, "organic chemicals", 7.0, 0.04, 0, "", 1),
    (30, "medicaments", 85.0, 0.02, 0, "", 1),
    (33, "cosmetics", 15.0, 0.06, 0, "", 1),
    (39, "plastic articles", 4.0, 0.065, 0, "", 1),
    (42, "leather bags", 22.0, 0.09, 0, "NAR", 0.8),
    (48, "paper articles", 1.9, 0.04, 0, "", 1),
    (61, "knitted clothing", 17.0, 0.12, 0, "NAR", 0.3),
    (62, "woven clothing", 21.0, 0.12, 0, "NAR", 0.4),
    (64, "footwear", 19.0, 0.14, 0, "PR", 0.9),
    (70, "glassware", 2.4, 0.06, 0, "", 1),
    (73, "steel articles", 2.8, 0.045, 0, "", 1),
    (84, "machinery", 24.0, 0.025, 0, "NAR", 60.0),
    (85, "electrical goods", 38.0, 0.035, 0, "NAR", 2.5),
    (87, "vehicle parts", 9.5, 0.07, 0.05, "", 1),
    (90, "instruments", 70.0, 0.03, 0, "NAR", 1.5),
    (94, "furniture", 4.6, 0.05, 0, "NAR", 14.0),
)


@dataclass(frozen=True)
class Goods:
    """Headings (H of them) and their subheadings (S), with rates a quarter (Q).

    `heading` (S) names each subheading's heading; `first` and `count` (H) its siblings; `mfn` (Q, S)
    is the rate for everyone, `preference` (agreements, S) the preferential one, not a number where there
    is none; `price` (H) is money per kg, `price_of_sub` (S) and `inflation` (Q, H) multiply it.
    """

    code: Array
    heading: Whole
    chapter: Whole
    first: Whole
    count: Whole
    mfn: Floats
    preference: Floats
    excise: Floats
    price: Floats
    price_of_sub: Floats
    inflation: Floats
    spread: Floats
    season: Floats
    new: Flags
    rises: Whole

    def lowest(self, quarter: int) -> Whole:
        """Return, for each heading, its subheading with the lowest rate in that quarter."""
        order = np.lexsort((self.mfn[quarter], self.heading))
        return order[self.first]

    def highest(self, quarter: int) -> Whole:
        """Return, for each heading, its subheading with the highest rate in that quarter."""
        order: Whole = np.lexsort((self.mfn[quarter], self.heading))
        dearest: Whole = order[self.first + self.count - 1]
        return dearest

    def lowest_of_chapter(self, quarter: int) -> Whole:
        """Return, for each chapter, its subheading with the lowest rate in that quarter."""
        chapter = self.chapter[self.heading]
        order: Whole = np.lexsort((self.mfn[quarter], chapter))
        cheapest: Whole = order[np.searchsorted(chapter[order], np.arange(len(CHAPTERS)))]
        return cheapest


def goods(chance: Chance, *, quarters: int) -> Goods:
    """Draw the nomenclature, its rates and its prices."""
    stream = chance.stream("goods")
    chapter = np.repeat(np.arange(len(CHAPTERS)), HEADINGS_PER_CHAPTER)
    count = stream.integers(2, 6, size=chapter.size)
    heading = np.repeat(np.arange(chapter.size), count)
    first = np.cumsum(count) - count
    base = _base_rates(chance, chapter=chapter, heading=heading)
    mfn, rises = _rate_rises(chance, base, first=first, count=count, quarters=quarters)
    excise = np.array([row[4] for row in CHAPTERS])
    return Goods(
        code=_codes(chapter, heading=heading, first=first, count=count),
        heading=heading,
        chapter=chapter,
        first=first,
        count=count,
        mfn=mfn,
        preference=_preferences(chance, base),
        excise=excise[chapter[heading]],
        price=np.array([row[2] for row in CHAPTERS])[chapter] * lognormal(stream, chapter.size, sigma=0.5),
        price_of_sub=lognormal(stream, heading.size, sigma=0.10),
        inflation=_inflation(chance, quarters=quarters, headings=chapter.size),
        spread=0.08 + 0.20 * stream.random(chapter.size),
        season=_seasons(chance, headings=chapter.size),
        new=stream.random(chapter.size) < 0.12,
        rises=rises,
    )


def _codes(chapter: Whole, *, heading: Whole, first: Whole, count: Whole) -> Array:
    """Return codes of 8 digits, of 10 from chapter 84 on; the last sibling is the residual "other" (90)."""
    number = np.array([row[0] for row in CHAPTERS])[chapter[heading]]
    position = np.arange(heading.size) - first[heading]
    sub = np.where(position == count[heading] - 1, 90, 10 * (position + 1))
    within_chapter = heading % HEADINGS_PER_CHAPTER + 1
    texts = [f"{c:02d}{h:02d}{s:02d}00" for c, h, s in zip(number, within_chapter, sub, strict=True)]
    return np.array([text + "00" if c >= 84 else text for text, c in zip(texts, number, strict=True)])


def _base_rates(chance: Chance, *, chapter: Whole, heading: Whole) -> Floats:
    """Draw the rates of subheadings; siblings differ, which makes a wrong subheading worth declaring.

    Fisman and Wei (2004) measure evasion by the gap between similar goods whose rates differ.
    """
    stream = chance.stream("rates")
    usual = np.array([row[3] for row in CHAPTERS])[chapter] * lognormal(stream, chapter.size, sigma=0.4)
    steps = np.array([0.0, 0.3, 0.6, 1.0, 1.0, 1.5])
    step = stream.choice(steps, size=heading.size)
    rates: Floats = np.minimum(usual[heading] * step, 0.45)
    return np.round(rates, 3)


def _rate_rises(
    chance: Chance, base: Floats, *, first: Whole, count: Whole, quarters: int
) -> tuple[Floats, Whole]:
    """Draw one rise of the highest rate in a sixth of the headings, in the third quarter or later.

    Returns the rates (Q, S) and, for each heading, the quarter of its rise (-1: none).
    """
    stream = chance.stream("rate rises")
    rises = np.where(stream.random(first.size) < 1 / 6, stream.integers(2, quarters, size=first.size), -1)
    mfn = np.tile(base, (quarters, 1))
    for heading in np.flatnonzero(rises >= 0):
        siblings = slice(first[heading], first[heading] + count[heading])
        dearest = first[heading] + int(np.argmax(base[siblings]))
        mfn[rises[heading] :, dearest] = np.round(base[dearest] * 1.4 + 0.03, 3)
    return mfn, rises


def _preferences(chance: Chance, base: Floats) -> Floats:
    """Draw preferential rates: zero or half for most subheadings under each agreement, none for some."""
    stream = chance.stream("preferences")
    factor = stream.choice([0.0, 0.5, np.nan], size=(len(AGREEMENTS), base.size), p=[0.6, 0.25, 0.15])
    rates = np.round(factor * base, 3)
    return np.where(rates < base, rates, np.nan)


def _inflation(chance: Chance, *, quarters: int, headings: int) -> Floats:
    """Draw the price index of each heading: two percent a year and a random walk."""
    steps = 0.005 + 0.02 * chance.stream("inflation").standard_normal((quarters, headings))
    return np.exp(np.cumsum(steps, axis=0))


def _seasons(chance: Chance, *, headings: int) -> Floats:
    """Draw the seasonal profile of each heading over four quarters, with mean one."""
    profile: Floats = np.exp(0.2 * chance.stream("seasons").standard_normal((4, headings)))
    return np.asarray(profile / profile.mean(axis=0))
