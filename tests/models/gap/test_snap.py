"""The gap of real cases: the quality control of a benefit programme, 4,500 targeted and 500 drawn by lot."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.gap import BY_LOT, by_lot, chances, lottery, real_cases
from models.gap.estimate import terms

CASES = Path(__file__).parents[3] / ".." / "shared" / "data" / "snap" / "cases.parquet"
DRAWS = 100


@pytest.mark.skipif(not CASES.exists(), reason="the published cases of quality control are not here")
def test_the_interval_holds_what_all_cases_of_a_year_are_worth() -> None:
    rng = np.random.default_rng(5)
    for _, cases in real_cases(CASES):
        truth, certain = float(cases.money.sum()), cases.targeted
        chance = chances(cases.deviation, certain, BY_LOT, least=0.0)
        made = [
            terms(
                lottery(cases.score, chance, certain, cases.money, by_lot(rng, chance, certain, cases.score))
            ).estimate()
            for _ in range(DRAWS)
        ]
        amounts = np.array([each.amount for each in made])
        assert abs(amounts.mean() - truth) < 3 * amounts.std() / np.sqrt(DRAWS)
        held = [low <= truth <= high for low, high in (each.ends or (0.0, 0.0) for each in made)]
        assert np.mean(held) >= 0.9
