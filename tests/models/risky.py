"""Audits of traders whose risk is known, to hold models against."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from features.data.contract.required import FINDING_TYPES
from models.fitting.glm import sigmoid
from models.prediction import Floats

NAMES = ("customs_value_12m", "yield_on_value", "evasion", "noise")
DIRECTIONS = {"customs_value_12m": 1, "yield_on_value": 1, "evasion": 1}


@dataclass(frozen=True)
class Risky:
    """Features, money, the audits' circumstances, and what a reference audit would bring on average."""

    X: pa.Table
    y: Floats
    audits: pa.Table
    expected: Floats
    probability: Floats


def risky(
    count: int,
    *,
    seed: int,
    skills: dict[str, float] | None = None,
    letters: float = 0.0,
    refunds: float = 0.1,
) -> Risky:
    """Draw audits whose chance and amount of an adjustment rise with evasion, the amount with value.

    `skills` adds to a team's log-odds of finding something; a share of `letters` find half as often.
    """
    rng = np.random.default_rng(seed)
    value, rate = rng.lognormal(11, 1, count), rng.uniform(0, 0.02, count)
    evasion, noise = rng.normal(0, 1, count), rng.normal(0, 1, count)
    chance = sigmoid(-1.5 + 1.2 * evasion)
    amount = 0.02 * value * np.exp(0.5 * evasion)
    net = 1 - 2 * refunds
    teams = sorted(skills or {"K1": 0.0})
    team = rng.choice(teams, count)
    letter = rng.random(count) < letters
    odds = np.log(chance / (1 - chance)) + np.array([(skills or {"K1": 0.0})[each] for each in team])
    met = rng.random(count) < sigmoid(odds) * np.where(letter, 0.5, 1.0)
    sign = np.where(rng.random(count) < refunds, -1.0, 1.0)
    y = np.where(met, np.round(sign * amount * rng.lognormal(-0.32, 0.8, count), 2), 0.0)
    kind = np.where(noise > 0, 0, 1)
    return Risky(
        X=pa.table(dict(zip(NAMES, (value, rate, evasion, noise), strict=True))),
        y=y,
        audits=audits_of(y, kind=kind, team=team, letter=letter),
        expected=chance * amount * net,
        probability=chance,
    )


def audits_of(y: Floats, *, kind: np.ndarray, team: np.ndarray, letter: np.ndarray) -> pa.Table:
    first = date(2020, 1, 1)
    return pa.table(
        {
            "opened_on": [first + timedelta(days=day) for day in range(len(y))],
            "treatment": np.where(letter, "letter", "field").tolist(),
            "selection_channel": ["rule"] * len(y),
            "team_id": team.tolist(),
            **{
                f"{name}_amount": np.where(kind == number, y, 0.0)
                for number, name in enumerate(FINDING_TYPES)
            },
        }
    )
