"""The compliance gap: whether its interval holds the truth as often as it says, whatever the model is worth.

Two simulated administrations, whose truth is known, each seen by a good model and by a bad one that expects
half as much again as is true, are measured by lotteries drawn over and over, beside 150 traders taken for
certain. Each time audits are drawn too: the same trader audited twice books different money. Each lottery is
seen alone, and with what a hundred visits of earlier years, made twice, say of detection. The peer is the
textbook interval, mean and standard errors by Student's t. Then large traders get the better teams. With the
quality-control cases of a benefit programme (SNAP, Parquet with `year`, `state`, `case_type` and `y`) 4,500
cases are targeted and 500 drawn by lot in each of two years, their change and a segment: money that nobody
simulated.

    python -P benchmarks/gap.py [--draws 500] [--snap cases.parquet] [--quick]
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.stats import t as student

from benchmarks.table import row
from features.simulate import begin
from features.simulate.arrays import Whole
from features.simulate.audits.audit import FIELD, Exposure, drawn_yields, expectation, work
from features.simulate.audits.audit import Cases as Visits
from features.simulate.audits.select import RANDOM_WEIGHT
from features.simulate.evasion.evade import Faults
from features.simulate.evasion.intent import KINDS
from features.simulate.run import current_exposure, simulate_quarter
from features.simulate.worlds.parameters import STANDARD
from models.gap.detection import by_second_audits
from models.gap.estimate import Lottery, Terms, terms
from models.gap.interval import GapEstimate, difference
from models.gap.teams import without_teams
from models.prediction import Floats

SEEDS = (101, 102)
TRADERS, YEARS, QUARTER = 6_000, 5, 12
LOTS = (150, 400, 1_000)
CERTAIN = 150
MADE_TWICE = 100
MODELS = {"good": (0.5, 1.0, 0.5), "bad": (0.2, 1.5, 1.0)}
"""How much of each trader's own truth a model knows beside its size, what it expects for each unit that is
true, and the standard deviation of its noise, on a logarithmic scale."""
TARGETED, BY_LOT = 4_500, 500
SHRINKAGE = 50.0


@dataclass(frozen=True)
class Judged:
    """How often intervals held the truth, lay above or below it, and what they were: one draw an entry."""

    error: Floats
    held: Floats
    above: Floats
    below: Floats
    width: Floats

    @classmethod
    def of(cls, ends: list[tuple[float, float, float]], truths: list[float]) -> "Judged":
        """Return how amounts with their ends did, draw by draw."""
        amount, low, high = np.array(ends).T
        truth = np.array(truths)
        return cls(
            amount / truth - 1,
            ((low <= truth) & (truth <= high)).astype(float),
            (low > truth).astype(float),
            (high < truth).astype(float),
            (high - low) / 2 / np.abs(truth),
        )


@dataclass(frozen=True)
class Administration:
    """A simulated administration: what audits of its traders book on average, and many draws of each.

    `detection` is what visits made twice say of it, a draw an entry; 0 where they say nothing. `skill` is
    what each team finds of what the average one does.
    """

    expected: Floats
    probability: Floats
    size: Floats
    band: Whole
    drawn: list[Floats]
    detection: list[float]
    skill: Floats


def main() -> None:
    """Hand in the rows of the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--snap", type=Path, help="cases of quality control")
    parser.add_argument("--quick", action="store_true", help="100 draws")
    given = parser.parse_args()
    draws = 100 if given.quick else given.draws
    simulated(draws)
    if given.snap:
        snap(given.snap, draws)


def simulated(draws: int) -> None:
    """Hand in how the interval does in each administration, model and number of audits by lot."""
    cells: dict[str, list[Judged]] = {"alone": [], "with second audits": [], "textbook": []}
    for seed in SEEDS:
        known = administration(seed, draws)
        for name in MODELS:
            for n in LOTS:
                made = cell(known, name, n, seed=seed)
                for how, judged in made.items():
                    cells[how].append(judged)
                shown(f"administration {seed}, {name} model, {n:,} by lot", made)
        teams(known, seed=seed)
    worst = max(float(each.below.mean()) for each in cells.pop("textbook"))
    for how, own in cells.items():
        held, missed = ([float(getattr(each, part).mean()) for each in own] for part in ("held", "below"))
        row(f"truth held, pooled, {how}", ours=float(np.mean(held)), unit="", at_least=0.94, at_most=0.975)
        row(f"truth held, the least cell, {how}", ours=min(held), unit="", at_least=0.93)
        row(f"truth held, the most, {how}", ours=max(held), unit="")
        row(
            f"too low, the worst cell, {how}",
            ours=max(missed),
            peer=worst,
            against="textbook",
            unit="",
            at_most=1,
        )
        row(f"too low, the worst cell, absolute, {how}", ours=max(missed), unit="", at_most=0.05)


