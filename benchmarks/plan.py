"""Plans: how fast and how near the bound they are, and whether what is drawn has the chances it says.

A population of its own, invented, with offices, sizes, sectors, regions, authorised traders, open tax audits,
and predicted money as heavy-tailed as customs audits find it. The peer is HiGHS on the whole linear program.
What letters bring is measured over and over in invented plans whose truth is known; there the peer is the
usual interval, 1.96 standard errors to both sides.

    python -P benchmarks/plan.py [--traders 100000] [--plans 5] [--draws 200] [--quick]
"""

import argparse
import time
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from benchmarks.table import row
from models.plan.audit_plan import make_plan
from models.plan.candidates import Candidates
from models.plan.capacity import Capacity, GroupCap, OfficeHours
from models.plan.caps import caps_of
from models.plan.draw import LOTTERY, lots, solve_with_reserve
from models.plan.floors import ceilings, floors
from models.plan.program import Program, solve
from models.plan.schedule import NEVER, Visits, list_schedule, schedule
from models.plan.treatments import Treatments
from models.plan.uplift import LEAST_ANSWERS, difference, shrunk
from models.prediction import Floats

SENT, VISITED = 0.87, 0.02
"""The probabilities of a letter and of a visit, of a trader meant to get a letter."""


def population(traders: int, seed: int) -> tuple[Candidates, Capacity]:
    """Return candidates and a capacity for about one visit to eighty traders."""
    rng = np.random.default_rng(seed)
    band = rng.choice(4, traders, p=[0.5, 0.3, 0.15, 0.05])
    office = rng.choice(12, traders, p=np.r_[np.full(4, 0.14), np.full(8, 0.055)])
    sector, region = rng.integers(0, 10, traders), office % 8
    authorised = rng.random(traders) < np.array([0.01, 0.03, 0.08, 0.2])[band]
    tax_audited, resting = rng.random(traders) < 0.03, rng.random(traders) < 0.06
    chance = 1 / (1 + np.exp(2.3 - 0.35 * band + authorised - rng.normal(0, 0.9, traders)))
    expected = chance * np.exp(7.2 + band + rng.normal(0, 0.9, traders))
    treatments = Treatments.read()
    hours = treatments.values("hours") * (0.7 + 0.35 * band)[:, None]
    reach, later = treatments.values("reach"), treatments.values("later")
    value = reach * expected[:, None] * (1 + later) - 60.0 * hours
    value[:, 2:] -= np.where(authorised[:, None], 0.5 * np.maximum(value[:, 2:], 0.0), 0.0)
    allowed = np.ones((traders, 4), bool)
    allowed[:, 3], allowed[:, 2] = tax_audited, ~tax_audited
    allowed &= ~resting[:, None]
    names = ("micro", "small", "medium", "large")
    candidates = Candidates(
        tuple(f"T{k:06}" for k in range(traders)),
        np.array([f"XA{k:02}" for k in office], object),
        {
            "size_band": np.array([names[k] for k in band], object),
            "sector": np.array([str(k) for k in sector], object),
            "region": np.array([str(k) for k in region], object),
            "aeo": np.where(authorised, "authorised", "none").astype(object),
        },
        expected,
        np.sqrt(np.maximum(expected**2 / chance * 5 - expected**2, 1.0)),
        chance,
        hours,
        value,
        allowed,
    )
    visits = 0.012 * traders
    offices = {}
    for k in range(12):
        own = int((office == k).sum())
        offices[f"XA{k:02}"] = OfficeHours(
            field=round(0.0138 * own * hours[:, 2].mean()), desk=round(0.02 * own * hours[:, 1].mean())
        )
    caps = tuple(
        GroupCap(by, group, visits=int(times * visits * float((candidates.groups[by] == group).mean())))
        for by, times in (("size_band", 3.0), ("sector", 1.5), ("region", 1.3))
        for group in sorted(set(candidates.groups[by]))
    )
    caps += (GroupCap("aeo", "authorised", visits=int(0.03 * visits)),)
    return candidates, Capacity(
        first_day=date(2025, 1, 1), last_day=date(2025, 12, 31), hour_costs=60.0, offices=offices, caps=caps
    )


