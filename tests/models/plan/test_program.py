"""The program: sifting finds the best plan and proves it, and says what is short."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from features.errors import SettingError
from models.plan import program as module
from models.plan.audit_plan import make_plan, price_of_preference
from models.plan.candidates import Candidates
from models.plan.capacity import Capacity, GroupCap, OfficeHours
from models.plan.caps import caps_of
from models.plan.floors import ceilings, floors
from models.plan.program import Program, Solution, solve
from tests.models.plan.small import capacity, population


def program_of(candidates: Candidates, given: Capacity) -> Program:
    floor = floors(candidates, given)
    return Program(candidates.value, floor, ceilings(candidates, floor), caps_of(candidates, given))


@pytest.fixture(scope="module")
def solved() -> tuple[Program, Solution]:
    candidates = population()
    program = program_of(candidates, capacity())
    return program, solve(program, office=candidates.office)


def test_sifting_finds_the_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun with few traders, it adds those who would gain until the value is that of the whole program."""
    candidates = population()
    program = program_of(candidates, capacity())
    n = len(candidates)
    once = np.kron(np.eye(n), np.ones(4))
    whole = linprog(
        -program.value.ravel(),
        A_ub=np.vstack([program.caps.matrix.toarray(), once]),
        b_ub=np.append(program.caps.bounds, np.ones(n)),
        bounds=np.column_stack([program.floor.ravel(), program.ceiling.ravel()]),
    )
    monkeypatch.setattr(module, "FIRST_AT_LEAST", 5)
    monkeypatch.setattr(module, "FIRST_SHARE", 100)
    monkeypatch.setattr(module, "FIRST_OF_OFFICE", 3)
    solution = solve(program, office=candidates.office)
    assert solution.rounds > 1
    assert solution.traders < n
    assert solution.value == pytest.approx(-whole.fun, rel=1e-9)


def test_the_proof_is_as_high_as_the_plan(solved: tuple[Program, Solution]) -> None:
    _, solution = solved
    assert abs(solution.gap) < 1e-9


def test_the_plan_keeps_caps_floors_and_ceilings(solved: tuple[Program, Solution]) -> None:
    program, solution = solved
    assert (program.caps.used(solution.x) <= program.caps.bounds + 1e-6).all()
    assert (solution.x >= program.floor - 1e-9).all()
    assert (solution.x <= program.ceiling + 1e-9).all()
    assert (solution.x.sum(axis=1) <= 1 + 1e-9).all()


def test_a_price_is_what_one_hour_more_would_bring(solved: tuple[Program, Solution]) -> None:
    program, solution = solved
    row = int(np.argmax(solution.prices))
    more = program.caps.bounds.copy()
    more[row] += 0.5
    richer = solve(program.within(more), office=population().office)
    assert (richer.value - solution.value) / 0.5 == pytest.approx(solution.prices[row], rel=0.2)
    assert solution.prices[row] > 0


def test_who_is_not_allowed_gets_nothing(solved: tuple[Program, Solution]) -> None:
    _, solution = solved
    assert solution.x[~population().eligible].sum() == 0


def test_the_visits_by_lot_have_their_share_of_the_hours() -> None:
    candidates = population()
    floor = floors(candidates, capacity(random_share=0.2))
    by_lot = (floor[:, 2:] * candidates.hours[:, 2:]).sum()
    assert by_lot == pytest.approx(0.2 * 4_000, rel=1e-6)
    assert (floor[candidates.eligible].sum(axis=1) > 0).all()


def test_caps_that_cannot_hold_are_refused_with_the_smallest_change() -> None:
    candidates = population()
    offices = {"XA1": OfficeHours(2600.0, 700.0), "XA2": OfficeHours(10.0, 400.0)}
    with pytest.raises(SettingError, match=r"field hours of XA2: 10\.0, where ") as error:
        make_plan(candidates, capacity(offices=offices), seed=1)
    enough = float(error.value.found.rpartition("where ")[2].split()[0].replace(",", ""))
    offices["XA2"] = OfficeHours(1.1 * enough, 400.0)
    solve(program_of(candidates, capacity(offices=offices)), office=candidates.office)


def test_a_cap_on_a_group_without_traders_is_refused() -> None:
    with pytest.raises(SettingError, match="no such trader") as error:
        caps_of(population(), capacity(caps=(GroupCap("size_band", "giant", visits=3.0),)))
    assert "large, small" in error.value.expected


def test_the_price_of_a_preference_is_what_the_best_plan_without_it_brings_more() -> None:
    """Visits of the authorised count half: where none of them is visited any more, all of theirs is lost."""
    indifferent = population()
    authorised = indifferent.groups["aeo"] == "authorised"
    value = indifferent.value.copy()
    value[:, 2:] -= np.where(authorised[:, None], 0.5 * np.maximum(value[:, 2:], 0.0), 0.0)
    given = capacity(caps=())
    preferring = make_plan(replace(indifferent, value=value), given, seed=1)
    price = price_of_preference(preferring, indifferent)
    bound = make_plan(indifferent, given, seed=1).limits
    assert 0 < price < float((indifferent.value * bound.x)[authorised].sum())
    assert price_of_preference(make_plan(indifferent, given, seed=1), indifferent) == pytest.approx(
        0, abs=1e-6
    )
