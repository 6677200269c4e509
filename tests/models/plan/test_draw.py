"""The draw: caps hold, everybody has the probability that is said, the same seed draws the same."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.plan.audit_plan import AuditPlan, make_plan
from models.plan.capacity import GroupCap
from models.plan.caps import SHARE, caps_of
from models.plan.draw import CERTAIN, CONTROL, HELD_OUT, LOTTERY, TOP_UP, lots, solve_with_reserve
from models.plan.floors import ceilings, floors
from models.plan.program import Program
from models.plan.treatments import FIELD, JOINT, LETTER
from tests.models.plan.small import capacity, population
from tests.torture import TORTURE

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def plan() -> AuditPlan:
    return make_plan(population(), capacity(), seed=7)


def test_every_cap_holds(plan: AuditPlan) -> None:
    assert (plan.used <= plan.caps.bounds + 1e-6).all()


def test_the_plan_is_nearly_the_best_there_is(plan: AuditPlan) -> None:
    assert plan.value > 0.9 * plan.limits.bound


def test_nobody_is_treated_who_may_not_be(plan: AuditPlan) -> None:
    rows = plan.treated
    assert plan.candidates.allowed[rows, plan.drawn.treatment[rows]].all()
    assert set(plan.drawn.role[~plan.candidates.eligible]) == {""}


def test_roles_say_by_what_right_each_is_treated(plan: AuditPlan) -> None:
    treated = plan.drawn.treatment >= 0
    assert set(plan.drawn.role[treated]) <= {CERTAIN, LOTTERY, TOP_UP}
    assert set(plan.drawn.role[~treated & plan.candidates.eligible]) <= {CONTROL, HELD_OUT}
    assert set(plan.drawn.role[treated]) >= {CERTAIN, LOTTERY}
    certain = plan.drawn.role == CERTAIN
    assert plan.drawn.probability[certain, plan.drawn.treatment[certain]].tolist() == [1.0] * certain.sum()
    assert np.isnan(plan.drawn.probability[plan.drawn.role == TOP_UP]).all()


def test_visits_by_lot_are_measuring_ones(plan: AuditPlan) -> None:
    lottery = (plan.drawn.role == LOTTERY) & np.isin(plan.drawn.treatment, (FIELD, JOINT))
    assert (plan.drawn.treatment[lottery] == plan.candidates.measuring[lottery]).all()


def test_the_same_seed_draws_the_same_and_another_another(plan: AuditPlan) -> None:
    again, other = (make_plan(population(), capacity(), seed=seed) for seed in (7, 8))
    assert again.table().equals(plan.table())
    assert not other.table().equals(plan.table())


def test_the_same_seed_gives_the_same_bytes_on_one_thread_and_on_two() -> None:
    code = (
        "import hashlib, io; import pyarrow.parquet as pq; from models.plan.audit_plan import make_plan; "
        "from tests.models.plan.small import capacity, population; "
        "table = make_plan(population(4_000), capacity(), seed=7).table(); out = io.BytesIO(); "
        "pq.write_table(table, out); print(hashlib.sha256(out.getvalue()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in "12"
    }
    assert len(digests) == 1


def test_everybody_is_drawn_with_the_probability_that_is_said() -> None:
    """Counts over many draws, standardised, have mean 0 and deviation 1."""
    candidates, given = population(), capacity(caps=())
    floor = floors(candidates, given)
    program = Program(candidates.value, floor, ceilings(candidates, floor), caps_of(candidates, given))
    solution = solve_with_reserve(program, office=candidates.office)
    draws = 20_000 if TORTURE else 500
    counts, over = np.zeros_like(floor), 0
    for seed in range(draws):
        treatment, role, probability = lots(candidates, program, solution, np.random.default_rng(seed))
        rows = np.flatnonzero(role == LOTTERY)
        counts[rows, treatment[rows]] += 1
        drawn = np.flatnonzero(treatment >= 0)
        over += int((program.caps.used_by(4 * drawn + treatment[drawn]) > program.caps.bounds).any())
    by_lot = (probability > 0) & (probability < 1)
    expected = draws * probability[by_lot]
    standardised = (counts[by_lot] - expected) / np.sqrt(expected * (1 - probability[by_lot]))
    assert over <= draws / 100
    assert abs(standardised.mean()) < 0.1
    assert standardised.std() == pytest.approx(1, abs=0.03)


def test_caps_on_shares_that_bind_are_kept_by_nearly_every_draw() -> None:
    """Large traders are worth most, so that a share of them binds, and the program takes some in part."""
    caps = GroupCap("size_band", "large", share=0.25), GroupCap("region", "XA-01", share=0.5)
    draws = []
    for seed in range(8):
        plan = make_plan(population(2_000, seed=seed), capacity(caps=caps), seed=seed)
        shares = plan.caps.of_kind(SHARE)
        assert plan.limits.prices[shares].max() > 0
        assert (plan.used <= plan.caps.bounds + 1e-6).all()
        draws.append(plan.drawn.draws)
    assert max(draws) <= 3


def test_some_who_would_get_a_letter_are_held_out() -> None:
    """Where letters are what pays, a tenth of those worth one gets none, by lot."""
    candidates = population(2_000)
    candidates.value[:, LETTER] = 500.0
    candidates.value[:, 1:] = -1.0
    plan = make_plan(candidates, capacity(caps=()), seed=3)
    letters, held = (
        ((plan.drawn.treatment == LETTER) & (plan.drawn.role == LOTTERY)).sum(),
        (plan.drawn.role == HELD_OUT).sum(),
    )
    assert 0.05 < held / (held + letters) < 0.15
