"""Links between traders: those of rings, whose members follow one another, and random ones as noise."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Array, Whole, group_positions, stack, take
from features.simulate.chance import Chance
from features.simulate.trade.portfolio import Slots
from features.simulate.trade.traders import Traders

LINK_TYPES = np.array(["group", "director", "address", "phone", "bank"])
GROUP, DIRECTOR, ADDRESS = 0, 1, 2
TRADER, PERSON, SELLER = range(3)


@dataclass(frozen=True)
class Links:
    """Links from a trader to another, to a person or to a seller; `to_what` is the kind of the target."""

    source: Whole
    target: Whole
    to_what: Whole
    type: Whole
    valid_from: Whole
    known_on: Whole


def links(chance: Chance, traders: Traders, *, slots: Slots) -> Links:
    """Return all links, each once."""
    repeated = stack(
        _ring_links(chance, traders), _random_links(chance, traders), _groups(chance, traders, slots=slots)
    )
    key = np.column_stack([repeated.source, repeated.target, repeated.to_what, repeated.type])
    _, first = np.unique(key, axis=0, return_index=True)
    return take(repeated, first)


def _ring_links(chance: Chance, traders: Traders) -> Links:
    """Draw the links of each member of a ring to the next one, and of some members to one director."""
    stream = chance.stream("ring links")
    members = np.argsort(traders.ring, kind="stable")
    members = members[traders.ring[members] >= 0]
    ring = traders.ring[members]
    later = np.flatnonzero(group_positions(ring) > 0)
    kind = stream.choice(LINK_TYPES.size, size=later.size, p=[0.35, 0.10, 0.30, 0.15, 0.10])
    pairs = _tied(
        stream, traders, source=members[later], target=members[later - 1], to_what=TRADER, kind=kind
    )
    directed = stream.random(members.size) < 0.6
    persons = _tied(
        stream,
        traders,
        source=members[directed],
        target=ring[directed],
        to_what=PERSON,
        kind=np.array(DIRECTOR),
    )
    return stack(pairs, persons)


def _random_links(chance: Chance, traders: Traders) -> Links:
    """Draw addresses that four in a hundred traders share with a stranger, such as an accountant's."""
    stream = chance.stream("chance links")
    count = round(0.04 * traders.count)
    source, target = stream.integers(0, traders.count, size=(2, count))
    apart = source != target
    return _tied(
        stream, traders, source=source[apart], target=target[apart], to_what=TRADER, kind=np.array(ADDRESS)
    )


def _groups(chance: Chance, traders: Traders, *, slots: Slots) -> Links:
    """Draw the links of buyers to seven in ten related sellers, declared as related or not."""
    stream = chance.stream("group links")
    rows = np.flatnonzero(slots.related & (stream.random(slots.related.size) < 0.7))
    return _tied(
        stream,
        traders,
        source=slots.trader[rows],
        target=slots.seller[rows],
        to_what=SELLER,
        kind=np.array(GROUP),
    )


def _tied(
    stream: np.random.Generator, traders: Traders, *, source: Whole, target: Whole, to_what: int, kind: Array
) -> Links:
    """Return links that are valid from the day on which both traders exist."""
    begun = traders.registered_on[source]
    if to_what == TRADER:
        begun = np.maximum(begun, traders.registered_on[target])
    return Links(
        source=source,
        target=target,
        to_what=np.full(source.size, to_what),
        type=np.broadcast_to(kind, source.shape),
        valid_from=begun,
        known_on=begun + stream.integers(0, 30, size=source.size),
    )
