"""Brokers, sellers, and the traders that a trader is tied to."""

from collections import defaultdict

from features.prepare import related_parties as settings
from features.spine import months_before
from tests.features.proofs.reference.arithmetic import Number, ratio, total, weighted
from tests.features.proofs.reference.audited import (
    closed,
    mean_finding_rate,
    record_money,
    shrunk_rate,
    shrunk_yield,
)
from tests.features.proofs.reference.history import trader_age
from tests.features.proofs.reference.rows import Row, by, cancelled, shares, taxes, value
from tests.features.proofs.reference.world import View


def broker_finding_rate(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "declarant_id")


def brokers_used(view: View, months: int) -> Number:
    return len(by(view.lines(months), "declarant_id")) or None


def main_broker_share(view: View, months: int) -> Number:
    return max(shares(view.lines(months), "declarant_id"), default=None)


def brokers_taken_on(view: View, months: int) -> Number:
    late = set(by(view.lines(12), "declarant_id"))
    early = set(by((r for r in view.lines(months) if not view.within(r["accepted_on"], 12)), "declarant_id"))
    return len(late - early) if early else None


def seller_finding_rate(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "seller_id")


def new_seller_share(view: View, months: int) -> Number:
    named = [row for row in view.lines(months) if row["seller_id"] is not None]
    late = [row for row in named if view.within(row["accepted_on"], 3)]
    before = {row["seller_id"] for row in named if not view.within(row["accepted_on"], 3)}
    return weighted((row["seller_id"] not in before, row["customs_value"]) for row in late)


def kin_finding_rate(view: View, months: None) -> Number:
    family = _related_parties(view, "group", "director", "address")
    audits = [a for a in closed(view.world.audits(view.quarter)) if a["trader_id"] in family]
    return shrunk_rate(view, audits) if family else None


def identity_shared_with(view: View, months: None) -> Number:
    return len(_related_parties(view, "address", "director", "phone", "bank"))


def _related_parties(view: View, *kinds: str) -> set[str]:
    """The traders tied to this one, or in the same way to the same third; by some kinds of ties, or any."""
    ties_by_trader = defaultdict(set)
    for third, kind in set(view.world.ties(view.cutoff, view.trader)):
        ties_by_trader[third].add(kind)
        tied = {other for other, its in view.world.ties(view.quarter, third) if its == kind}
        for other in tied if len(tied) <= settings.MOST_TIED else ():
            ties_by_trader[other].add(kind)
    return {
        other
        for other, by_what in ties_by_trader.items()
        if other != view.trader and (not kinds or by_what & set(kinds)) and _is_trader(view, other)
    }


def _is_trader(view: View, name: str) -> bool:
    return bool(View(view.world, name, view.cutoff).own("traders"))


def _fell_silent(party: View) -> bool:
    """Whether the last import known of is six months to two years old."""
    days = [row["accepted_on"] for row in _known(party)]
    return bool(days) and months_before(party.cutoff, 24) <= max(days) <= months_before(party.cutoff, 6)


def broker_record_money(view: View, months: int) -> Number:
    return record_money(view, months, "declarant_id")


def sellers_used(view: View, months: int) -> Number:
    return len(by(view.lines(months), "seller_id")) or None


def main_seller_share(view: View, months: int) -> Number:
    return max(shares(view.lines(months), "seller_id"), default=None)


def fresh_seller_share(view: View, months: int) -> Number:
    by_seller = by(view.lines(months), "seller_id")
    early = {
        name
        for name, rows in by_seller.items()
        if any(not view.within(row["accepted_on"], 12) for row in rows)
    }
    return weighted((name not in early, value(rows)) for name, rows in by_seller.items())


def kin_yield(view: View, months: None) -> Number:
    return shrunk_yield(view, _audits_of_kin(view)) if _related_parties(view) else None


def _audits_of_kin(view: View) -> list[Row]:
    parties = _related_parties(view)
    return [audit for audit in closed(view.world.audits(view.quarter)) if audit["trader_id"] in parties]


def silent_kin_value(view: View, months: None) -> Number:
    parties = [View(view.world, party, view.quarter) for party in _related_parties(view)]
    return total(_value_of_two_years(party) for party in parties if _fell_silent(party))


def _value_of_two_years(party: View) -> float:
    return value(row for row in _known(party) if row["accepted_on"] >= months_before(party.cutoff, 24))


def _known(party: View) -> list[Row]:
    """First versions known of a party, without those cancelled."""
    rows = [row for row in party.first_versions if row["known"] < party.cutoff]
    return [row for row in rows if not cancelled(row, party.cutoff)]


def _effective_rate(view: View) -> Number:
    return ratio(total(map(taxes, view.lines(24))), value(view.lines(24)))


def inherited_at_stake(view: View, months: None) -> Number:
    rate = _effective_rate(view)
    return None if rate is None else min(silent_kin_value(view, None) or 0, value(view.lines(24))) * rate


def short_lived_at_stake(view: View, months: None) -> Number:
    age, shared, rate = trader_age(view, None), identity_shared_with(view, None), _effective_rate(view)
    if not shared or age is None or age >= 3:
        return 0.0
    return None if rate is None else value(view.lines(24)) * rate
