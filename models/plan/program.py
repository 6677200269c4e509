"""Program: whom to treat how, as a linear program, solved on the traders that may matter and proved for all.

Of each trader and treatment the plan gives a probability x between a floor and a ceiling; the probabilities
of one trader add up to at most 1. What is worth most is wanted, within caps on hours and on visits.

It is solved by sifting: on the eighth of traders that is worth most, with all others at their floors; then
everybody is priced with the prices of the caps that come out, and who would gain is added, until nobody
would. The prices then prove that no plan is worth more (LP duality): `Solution.bound` is that proof, worked
out over all traders.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from features.errors import SettingError
from models.plan.caps import Caps
from models.plan.treatments import KINDS, SKILLS
from models.prediction import Floats

FIRST_SHARE, FIRST_AT_LEAST, FIRST_OF_OFFICE = 8, 4_000, 150
"""Sifting begins with an eighth of traders, with so many of them at least, and with so many an office."""
MOST_ROUNDS = 20
WORTH = 1e-9
"""What a trader must gain to be added, as a share of the largest value of any."""
INFEASIBLE = 2


@dataclass(frozen=True)
class Program:
    """Values (n, 4), floors and ceilings (n, 4) of the probabilities, and the caps on all of them.

    A treatment whose ceiling is 0 is not allowed.
    """

    value: Floats
    floor: Floats
    ceiling: Floats
    caps: Caps

    def within(self, bounds: Floats) -> "Program":
        """Return the same program under other bounds of its caps."""
        return replace(self, caps=replace(self.caps, bounds=bounds))


@dataclass(frozen=True)
class Solution:
    """Probabilities (n, 4), the price of each cap, the value of the plan, and the most that any is worth.

    `traders` were in the last program, after so many `rounds`.
    """

    x: Floats
    prices: Floats
    value: float
    bound: float
    traders: int
    rounds: int

    @property
    def gap(self) -> float:
        """How much more a plan could be worth at most, as a share."""
        return (self.bound - self.value) / max(abs(self.value), 1e-9)


def solve(program: Program, *, office: np.ndarray) -> Solution:
    """Solve a program; `office` (n,) is that of each trader, of whom some are in the first round from each.

    Raises `SettingError` where no plan keeps all caps, with the smallest change after which one does.
    """
    chosen, rounds, missed = _first(program, office), 0, np.ones(len(office), bool)
    while missed.any() and rounds < MOST_ROUNDS:
        rounds += 1
        x, prices = _solved(program, chosen)
        reduced = program.value - program.caps.priced(prices)
        gains = np.where(program.ceiling > program.floor, reduced, -np.inf).max(axis=1)
        missed = ~chosen & (gains > WORTH * np.abs(program.value).max())
        chosen |= missed
    bound = float(program.caps.bounds @ prices + _best(program, reduced).sum())
    return Solution(x, prices, float((program.value * x).sum()), bound, int(chosen.sum()), rounds)


def _first(program: Program, office: np.ndarray) -> np.ndarray:
    """Return the traders that are worth most, of all and of each office."""
    worth = np.where(program.ceiling > 0, program.value, -np.inf).max(axis=1)
    chosen = np.zeros(len(worth), bool)
    chosen[np.argsort(-worth, kind="stable")[: max(FIRST_AT_LEAST, len(worth) // FIRST_SHARE)]] = True
    for name in np.unique(office.astype(str)):
        own = np.flatnonzero(office == name)
        for skill in SKILLS.values():
            of_skill = np.where(program.ceiling[own] > 0, program.value[own], -np.inf)[:, skill].max(axis=1)
            chosen[own[np.argsort(-of_skill, kind="stable")[:FIRST_OF_OFFICE]]] = True
    return chosen


def _solved(program: Program, chosen: np.ndarray) -> tuple[Floats, Floats]:
    """Return probabilities and prices with the traders who were not chosen at their floors."""
    rows = np.flatnonzero(chosen)
    others = np.where(chosen[:, None], 0.0, program.floor)
    allowed = program.ceiling[rows] > 0
    columns = np.flatnonzero(allowed.ravel())
    cells = rows[columns // KINDS] * KINDS + columns % KINDS
    once = sp.csr_matrix(
        (np.ones(len(columns)), (columns // KINDS, np.arange(len(columns)))), shape=(len(rows), len(columns))
    )
    caps = program.caps.matrix[:, cells]
    left = program.caps.bounds - program.caps.used(others)
    result = linprog(
        -program.value.ravel()[cells],
        A_ub=sp.vstack([caps, once], format="csr"),
        b_ub=np.append(left, np.ones(len(rows))),
        bounds=np.column_stack([program.floor.ravel()[cells], program.ceiling.ravel()[cells]]),
        method="highs",
    )
    if result.status == INFEASIBLE:
        raise _infeasible(program, cells, once, left)
    x = others.ravel()
    x[cells] = result.x
    return x.reshape(-1, KINDS), np.maximum(-result.ineqlin.marginals[: len(left)], 0.0)


def _best(program: Program, reduced: Floats) -> Floats:
    """Return what each trader is worth at most at the prices (n,): its floors, then the best treatments."""
    worth = (program.floor * reduced).sum(axis=1)
    room = 1.0 - program.floor.sum(axis=1)
    order = np.argsort(-reduced, axis=1, kind="stable")
    for rank in range(KINDS):
        column = order[:, rank : rank + 1]
        gain, step = (
            np.take_along_axis(each, column, axis=1)[:, 0]
            for each in (reduced, program.ceiling - program.floor)
        )
        taken = np.where(gain > 0, np.clip(np.minimum(room, step), 0.0, None), 0.0)
        worth, room = worth + taken * np.maximum(gain, 0.0), room - taken
    return np.asarray(worth, np.float64)


def _infeasible(program: Program, cells: np.ndarray, once: sp.csr_matrix, left: Floats) -> SettingError:
    """Return the error for caps that no plan keeps, with the smallest change that would do, in shares."""
    caps, scale = program.caps, np.maximum(np.abs(program.caps.bounds), 1.0)
    given, more = len(cells), len(left)
    elastic = sp.hstack([caps.matrix[:, cells], -sp.diags(scale)], format="csr")
    result = linprog(
        np.append(np.zeros(given), np.ones(more)),
        A_ub=sp.vstack([elastic, sp.hstack([once, sp.csr_matrix((once.shape[0], more))])], format="csr"),
        b_ub=np.append(left, np.ones(once.shape[0])),
        bounds=np.column_stack(
            [
                np.append(program.floor.ravel()[cells], np.zeros(more)),
                np.append(program.ceiling.ravel()[cells], np.full(more, np.inf)),
            ]
        ),
        method="highs",
    )
    lacking = result.x[given:] * scale
    needs = [
        f"{caps.names[k]}: {caps.bounds[k]:,.1f}, where {caps.bounds[k] + lacking[k]:,.1f} would do"
        for k in np.flatnonzero(lacking > 1e-6 * scale)
    ]
    return SettingError(
        f"No plan keeps all caps. The smallest change that would do is {'; '.join(needs)}.",
        expected="room for the visits by lot that give every active trader a chance.",
        advice="Raise these caps, or lower random_share.",
    )
