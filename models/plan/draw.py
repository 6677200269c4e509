"""Draw: who is taken for certain, who by lot, and who fills the hours that are left.

The order matters. What the program takes for certain is taken. Over all others the visits by lot are drawn,
by systematic sampling with the floors as probabilities, in an order by office, size and sector that is random
inside: so every office and size gets its part within one visit, and each trader its probability exactly. Then
letters and desk audits are drawn likewise among those not drawn; some who would get a letter are held out.
What hours are left is topped up by an integer program over those worth most; their probability is not known,
and no estimate counts them as drawn.

A draw that breaks a cap is drawn again; a reserve makes that rare, so that probabilities hold.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint

from features.errors import SettingError
from models.plan.candidates import Candidates
from models.plan.caps import COUNT, HOURS, SHARE
from models.plan.floors import LETTERS_AT_MOST
from models.plan.integer_program import solve_integers
from models.plan.program import Program, Solution, solve
from models.plan.treatments import DESK, KINDS, LETTER, SKILLS
from models.prediction import Floats

NOT_TREATED = -1
CERTAIN, LOTTERY, TOP_UP, HELD_OUT, CONTROL = "certain", "lottery", "top_up", "held_out", "control"
SURE = 0.99
"""A probability of the program above which a trader is taken for certain."""
RESERVED_AUDITS, RESERVED_DEVIATIONS = 2.5, 2.0
"""Kept back before the draw: audits of middle hours of an office's hours, standard deviations of a count."""
MOST_RESERVED = 0.2
"""Of a cap."""
MOST_DRAWS = 1_000
TOP_UP_FROM = 1_500
"""Traders worth most, of each skill, among whom the integer program looks."""
TOP_UP_GAP = 0.005
TOP_UP_NODES = 2_000
ROUNDING = 1e-6


@dataclass(frozen=True)
class Drawn:
    """What was drawn, trader by trader.

    - `treatment` (n,): its number in `TREATMENTS`, -1 for none.
    - `role` (n,): certain, lottery or top_up of those treated; held_out of those who would have got a letter
      and by lot got none; control of all others who might have been drawn; empty of those not eligible.
    - `probability` (n, 4): with which each treatment was drawn; not a number for a top-up.
    - `draws`: how many it took until all caps held.
    """

    treatment: np.ndarray
    role: np.ndarray
    probability: Floats
    draws: int


def solve_with_reserve(program: Program, *, office: np.ndarray) -> Solution:
    """Solve a program with something kept back of each cap, so that few draws break one.

    Where not all of it can be kept back, half is, a quarter, or nothing. Raises `SettingError` where the caps
    cannot all be kept.
    """
    for part in (1.0, 0.5, 0.25):
        try:
            return solve(program.within(program.caps.bounds - part * reserve(program)), office=office)
        except SettingError:
            continue
    return solve(program, office=office)


def reserve(program: Program) -> Floats:
    """Return what is kept back of each cap before the draw.

    Of a share of all visits, which bounds a difference by 0, it is one visit more, for those that the program
    chooses in part and the draw does not.
    """
    caps = program.caps
    by_lot = np.where(program.floor < SURE, program.floor, 0.0)
    reserved = np.zeros(len(caps.bounds))
    for row in np.flatnonzero(caps.of_kind(HOURS)):
        own = caps.matrix[row].data
        reserved[row] = RESERVED_AUDITS * float(np.median(own)) if len(own) else 0.0
    variance = caps.matrix.power(2) @ by_lot.ravel()
    counted, shared = caps.of_kind(COUNT, SHARE), caps.of_kind(SHARE)
    reserved[counted] = RESERVED_DEVIATIONS * np.sqrt(variance)[counted]
    reserved[shared] += 1.0
    return np.where(shared, reserved, np.minimum(reserved, MOST_RESERVED * np.abs(caps.bounds)))


def draw(
    candidates: Candidates,
    program: Program,
    solution: Solution,
    *,
    seed: int,
    top_up_from: int = TOP_UP_FROM,
) -> Drawn:
    """Draw a plan; the same seed gives the same plan.

    `program` has the caps that must hold, `solution` is of the same program less the reserve; the top-up
    looks among `top_up_from` traders of each skill. Raises `SettingError` where `MOST_DRAWS` draws all break
    a cap.
    """
    rng = np.random.default_rng(seed)
    for draws in range(1, MOST_DRAWS + 1):
        treatment, role, probability = lots(candidates, program, solution, rng)
        used = program.caps.used_by(_cells(treatment))
        if (used <= program.caps.bounds + ROUNDING).all():
            _top_up(candidates, program, solution, treatment, role, used, top_up_from)
            probability[role == TOP_UP] = np.nan
            return Drawn(treatment, role, probability, draws)
    over = program.caps.names[int(np.argmax(used - program.caps.bounds))]
    raise SettingError(
        f"No draw of {MOST_DRAWS:,} kept all caps; the last broke {over}.",
        expected="caps with room for one or two visits more than are drawn by lot.",
        advice="Raise that cap, or lower random_share.",
    )


