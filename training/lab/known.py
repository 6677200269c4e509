"""Features in memory, by which policies of the lab know traders: a stand-in for the pipeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa

from features.feature import Definition
from features.library.origin.preferences import (
    detour_preference_at_stake,
    preference_at_stake,
    unproven_preference_at_stake,
)
from features.library.origin.relief import relief_at_stake
from features.library.valuation.peer_prices import low_price_money
from features.simulate.arrays import Floats
from features.simulate.audits.select import Sight
from features.simulate.clock import SCOPE_QUARTERS
from features.simulate.state import SimulationState
from features.simulate.trade.lines import Lines, taxes
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import World
from models.fitting.stake import OVERLAP, TRADE_YIELD
from models.hurdle import HurdleModel

Tallies = Mapping[str, Floats]
EXPOSURE = "customs_value_12m"
LIGHT = {"bags": 1, "rounds": 80}
"""Fewer trees than a model that serves has: the lab fits hundreds."""


class Known(Protocol):
    """What a policy knows of all traders, and how it learns from those it audited."""

    def add(self, state: SimulationState, declared: Lines, amended: Lines) -> None:
        """Take in the lines accepted in a quarter, and those amended in it."""

    def features(self, state: SimulationState, *, sight: Sight, quarter: int) -> pa.Table:
        """Return the features of each trader on a quarter's first day, a row each."""

    def model(self, state: SimulationState) -> HurdleModel:
        """Return the model to fit to the features of those audited."""

    def at_stake(self, features: pa.Table) -> Floats:
        """Return the money expected of each trader by the written indicators alone."""


@dataclass
class InMemory:
    """What is known from the tallies of the last year, a quarter each, and from what officers know."""

    year: list[Tallies] = field(default_factory=list)

    def add(self, state: SimulationState, declared: Lines, amended: Lines) -> None:
        """Take in the lines accepted in a quarter; amendments are not seen."""
        del amended
        summed = tallies(declared, state.world, traders=state.traders.count)
        self.year = [*self.year[1 - SCOPE_QUARTERS :], summed]

    def features(self, state: SimulationState, *, sight: Sight, quarter: int) -> pa.Table:
        """Return the features of each trader: a year's tallies, what is known of it, and its registration."""
        del quarter
        return pa.table(dict(features(self.year, traders=state.traders, sight=sight)))

    def model(self, state: SimulationState) -> HurdleModel:
        """Return a model with few trees."""
        return HurdleModel(seed=state.chance.seed % 2**31, growth=LIGHT, exposure=EXPOSURE)

    def at_stake(self, features: pa.Table) -> Floats:
        """Return the money at stake by the suspicions that lines in memory show."""
        return at_stake({name: features[name].to_numpy() for name in features.column_names})


def tallies(declared: Lines, world: World, *, traders: int) -> Tallies:
    """Sum a quarter's lines by trader: value, taxes, lines, and what looks odd about them."""
    heading = world.goods.heading[declared.sub]
    price = np.log(np.maximum(declared.value, 0.01) / np.maximum(declared.net, 0.01))
    groups, group = np.unique(heading * 64 + declared.origin, return_inverse=True)
    usual = np.bincount(group, weights=price) / np.bincount(group, minlength=groups.size)
    below = np.clip(usual[group] - price, 0.0, 2.0)
    highest = np.zeros(int(heading.max(initial=0)) + 1)
    np.maximum.at(highest, heading, declared.rate)
    claimed = declared.agreement >= 0
    columns = {
        EXPOSURE: declared.value,
        "taxes": taxes(declared, world.goods).sum(axis=1),
        "lines": np.ones(declared.count),
        "price_gap_amount": np.expm1(below) * declared.value * (below > 0.5),
        "lower_rate_amount": np.where(claimed, 0.0, highest[heading] - declared.rate) * declared.value,
        "preference_value": declared.value * claimed,
        "unproven_value": declared.value * (claimed & (declared.proof < 0)),
        "other_route_value": declared.value * (claimed & (declared.dispatch != declared.origin)),
        "relieved_value": declared.value * declared.relief,
    }
    return {
        name: np.bincount(declared.trader, weights=values, minlength=traders).astype(np.float64)
        for name, values in columns.items()
    }


def features(year: Sequence[Tallies], *, traders: Traders, sight: Sight) -> Mapping[str, Floats]:
    """Return the features of each trader: a year's tallies, what is known of it, and its registration."""
    summed = {name: np.sum([quarter[name] for quarter in year], axis=0) for name in year[0]}
    known = {
        "past_finding": sight.past_finding,
        "broker_findings": sight.broker_findings,
        "border_hits": sight.border_hits,
        "since_audit": np.minimum(sight.since_audit, 40),
        "tax_audit": sight.tax_audit,
        "band": traders.band,
        "sector": traders.sector,
        "aeo": traders.aeo > 0,
    }
    return summed | {name: np.asarray(values, np.float64) for name, values in known.items()}


def at_stake(seen: Mapping[str, Floats]) -> Floats:
    """Return the money that audits are expected to book of each trader by what is written, none being known.

    It is the sum over the pipeline's suspicions that lines in memory show, each with its written yield, and
    over the trade itself. Prices and relief put taxes at stake at the trader's mean rate.
    """
    traded = np.maximum(seen[EXPOSURE], 1.0)
    saved_a_unit = seen["lower_rate_amount"] / np.maximum(seen["preference_value"], 1.0)
    suspicions: tuple[tuple[Definition, Floats], ...] = (
        (low_price_money, seen["price_gap_amount"] * seen["taxes"] / traded),
        (preference_at_stake, seen["lower_rate_amount"]),
        (unproven_preference_at_stake, seen["unproven_value"] * saved_a_unit),
        (detour_preference_at_stake, seen["other_route_value"] * saved_a_unit),
        (relief_at_stake, seen["relieved_value"] * seen["taxes"] / traded),
    )
    written = sum(
        (feature.prior_yield or 0.0) * money for each, money in suspicions for feature in each.features
    )
    return np.asarray(OVERLAP * written + TRADE_YIELD * seen[EXPOSURE])