def administration(seed: int, draws: int) -> Administration:
    """Return a simulated administration at the beginning of its fourth year, with `draws` audits of all."""
    state = begin(traders=TRADERS, years=YEARS, seed=seed, parameters=STANDARD)
    for quarter in range(QUARTER):
        simulate_quarter(state, quarter)
    faults, exposed = current_exposure(state)
    alive = np.flatnonzero(state.traders.alive(QUARTER))
    truth = expectation(exposed)
    return Administration(
        truth.by_type.sum(axis=1)[alive],
        truth.probability[alive],
        exposed.taxes_paid[alive],
        state.traders.band[alive],
        [
            drawn_yields(np.random.default_rng([seed, k]), exposed=exposed, faults=faults)[alive]
            for k in range(draws)
        ],
        [made_twice(np.random.default_rng([seed, k, 2]), faults, exposed, alive=alive) for k in range(draws)],
        state.world.skill,
    )


def made_twice(rng: np.random.Generator, faults: Faults, exposed: Exposure, *, alive: Whole) -> float:
    """Return what share of what is not paid audits find, by some visits by lot that two teams make."""
    weight = RANDOM_WEIGHT[exposed.band[alive]]
    visited = rng.choice(alive, MADE_TWICE, replace=False, p=weight / weight.sum())
    cases = Visits(trader=visited, treatment=np.full(MADE_TWICE, FIELD), skill=np.ones(MADE_TWICE))
    first, second = (work(rng, cases, faults=faults, exposed=exposed) for _ in range(2))
    both = np.isin(first.faults.number, second.faults.number)
    counts = np.zeros((3, MADE_TWICE, len(KINDS)))
    for side, booked in enumerate((first, second)):
        np.add.at(counts[side], (booked.case, booked.faults.kind), 1.0)
    np.add.at(counts[2], (first.case[both], first.faults.kind[both]), 1.0)
    known = by_second_audits(*counts)
    return known.share if known else 0.0


