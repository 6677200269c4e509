"""Draw the parameters of a world at random."""

from collections.abc import Iterable

import numpy as np

from features.simulate.chance import Chance
from features.simulate.mechanisms import Scheme
from features.simulate.worlds import ranges
from features.simulate.worlds.parameters import (
    OPTIONAL_TABLES,
    AuditParameters,
    EvasionParameters,
    Parameters,
    SchemeParameters,
    TradeParameters,
)
from features.simulate.worlds.ranges import Range

RANDOM = "random"
FOUNDED_FOR_IT = 0.9  # a phoenix company begins at once


def draw(seed: int) -> Parameters:
    """Draw the world of a seed: which schemes exist, how strong they are, and all that `ranges` lists."""
    stream = Chance(seed).stream("world parameters")
    schemes = _schemes(stream)
    exists = [scheme.start > 0 for scheme in schemes]
    trade = TradeParameters(
        **_values(stream, ranges.TRADE),
        assists=_value(stream, ranges.ASSISTS) * exists[Scheme.OMIT_ASSIST],
        phoenixes=_value(stream, ranges.PHOENIXES) * exists[Scheme.PHOENIX],
    )
    evasion = EvasionParameters(**_values(stream, ranges.EVASION), schemes=schemes)
    audits = AuditParameters(**_values(stream, ranges.AUDITS))
    tables, absent = _data(stream)
    return Parameters(
        name=RANDOM,
        about=f"drawn from the seed {seed}",
        trade=trade,
        evasion=evasion,
        audits=audits,
        tables=tables,
        absent=absent,
    )


def _values(stream: np.random.Generator, drawn: Iterable[Range]) -> dict[str, float]:
    return {each.name: _value(stream, each) for each in drawn}


def _value(stream: np.random.Generator, drawn: Range) -> float:
    """Draw a parameter to three digits, so that what is printed is what holds."""
    there, where = stream.random(2)
    if there < drawn.absent:
        return drawn.none
    low, high = drawn.lowest, drawn.highest
    value = low * (high / low) ** where if drawn.logarithmic else low + (high - low) * where
    return float(f"{value:.3g}")


def _schemes(stream: np.random.Generator) -> tuple[SchemeParameters, ...]:
    """Draw which schemes exist, at least `FEWEST_SCHEMES`, and how each is used."""
    order = stream.random(len(Scheme))
    limit = max(ranges.EXISTS, float(np.sort(order)[ranges.FEWEST_SCHEMES - 1]))
    drawn = [_scheme(stream, scheme) for scheme in Scheme]
    return tuple(
        each if order[scheme] <= limit else SchemeParameters()
        for scheme, each in zip(Scheme, drawn, strict=True)
    )


def _scheme(stream: np.random.Generator, scheme: Scheme) -> SchemeParameters:
    bounds = ranges.SEVERITY.get(scheme, (0.0, 0.0, 0.0, 0.0))
    lowest, highest = (
        round(float(low + (high - low) * stream.random()), 3) for low, high in (bounds[:2], bounds[2:])
    )
    founded = scheme is Scheme.PHOENIX
    start, coverage = _value(stream, ranges.START), _value(stream, ranges.COVERAGE)
    opens, closes = _value(stream, ranges.OPENS), _value(stream, ranges.CLOSES)
    return SchemeParameters(
        start=FOUNDED_FOR_IT if founded else start,
        lowest=lowest,
        highest=highest,
        coverage=1.0 if founded else coverage,
        opens=0.0 if founded else opens,
        closes=1.0 if founded or closes <= opens else closes,
    )


def _data(stream: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Draw which optional tables exist, and which optional columns of declarations do not."""
    thin = stream.random() < ranges.THIN
    there, missing = stream.random(len(OPTIONAL_TABLES)), stream.random(len(ranges.COLUMNS))
    odds = [ranges.THIN_TABLES.get(name, 0.0) if thin else ranges.FULL_TABLE for name in OPTIONAL_TABLES]
    tables = tuple(name for name, odd, draw in zip(OPTIONAL_TABLES, odds, there, strict=True) if draw < odd)
    limit = ranges.COLUMNS_MISSING[int(thin)]
    groups = [group for group, draw in zip(ranges.COLUMNS, missing, strict=True) if draw < limit]
    return tables, tuple(name for group in groups for name in group)