def whole_program(program: Program) -> tuple[float, float]:
    """Return the value of the program solved by HiGHS in one piece, and the processor seconds it takes."""
    n = len(program.value)
    cells = np.flatnonzero((program.ceiling > 0).ravel())
    once = sp.csr_matrix((np.ones(len(cells)), (cells // 4, np.arange(len(cells)))), shape=(n, len(cells)))
    begun = time.process_time()
    result = linprog(
        -program.value.ravel()[cells],
        A_ub=sp.vstack([program.caps.matrix[:, cells], once], format="csr"),
        b_ub=np.append(program.caps.bounds, np.ones(n)),
        bounds=np.column_stack([program.floor.ravel()[cells], program.ceiling.ravel()[cells]]),
        method="highs",
    )
    return float(-result.fun), time.process_time() - begun


def main() -> None:
    """Hand in the rows of the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--traders", type=int, default=100_000)
    parser.add_argument("--plans", type=int, default=5)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="20,000 traders, 2,000 draws")
    given = parser.parse_args()
    traders, draws = (20_000, 2_000) if given.quick else (given.traders, given.draws)
    candidates, capacity = population(traders, seed=0)
    floor = floors(candidates, capacity)
    caps = caps_of(candidates, capacity)
    program = Program(candidates.value, floor, ceilings(candidates, floor), caps)
    size = f"{traders:,} traders, {len(caps.bounds)} caps"

    begun = time.process_time()
    limits = solve(program, office=candidates.office)
    sifting = time.process_time() - begun
    value, whole = whole_program(program)
    row(f"the program of {size}", ours=sifting, peer=whole, against="in one piece", unit="s", at_most=1.0)
    row("its value", ours=limits.value, peer=value, against="in one piece", unit="", at_least=1 - 1e-6)
    row("its proof", ours=limits.bound, peer=limits.value, against="its value", unit="", at_most=1 + 1e-6)
    seconds, over, values = whole_plans(candidates, capacity, given.plans)
    row(f"a whole plan of {size}", ours=seconds, unit="s", at_most=5.0)
    row("the least plan", ours=min(values), peer=limits.bound, against="the bound", unit="", at_least=0.985)
    row(f"plans over a cap, of {given.plans}", ours=over, unit="", at_most=0)
    broken, deviation = standardised_counts(candidates, program, draws)
    row(
        f"deviation of standardised counts, {draws:,} draws",
        ours=deviation,
        unit="",
        at_most=1.03,
        at_least=0.97,
    )
    row("draws over a cap, which are drawn again", ours=100 * broken / draws, unit="%", at_most=0.1)
    order_of_office(120, 14)
    uplift(100 if given.quick else 500)


@dataclass(frozen=True)
class Corrections:
    """How traders meant to get a letter correct: how many, how often, how unlike, and with what bearing.

    `often` with and without a letter, `more` with one alone; `spread` of sizes and `shape` of amounts, the
    smaller the heavier their tail.
    """

    traders: int
    often: float
    more: float
    spread: float
    shape: float

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats, float]:
        """Return amounts corrected, what was known, inverse probabilities of both sides, and the truth."""
        size = rng.lognormal(0.0, self.spread, self.traders)
        amount = size * rng.gamma(self.shape, 1.0, self.traders) / self.shape
        lot, corrects = rng.random(self.traders), rng.random(self.traders)
        sent, held_out = lot < SENT, lot >= SENT + VISITED
        y = np.where(corrects < self.often + self.more * sent, amount, 0.0)
        known = np.column_stack([size * rng.lognormal(0.0, 0.5, self.traders), rng.random(self.traders)])
        truth = self.more * float(np.exp(self.spread**2 / 2))
        return y, known, sent / SENT, held_out / (1 - SENT - VISITED), truth


CORRECTIONS = (
    Corrections(400, 0.3, 0.15, 0.7, 0.5),
    Corrections(1_000, 0.3, 0.15, 0.7, 0.5),
    Corrections(1_000, 0.12, 0.08, 1.2, 0.5),
    Corrections(4_000, 0.3, 0.15, 0.7, 2.0),
    Corrections(4_000, 0.05, 0.05, 1.0, 1.0),
    Corrections(12_000, 0.03, 0.03, 1.2, 0.5),
)


def uplift(draws: int) -> None:
    """Hand in how often the interval of what letters bring holds the truth, in plans of several kinds."""
    shares = []
    for kind in CORRECTIONS:
        rng = np.random.default_rng([kind.traders, round(100 * kind.often)])
        held: list[bool] = []
        while len(held) < draws:
            *drawn, truth = kind.draw(rng)
            y, _, sent, held_out = drawn
            if min(np.count_nonzero(y[side > 0]) for side in (sent, held_out)) >= LEAST_ANSWERS:
                effect = difference(*drawn)
                held.append(effect.low <= truth <= effect.high)
        shares.append(float(np.mean(held)))
        name = f"uplift, {kind.traders:,} traders, {kind.often:.0%} correct, shape {kind.shape:g}: truth held"
        row(name, ours=shares[-1], unit="")
    row("uplift: truth held, pooled", ours=float(np.mean(shares)), unit="", at_least=0.93, at_most=0.97)
    row("uplift: truth held, the least cell", ours=min(shares), unit="", at_least=0.93)
    few = Corrections(120, 0.2, 0.1, 0.7, 0.5)
    rng, errors = np.random.default_rng(1), list[tuple[float, float]]()
    while len(errors) < draws:
        *drawn, truth = few.draw(rng)
        y, _, _, held_out = drawn
        if y[held_out > 0].any():
            effect = difference(*drawn)
            both, _ = shrunk(effect.value, effect.deviation, 0.08 / 0.12 * truth, 0.05 / 0.12 * truth)
            errors.append((both - truth, effect.value - truth))
    ours, raw = np.sqrt(np.square(errors).mean(axis=0))
    row(
        "uplift by a hundred letters: error with the source",
        ours=ours,
        peer=raw,
        against="without",
        unit="",
        at_most=0.5,
    )


def order_of_office(visits: int, teams: int) -> None:
    """Hand in how near the best order of an office's visits ours and a list by net effect a week come."""
    rng = np.random.default_rng(3)
    hours = np.where(rng.random(visits) < 0.05, 140, 95) * rng.lognormal(-0.06, 0.35, visits)
    length = np.maximum(np.rint(hours * (0.7 + 0.35 * rng.choice(4, visits)) / 30), 1).astype(int)
    never = np.full(visits, NEVER)
    joint, due = rng.random(visits) < 0.08, never.copy()
    release = np.where(joint, rng.integers(0, 13, visits), 0)
    due[joint] = release[joint] + 10
    weight = rng.lognormal(0.0, 1.3, visits)
    given = Visits(length, weight / weight.mean(), release, due, never, never, teams, np.zeros(0, int))
    began = time.perf_counter()
    made = schedule(given)
    seconds = time.perf_counter() - began
    undated = replace(given, due=never)
    by_value = float(given.costs(list_schedule(undated)).sum())
    size = f"{visits} visits of {teams} teams in order"
    row(f"{size}, cost", ours=made.cost, peer=made.bound, against="its bound", unit="", at_most=1.01)
    row(f"{size}, cost", ours=made.cost, peer=by_value, against="net effect a week", unit="", at_most=1.0)
    row(size, ours=seconds, unit="s", at_most=60.0)


def whole_plans(candidates: Candidates, capacity: Capacity, plans: int) -> tuple[float, int, list[float]]:
    """Return the processor seconds of a plan, how many break a cap, and the value of each."""
    begun = time.process_time()
    made = [make_plan(candidates, capacity, seed=seed) for seed in range(plans)]
    seconds = (time.process_time() - begun) / plans
    over = sum(bool((plan.used > plan.caps.bounds + 1e-6).any()) for plan in made)
    return seconds, over, [plan.value for plan in made]


def standardised_counts(candidates: Candidates, program: Program, draws: int) -> tuple[int, float]:
    """Return how many draws break a cap, and the deviation of how often each trader and treatment is drawn.

    Counts are standardised by the probabilities that the draw says: their deviation is 1 where these hold.
    """
    bounds = program.caps.bounds
    solution = solve_with_reserve(program, office=candidates.office)
    counts, broken = np.zeros_like(program.floor), 0
    for seed in range(draws):
        treatment, role, probability = lots(candidates, program, solution, np.random.default_rng(seed))
        rows = np.flatnonzero(role == LOTTERY)
        counts[rows, treatment[rows]] += 1
        drawn = np.flatnonzero(treatment >= 0)
        broken += int((program.caps.used_by(4 * drawn + treatment[drawn]) > bounds).any())
    by_lot = (probability > 0) & (probability < 1)
    expected = draws * probability[by_lot]
    return broken, float(((counts[by_lot] - expected) / np.sqrt(expected * (1 - probability[by_lot]))).std())


if __name__ == "__main__":
    main()