def seen_by(known: Administration, model: str, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return what a model expects of each trader, and how sure it is: mean and standard deviation."""
    knows, factor, noise = MODELS[model]
    by_size = known.size / known.size.sum() * known.expected.sum()
    score = (knows * known.expected + (1 - knows) * by_size) * rng.lognormal(0.0, noise, len(by_size))
    score *= factor * known.expected.sum() / score.sum()
    chance = knows * known.probability + (1 - knows) * known.probability.mean()
    chance = np.clip(chance * rng.lognormal(0.0, noise / 2, len(chance)), 0.005, 1.0)
    return score, np.sqrt(np.maximum(5 * score**2 / chance - score**2, 50.0**2))


def cell(known: Administration, model: str, n: int, *, seed: int) -> dict[str, Judged]:
    """Return how our intervals and the textbook's do over all draws of a number of audits by lot."""
    rng = np.random.default_rng([seed, n])
    score, deviation = seen_by(known, model, rng)
    certain = np.zeros(len(score), bool)
    certain[np.argsort(-score)[:CERTAIN]] = True
    chance = chances(deviation, certain, n, least=n / len(score) / 20)
    ends: dict[str, list[tuple[float, float, float]]] = {
        "alone": [],
        "with second audits": [],
        "textbook": [],
    }
    truths = []
    for money, detection in zip(known.drawn, known.detection, strict=True):
        drawn = lottery(score, chance, certain, money, by_lot(rng, chance, certain, known.band))
        truths.append(float(money[certain].sum() + known.expected[~certain].sum()))
        ends["alone"].append(with_ends(terms(drawn).estimate()))
        ends["with second audits"].append(with_ends(terms(drawn, detection=detection).estimate()))
        ends["textbook"].append(textbook_ends(terms(drawn)))
    return {how: Judged.of(each, truths) for how, each in ends.items()}


def teams(known: Administration, *, seed: int) -> None:
    """Hand in what error is left where six in ten of the large traders get the better half of the teams."""
    n = LOTS[-1]
    rng = np.random.default_rng([seed, n, 3])
    score, deviation = seen_by(known, "good", rng)
    nobody = np.zeros(len(score), bool)
    chance = chances(deviation, nobody, n, least=n / len(score) / 20)
    better = np.argsort(-known.skill)[: len(known.skill) // 2]
    by_chance, errors = 0, []
    for money in known.drawn:
        drawn = by_lot(rng, chance, nobody, known.band)
        any_team = rng.integers(0, len(known.skill), len(score))
        chosen = np.where(
            (known.band >= 2) & (rng.random(len(score)) < 0.6), rng.choice(better, len(score)), any_team
        )
        of_any, of_chosen = (
            replace(
                lottery(score, chance, nobody, money * known.skill[team], drawn, band=known.band),
                team=team.astype(str),
            )
            for team in (any_team, chosen)
        )
        by_chance += without_teams([of_any], size="band") is not None
        corrected = without_teams([of_chosen], size="band") or (of_chosen,)
        errors.append([terms(each).estimate().amount for each in (of_chosen, *corrected)])
    left, before = np.abs(np.mean(errors, axis=0)[::-1] / known.expected.sum() - 1)
    row(
        f"administration {seed}, better teams to large traders: error left",
        ours=float(left),
        peer=float(before),
        against="as it is",
        unit="",
        at_most=0.75,
    )
    row(
        f"administration {seed}, teams by lot taken for chosen",
        ours=by_chance / len(known.drawn),
        unit="",
        at_most=0.05,
    )


def chances(deviation: Floats, certain: np.ndarray, n: int, *, least: float) -> Floats:
    """Return chances in proportion to standard deviations that sum to `n` over those not certain."""
    open_ = ~certain
    factor = n / deviation[open_].sum()
    for _ in range(50):
        factor *= n / np.minimum(0.999, factor * deviation[open_]).sum()
    return np.where(certain, 1.0, np.maximum(np.minimum(0.999, factor * deviation), least))


def by_lot(rng: np.random.Generator, chance: Floats, certain: np.ndarray, order_by: np.ndarray) -> np.ndarray:
    """Draw by systematic sampling in an order that is random inside of what it is by, as plans do."""
    rows = np.flatnonzero(~certain)
    order = rows[np.lexsort((rng.random(len(rows)), order_by[rows]))]
    ends = np.floor(np.cumsum(chance[order]) + rng.random())
    drawn = np.zeros(len(chance), bool)
    drawn[order[np.diff(ends, prepend=0.0) > 0]] = True
    return drawn


def lottery(
    score: Floats, chance: Floats, certain: np.ndarray, money: Floats, drawn: np.ndarray, **groups: np.ndarray
) -> Lottery:
    """Return a lottery in which everybody has answered."""
    answered = drawn | certain
    return Lottery(
        name="",
        year=0,
        drawn_on=date(2024, 1, 1),
        trader_ids=np.arange(len(score)).astype(str),
        score=score,
        reachable=np.ones(len(score), bool),
        chance=chance,
        team=np.full(len(score), ""),
        drawn=drawn,
        certain=certain,
        treated=answered,
        answered=answered,
        refused=np.zeros(len(score), bool),
        answer=np.where(answered, money, 0.0),
        by_type={},
        weight=np.ones(len(score)),
        is_recorded=True,
        groups=groups,
    )


def with_ends(estimate: GapEstimate) -> tuple[float, float, float]:
    """Return an amount with the ends of its interval; an interval that is not given holds nothing."""
    return (estimate.amount, *(estimate.ends or (np.nan, np.nan)))


def textbook_ends(parts: Terms) -> tuple[float, float, float]:
    """Return the same amount with the interval of the textbooks: its standard error times Student's t."""
    n = len(parts.terms)
    amount = parts.known + float(parts.terms.sum())
    reach = float(student.ppf(0.975, n - 1) * parts.terms.std(ddof=1) * np.sqrt(n))
    return amount, amount - reach, amount + reach


def shown(what: str, made: dict[str, Judged]) -> None:
    """Print a cell of the experiment."""
    error = next(iter(made.values())).error
    print(f"  {what}: error {error.mean():+.3f} (deviation {error.std():.3f})")
    for how, each in made.items():
        print(
            f"    {how:20} held {each.held.mean():.3f}, too high {each.above.mean():.3f}, too low "
            f"{each.below.mean():.3f}, half width {each.width.mean():.2f}",
            flush=True,
        )


@dataclass(frozen=True)
class Cases:
    """The cases of a year as seen from earlier years: money, what was expected and how sure, the segment."""

    money: Floats
    score: Floats
    deviation: Floats
    segment: np.ndarray

    @property
    def targeted(self) -> np.ndarray:
        """The cases taken for certain, those with most expected."""
        rows = np.zeros(len(self.money), bool)
        rows[np.argsort(-self.score, kind="stable")[:TARGETED]] = True
        return rows


def snap(path: Path, draws: int) -> None:
    """Hand in how estimates and intervals do on real cases, by year, between years and in a segment."""
    rng = np.random.default_rng(5)
    years = dict(real_cases(path))
    estimates: dict[int, list[GapEstimate]] = {}
    for year, cases in years.items():
        certain, n = cases.targeted, len(cases.money)
        chance = chances(cases.deviation, certain, BY_LOT, least=0.0)
        made = [
            lottery(
                cases.score / n, chance, certain, cases.money / n, by_lot(rng, chance, certain, cases.score)
            )
            for _ in range(draws)
        ]
        truth, parts = float(cases.money.mean()), [terms(each) for each in made]
        estimates[year] = [each.estimate() for each in parts]
        ours = Judged.of([with_ends(each) for each in estimates[year]], [truth] * draws)
        textbook = Judged.of([textbook_ends(each) for each in parts], [truth] * draws)
        shown(f"SNAP {year}, mean {truth:.2f}, 4,500 and 500 by lot", {"alone": ours, "textbook": textbook})
        deviation, bias = float(ours.error.std() * truth), float(abs(ours.error.mean()) * truth)
        row(f"SNAP {year}, deviation", ours=deviation, unit="$", at_most=1.9)
        row(f"SNAP {year}, bias", ours=bias, unit="$", at_most=0.1)
        row(f"SNAP {year}, truth held", ours=float(ours.held.mean()), unit="", at_least=0.93, at_most=0.97)
        segment = [terms(each, within=cases.segment).estimate() for each in made]
        own = float(cases.money[cases.segment].sum() / n)
        held = Judged.of([with_ends(each) for each in segment], [own] * draws).held
        row(f"SNAP {year}, certifications held", ours=float(held.mean()), unit="", at_least=0.92)
    first, second = sorted(years)
    changes = [
        difference(later, earlier) for later, earlier in zip(estimates[second], estimates[first], strict=True)
    ]
    change = float(years[second].money.mean() - years[first].money.mean())
    held = Judged.of([with_ends(each) for each in changes], [change] * draws).held
    row(f"SNAP {first} to {second}, change held", ours=float(held.mean()), unit="", at_least=0.92)


def real_cases(path: Path) -> Iterator[tuple[int, Cases]]:
    """Yield the years after the first, each with what earlier years say of its states and kinds of cases."""
    table = pq.read_table(path, columns=["year", "state", "case_type", "y"])
    year, money = table["year"].to_numpy(), table["y"].to_numpy()
    group = pc.binary_join_element_wise(table["state"].cast("string"), table["case_type"].cast("string"), "/")
    _, code = np.unique(np.array(group.to_pylist()), return_inverse=True)
    segment = np.array(table["case_type"].to_pylist()) == "Certification"
    for each in np.unique(year)[1:].tolist():
        old, own = year < each, year == each

        def shrunk(values: Floats, old: np.ndarray = old) -> Floats:
            counts, sums = (
                np.bincount(code[old], of, minlength=code.max() + 1) for of in (None, values[old])
            )
            return np.asarray((sums + SHRINKAGE * values[old].mean()) / (counts + SHRINKAGE), np.float64)

        score, square = shrunk(money)[code[own]], shrunk(money**2)[code[own]]
        yield each, Cases(money[own], score, np.sqrt(np.maximum(square - score**2, 1.0)), segment[own])


if __name__ == "__main__":
    main()
