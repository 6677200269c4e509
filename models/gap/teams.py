"""Teams: where those of visits by lot were not drawn by lot themselves, their skill is taken out of answers.

A team that finds more makes the traders it visits look worse. Drawn by lot, teams visit all kinds of traders
alike, and the answers are those of the average team; nothing is to be corrected then, and a correction would
only add its own error. Where the better teams go to the large traders, skill looks like risk.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import chi2_contingency

from models.gap.estimate import Lottery
from models.prediction import Floats

FEWEST_ANSWERS = 100
"""Answers by lot in a year from which it can be told whether teams were drawn by lot."""
FEWEST_OF_A_TEAM = 10
SURE = 0.01
"""The chance with which teams that were drawn by lot are taken for chosen."""
LARGEST_EFFECT = 2.0


def without_teams(lotteries: Sequence[Lottery], *, size: str) -> tuple[Lottery, ...] | None:
    """Return the lotteries of a year with the effects of teams taken out of their answers, by `size` groups.

    None where they are as they should be: where the teams are not known, or depend on the size of traders no
    more than by chance (Pearson's chi-square), or where nothing says what was expected.
    """
    own = [each.drawn & each.answered & (each.team != "") for each in lotteries]

    def joined(values: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate([each[rows] for each, rows in zip(values, own, strict=True)])

    team, sizes = joined([each.team for each in lotteries]), joined([each.groups[size] for each in lotteries])
    stands_for = joined([each.weight for each in lotteries]) / joined([each.chance for each in lotteries])
    expected = stands_for * joined([each.score for each in lotteries])
    answer = stands_for * joined([each.answer for each in lotteries])
    names, counts = np.unique(team, return_counts=True)
    names = names[counts >= FEWEST_OF_A_TEAM]
    rows = np.isin(team, names)
    if rows.sum() < FEWEST_ANSWERS or len(names) < 2 or _is_by_lot(team[rows], sizes[rows]):
        return None
    team, expected, answer = team[rows], expected[rows], answer[rows]
    of_team = np.searchsorted(names, team)
    if not np.bincount(of_team, expected).all():
        return None
    effects = dict(zip(names, _effects(of_team, expected, answer), strict=True))
    return tuple(_corrected(each, effects) for each in lotteries)


def _is_by_lot(team: np.ndarray, size: np.ndarray) -> bool:
    teams, sizes = (np.unique(each, return_inverse=True)[1] for each in (team, size))
    visits = np.zeros((teams.max() + 1, sizes.max() + 1))
    np.add.at(visits, (teams, sizes), 1)
    return bool(visits.shape[1] < 2 or chi2_contingency(visits).pvalue >= SURE)


def _effects(team: np.ndarray, expected: Floats, answer: Floats) -> Floats:
    """Return how much of the average each team finds, by what it found beside what was expected.

    Each is drawn towards all others' by how little is known of it (DerSimonian & Laird 1986); they are 1 on
    average, and between 1 / `LARGEST_EFFECT` and that.
    """
    overall = answer.sum() / expected.sum()
    of_expected = np.bincount(team, expected)
    relative = np.bincount(team, answer) / of_expected / overall
    spread = ((answer / overall - expected) ** 2).sum() / (expected**2).sum()
    variance = spread * np.bincount(team, expected**2) / of_expected**2
    weight = 1 / variance
    middle = (weight * relative).sum() / weight.sum()
    excess = (weight * (relative - middle) ** 2).sum() - (len(relative) - 1)
    between = max(0.0, excess / (weight.sum() - (weight**2).sum() / weight.sum()))
    effects = middle + between / (between + variance) * (relative - middle)
    return np.asarray(np.clip(effects / effects.mean(), 1 / LARGEST_EFFECT, LARGEST_EFFECT), np.float64)


def _corrected(lottery: Lottery, effects: dict[str, float]) -> Lottery:
    effect = np.array([effects.get(each, 1.0) for each in lottery.team])
    return replace(
        lottery,
        answer=lottery.answer / effect,
        by_type={kind: money / effect for kind, money in lottery.by_type.items()},
    )
