"""What HiGHS writes of its own does not stand in what a command writes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOPPED_UP = """
from benchmarks.plan import population
from models.plan.audit_plan import program_of
from models.plan.draw import draw, solve_with_reserve
candidates, capacity = population(3_000, seed=2)
program = program_of(candidates, capacity)
solution = solve_with_reserve(program, office=candidates.office)
print("ours", len(draw(candidates, program, solution, seed=1, top_up_from=200).role))
"""


def test_lines_of_the_solver_are_dropped() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOPPED_UP], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("ours 3000\n", "")
