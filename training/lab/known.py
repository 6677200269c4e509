"""Features of traders in memory: a stand-in for the pipeline's, from lines as first declared."""

from collections.abc import Mapping, Sequence

import numpy as np

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
from features.simulate.trade.lines import Lines, taxes
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import World
from models.fitting.stake import OVERLAP, TRADE_YIELD

Tallies = Mapping[str, Floats]
EXPOSURE = "customs_value_12m"


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
