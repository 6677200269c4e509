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
    """Draw the world of a seed: which schemes exist, how strong they are, and all that `ranges` lists.

    Each parameter draws from a stream of its own, so that a new one leaves the others of a seed as they were.
    """
    chance = Chance(seed)
    schemes = _schemes(chance)
    exists = [scheme.start > 0 for scheme in schemes]
    trade = TradeParameters(
        **_values(chance, ranges.TRADE),
        assists=_value(chance, ranges.ASSISTS) * exists[Scheme.OMIT_ASSIST],
        phoenixes=_value(chance, ranges.PHOENIXES) * exists[Scheme.PHOENIX],
    )
    evasion = EvasionParameters(**_values(chance, ranges.EVASION), schemes=schemes)
    audits = AuditParameters(**_values(chance, ranges.AUDITS))
    tables, absent = _data(chance)
    return Parameters(
        name=RANDOM,
        about=f"drawn from the seed {seed}",
        trade=trade,
        evasion=evasion,
        audits=audits,
        tables=tables,
        absent=absent,
    )


def _values(chance: Chance, drawn: Iterable[Range]) -> dict[str, float]:
    return {each.name: _value(chance, each) for each in drawn}


def _value(chance: Chance, drawn: Range, *, of: str = "world") -> float:
    """Draw a parameter to three digits, so that what is printed is what holds."""
    there, where = chance.stream(f"{of} {drawn.name}").random(2)
    if there < drawn.absent:
        return drawn.none
    low, high = drawn.lowest, drawn.highest
    value = low * (high / low) ** where if drawn.logarithmic else low + (high - low) * where
    return float(f"{value:.3g}")


def _schemes(chance: Chance) -> tuple[SchemeParameters, ...]:
    """Draw which schemes exist, at least `FEWEST_SCHEMES`, and how each is used."""
    order = np.array([chance.stream(f"world has {scheme.name}").random() for scheme in Scheme])
    limit = max(ranges.EXISTS, float(np.sort(order)[ranges.FEWEST_SCHEMES - 1]))
    return tuple(
        _scheme(chance, scheme) if order[scheme] <= limit else SchemeParameters() for scheme in Scheme
    )


def _scheme(chance: Chance, scheme: Scheme) -> SchemeParameters:
    bounds, where = ranges.SEVERITY.get(scheme, (0.0, 0.0, 0.0, 0.0)), f"world {scheme.name}"
    share = chance.stream(f"{where} severity").random(2)
    lowest, highest = (
        round(float(low + (high - low) * each), 3)
        for low, high, each in zip(bounds[::2], bounds[1::2], share, strict=True)
    )
    if scheme is Scheme.PHOENIX:
        return SchemeParameters(start=FOUNDED_FOR_IT, lowest=lowest, highest=highest, coverage=1.0)
    opens, closes = (_value(chance, each, of=where) for each in (ranges.OPENS, ranges.CLOSES))
    return SchemeParameters(
        start=_value(chance, ranges.START, of=where),
        lowest=lowest,
        highest=highest,
        coverage=_value(chance, ranges.COVERAGE, of=where),
        opens=opens,
        closes=closes if closes > opens else 1.0,
    )


def _data(chance: Chance) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Draw which optional tables exist, and which optional columns of declarations do not."""

    def happens(name: str, odds: float) -> bool:
        return chance.stream(f"world {name}").random() < odds

    thin = happens("is thin", ranges.THIN)
    odds = {
        name: ranges.THIN_TABLES.get(name, 0.0) if thin else ranges.FULL_TABLE for name in OPTIONAL_TABLES
    }
    missing = ranges.COLUMNS_MISSING[int(thin)]
    tables = tuple(name for name in OPTIONAL_TABLES if happens(f"has {name}", odds[name]))
    groups = [group for group in ranges.COLUMNS if happens(f"lacks {group[0]}", missing)]
    return tables, tuple(name for group in groups for name in group)
