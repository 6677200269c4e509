"""Each scheme changes what it says on a line, and nothing else: that is the mark it leaves."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.simulate.arrays import columns
from features.simulate.chance import Chance
from features.simulate.clock import calendar
from features.simulate.evasion.overpay import overpay
from features.simulate.evasion.schemes import FALSIFY, SchemeContext
from features.simulate.mechanisms import Scheme
from features.simulate.trade.declare import honest_lines
from features.simulate.trade.lines import Lines, taxes
from features.simulate.trade.portfolio import slots
from features.simulate.trade.traders import OVERPAYMENTS, Traders
from features.simulate.trade.traders import traders as draw_traders
from features.simulate.trade.world import world
from features.simulate.worlds.parameters import (
    STANDARD,
    EvasionParameters,
    Parameters,
    TradeParameters,
)

COUNT, CHANCE = 300, Chance(1)
TRADE = TradeParameters(assists=0.3, phoenixes=0.1, overpayers=0.5, renewals=0.3, tail_weight=0.2)
CHANGED = {
    Scheme.UNDERVALUE: {"goods"},
    Scheme.MISCLASSIFY: {"sub"},
    Scheme.FALSE_ORIGIN: {"origin", "agreement", "proof"},
    Scheme.UNDERDECLARE_QUANTITY: {"goods", "net", "quantity", "gross"},
    Scheme.OMIT_ROYALTY: {"adjustment"},
    Scheme.ABUSE_RELIEF: {"relief"},
    Scheme.LOWER_OWN_PRICE: {"goods"},
    Scheme.SWITCH_SELLER: {"goods", "seller"},
    Scheme.MISDESCRIBE: {"sub"},
    Scheme.OMIT_ASSIST: {"adjustment"},
    Scheme.RUSH: {"goods"},
    Scheme.PHOENIX: {"goods"},
}


@cache
def _quarter(evasion: EvasionParameters = STANDARD.evasion) -> tuple[SchemeContext, Traders, Lines]:
    parameters = Parameters(trade=TRADE, evasion=evasion)
    environment = world(CHANCE, calendar=calendar(years=3), traders=COUNT, parameters=parameters)
    traders = draw_traders(CHANCE, environment, count=COUNT)
    products = slots(CHANCE, environment, traders=traders)
    honest = honest_lines(
        CHANCE, environment, traders=traders, slots=products, brokers=traders.broker, quarter=5, first=0
    )
    severity = np.full((honest.count, len(Scheme)), 0.4)
    return SchemeContext(world=environment, slots=products, quarter=5, severity=severity), traders, honest


def _falsified(scheme: Scheme, evasion: EvasionParameters = STANDARD.evasion) -> tuple[Lines, Lines]:
    """Return a quarter's honest lines, and the same with the scheme on every line."""
    context, _, honest = _quarter(evasion)
    draft = replace(honest, **{name: values.copy() for name, values in columns(honest).items()})
    FALSIFY[scheme](context, draft, rows=np.arange(honest.count), stream=np.random.default_rng(1))
    return honest, draft


def _changed(honest: Lines, draft: Lines) -> set[str]:
    return {name for name, values in columns(honest).items() if np.any(getattr(draft, name) != values)}


@pytest.mark.parametrize("scheme", Scheme)
def test_a_scheme_changes_what_it_is_about(scheme: Scheme) -> None:
    assert _changed(*_falsified(scheme)) == CHANGED[scheme]


def test_freight_and_route_follow_in_worlds_where_they_do() -> None:
    follows = replace(STANDARD.evasion, freight_follows=1.0, transhipped=0.5)

    honest, draft = _falsified(Scheme.UNDERVALUE, follows)
    assert _changed(honest, draft) == {"goods", "freight"}
    assert np.allclose(draft.freight / honest.freight, draft.goods / honest.goods)

    honest, draft = _falsified(Scheme.FALSE_ORIGIN, follows)
    moved = draft.dispatch != honest.dispatch
    assert 0.3 < moved.mean() < 0.6
    assert np.all(draft.dispatch[moved] == draft.origin[moved])


def test_own_prices_fall_no_further_than_to_what_others_pay() -> None:
    context, _, honest = _quarter()
    _, draft = _falsified(Scheme.LOWER_OWN_PRICE)
    dear = context.slots.price[honest.slot] > 1.3

    left = context.slots.price[honest.slot] * draft.goods / honest.goods
    assert np.all(left[dear] > 0.9)
    assert np.all(draft.goods < honest.goods)


def test_misdescribed_goods_keep_their_chapter_and_pay_least() -> None:
    context, _, honest = _quarter()
    _, draft = _falsified(Scheme.MISDESCRIBE)
    wares = context.world.goods

    assert np.array_equal(wares.chapter[wares.heading[draft.sub]], wares.chapter[wares.heading[honest.sub]])
    assert np.all(wares.mfn[5][draft.sub] <= wares.mfn[5][honest.sub])
    assert np.any(wares.heading[draft.sub] != wares.heading[honest.sub])


def test_overpaying_traders_pay_more_and_others_what_they_owe() -> None:
    context, traders, honest = _quarter()
    draft = replace(honest, **{name: values.copy() for name, values in columns(honest).items()})
    everywhere = np.ones(honest.count, dtype=np.bool_)

    kinds = overpay(CHANCE, context, draft=draft, traders=traders, free=everywhere)

    paid_more = taxes(draft, context.world.goods)[:, 0] - taxes(honest, context.world.goods)[:, 0]
    assert set(traders.overpays) == {-1, *range(len(OVERPAYMENTS))}
    assert np.all(traders.overpays[honest.trader[kinds >= 0]] >= 0)
    assert np.all(paid_more[kinds == 0] >= 0)
    assert paid_more[kinds == 0].sum() > 0
    assert np.all(paid_more[kinds < 0] == 0)
    assert set(kinds) == {-1, 0, 1, 2}


def test_phoenixes_follow_one_another_and_live_short() -> None:
    _, traders, _ = _quarter()
    lived = traders.dies - traders.born

    assert 0.02 < traders.phoenix.mean() <= TRADE.phoenixes
    assert np.all(lived[traders.phoenix] <= 5)
    first = traders.ring[traders.phoenix][0]
    ring = np.flatnonzero(traders.ring == first)
    births = traders.born[ring]
    assert np.unique(births).size == births.size