def lots(
    candidates: Candidates, program: Program, solution: Solution, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Return treatment, role and probabilities of who is certain and who is drawn by lot, caps or no caps."""
    x, rows = solution.x, np.arange(len(candidates))
    certain = np.where((x > SURE).any(axis=1), x.argmax(axis=1), NOT_TREATED)
    treatment = certain.copy()
    open_ = (certain == NOT_TREATED) & candidates.eligible
    probability = np.zeros_like(x)
    probability[certain != NOT_TREATED, certain[certain != NOT_TREATED]] = 1.0

    visited = np.where(open_, program.floor[rows, candidates.measuring], 0.0)
    drawn = _systematic(candidates, visited, rng)
    treatment[drawn] = candidates.measuring[drawn]
    probability[rows[open_], candidates.measuring[open_]] = visited[open_]

    by_letter = open_ & (x[:, LETTER] > 0.5)
    for kind, chance in (
        (LETTER, np.where(by_letter, np.minimum(x[:, LETTER], LETTERS_AT_MOST), program.floor[:, LETTER])),
        (DESK, np.where(by_letter, 0.0, program.floor[:, DESK])),
    ):
        before = probability.sum(axis=1)
        left = open_ & (treatment == NOT_TREATED)
        chance = np.where(open_, np.minimum(chance, 1.0 - before), 0.0)
        conditional = np.where(left, chance / np.maximum(1.0 - before, ROUNDING), 0.0)
        drawn = _systematic(candidates, conditional, rng)
        treatment[drawn] = kind
        probability[:, kind] += chance
    role = np.where(open_, CONTROL, "").astype(object)
    role[by_letter] = HELD_OUT
    role[treatment != NOT_TREATED] = LOTTERY
    role[certain != NOT_TREATED] = CERTAIN
    return treatment, role, probability


def _systematic(candidates: Candidates, probability: Floats, rng: np.random.Generator) -> np.ndarray:
    """Return the rows drawn, each with its probability, by systematic sampling."""
    rows = np.flatnonzero(probability > 0)
    keys = (candidates.groups["sector"], candidates.groups["size_band"], candidates.office)
    order = rows[np.lexsort((rng.random(len(rows)), *(key[rows].astype(str) for key in keys)))]
    start = rng.random()
    ends = np.floor(np.cumsum(probability[order]) + start)
    return np.asarray(order[ends != np.append(np.floor(start), ends[:-1])])


def _top_up(
    candidates: Candidates,
    program: Program,
    solution: Solution,
    treatment: np.ndarray,
    role: np.ndarray,
    used: Floats,
    most: int,
) -> None:
    """Treat more traders within what is left of the caps: those worth most, by an integer program.

    Controls that were held out of a letter stay as they are: they are what letters are measured against.
    """
    free = (treatment == NOT_TREATED) & candidates.eligible & (role != HELD_OUT)
    worth = np.where(free[:, None] & candidates.allowed & (program.value > 0), program.value, 0.0)
    price = program.caps.priced(np.maximum(solution.prices, 1e-9 * np.abs(program.value).max()))
    density = np.where(worth > 0, worth / np.maximum(price, 1e-12), 0.0)
    cells = np.concatenate([_densest(density, kinds, most) for kinds in SKILLS.values()])
    if not len(cells):
        return
    traders, row_indices = np.unique(cells // KINDS, return_inverse=True)
    once = sp.csr_matrix(
        (np.ones(len(cells)), (row_indices, np.arange(len(cells)))), (len(traders), len(cells))
    )
    result = solve_integers(
        -program.value.ravel()[cells],
        constraints=[
            LinearConstraint(
                program.caps.matrix[:, cells], -np.inf, np.maximum(program.caps.bounds - used, 0.0)
            ),
            LinearConstraint(once, -np.inf, 1.0),
        ],
        integrality=np.ones(len(cells)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": TOP_UP_GAP, "node_limit": TOP_UP_NODES},
    )
    if result.x is None:
        return
    taken = cells[result.x > 0.5]
    treatment[taken // KINDS], role[taken // KINDS] = taken % KINDS, TOP_UP


def _densest(density: Floats, kinds: tuple[int, ...], most: int) -> np.ndarray:
    """Return the pairs of trader and treatment of a skill that are worth most for what they use up."""
    own = np.zeros_like(density)
    own[:, kinds] = density[:, kinds]
    order = np.argsort(-own.ravel(), kind="stable")[:most]
    return order[own.ravel()[order] > 0]


def _cells(treatment: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(treatment != NOT_TREATED)
    return np.asarray(rows * KINDS + treatment[rows])
