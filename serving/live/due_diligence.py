"""Due diligence: who stands behind a trader, since when that is known, and names that are on a watchlist."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import NamedTuple

import pyarrow as pa
from ibis.expr import types as ir

from features.as_known import known_before, uncancelled
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.prepare.related_parties import MOST_TIED
from features.spine import ACTIVE_MONTHS, months_before
from serving.live.submitted import Row
from serving.live.watchlist import NameMatch, matches, read_watchlist

YOUNG_MONTHS = 24
"""A firm that was registered in so many months before the day is young."""
MOST_SHOWN = 200
"""Ties that are shown, those of the trader itself first: a trader of thousands is no case for a picture."""


@dataclass(frozen=True)
class Tie:
    """A tie of the trader, or of another trader to the same third, as known before the day.

    - `party_id`: the other end; `through`: the third that both are tied to, None where the trader is itself.
    - `link_type`: what they share; `since`, `until`: from when to when; `known_on`: since when that is known.
    - `name`, `registered_on`: of the party where it is a trader; `is_young`: whether that was lately.
    - `lines`, `customs_value`: its declaration lines of the 24 months before the day; `last_import` of all.
    """

    party_id: str
    link_type: str
    through: str | None
    since: date
    until: date | None
    known_on: date
    name: str | None = None
    registered_on: date | None = None
    is_young: bool = False
    lines: int = 0
    customs_value: float = 0.0
    last_import: date | None = None


@dataclass(frozen=True)
class Crowd:
    """A third that more traders are tied to than say anything, such as an office block."""

    party_id: str
    link_type: str
    traders: int


@dataclass(frozen=True)
class DueDiligence:
    """What is known of who stands behind a trader; `names` are those that were compared.

    `has_watchlist`: whether there is one to compare with; `left_out`: ties beyond those shown.
    """

    trader_id: str
    ties: tuple[Tie, ...]
    crowds: tuple[Crowd, ...]
    matches: tuple[NameMatch, ...]
    names: int
    has_watchlist: bool
    left_out: int


def due_diligence(dataset: Dataset, trader_id: str) -> DueDiligence:
    """Return who stands behind a trader, as known before the cutoff. Raises `DataError` as opening does."""
    with dataset.open() as warehouse:
        return _look(warehouse, trader_id, dataset.cutoff)


def _look(warehouse: Warehouse, trader_id: str, cutoff: date) -> DueDiligence:
    direct = _ends(_links(warehouse, [trader_id], cutoff), trader_id)
    thirds = sorted({(end.party_id, end.link_type) for end in direct})
    ids = sorted({party_id for party_id, _ in thirds})
    beside = _links(warehouse, ids, cutoff)
    tied = {
        (third, kind): [
            end for end in _ends(beside, third) if end.link_type == kind and end.party_id != trader_id
        ]
        for third, kind in thirds
    }
    counts = {third: len({end.party_id for end in ends}) for third, ends in tied.items()}
    few = {third: ends for third, ends in tied.items() if counts[third] < MOST_TIED}
    parties = {trader_id, *ids, *(end.party_id for ends in few.values() for end in ends)}
    facts = _facts(warehouse, sorted(parties), cutoff)
    ties = [_tie(end, None, facts) for end in direct]
    ties += [_tie(end, third, facts) for (third, _), ends in few.items() for end in ends]
    shown = ties[:MOST_SHOWN]
    names = {tie.party_id: tie.name or tie.party_id for tie in shown}
    names[trader_id] = facts.get(trader_id, {}).get("name") or trader_id
    # an identifier of one word is a number, and no name
    compared = {party_id: name for party_id, name in names.items() if name != party_id or " " in name}
    watchlist = read_watchlist(warehouse, cutoff)
    return DueDiligence(
        trader_id=trader_id,
        ties=tuple(shown),
        crowds=tuple(
            Crowd(third, kind, count) for (third, kind), count in counts.items() if count >= MOST_TIED
        ),
        matches=matches(compared.items(), watchlist),
        names=len(compared),
        has_watchlist=bool(watchlist),
        left_out=len(ties) - len(shown),
    )


def _links(warehouse: Warehouse, party_ids: Sequence[str], cutoff: date) -> list[Row]:
    """Return the links with one of the parties at an end, as known before a day."""
    links = warehouse.optional_table("links")
    if links is None or not party_ids:
        return []
    known = links.filter(known_before(links, cutoff), links.valid_from < cutoff)
    return _rows(known.filter(known.from_id.isin(party_ids) | known.to_id.isin(party_ids)))


def _rows(table: ir.Table) -> list[Row]:
    rows: list[Row] = table.to_pyarrow().to_pylist()
    return rows


class _End(NamedTuple):
    """The other end of a link, what it is, and its days."""

    party_id: str
    link_type: str
    since: date
    until: date | None
    known_on: date


def _ends(links: Sequence[Row], end: str) -> list[_End]:
    """Return the other ends of links that have `end` at one, in order."""
    others = [(row, row["to_id"]) for row in links if row["from_id"] == end]
    others += [(row, row["from_id"]) for row in links if row["to_id"] == end]
    ends = [
        _End(other, row["link_type"], row["valid_from"], row["valid_to"], row["known_on"])
        for row, other in others
    ]
    return sorted(ends, key=lambda each: (each.party_id, each.link_type, each.since))


def _tie(end: _End, through: str | None, facts: Mapping[str, Row]) -> Tie:
    return Tie(through=through, **end._asdict(), **facts.get(end.party_id, {}))


def _facts(warehouse: Warehouse, party_ids: Sequence[str], cutoff: date) -> Mapping[str, Row]:
    """Return name, registration and declarations of those parties that are traders, as known on the day."""
    traders, lines = warehouse.table("traders"), warehouse.table("declarations")
    descriptions = traders.filter(known_before(traders, cutoff), traders.trader_id.isin(party_ids))
    described = descriptions.group_by("trader_id").aggregate(
        name=descriptions.name.argmax(descriptions.valid_from),
        registered_on=descriptions.registered_on.argmax(descriptions.valid_from),
    )
    own = lines.filter(uncancelled(lines, cutoff), lines.version == 0, lines.trader_id.isin(party_ids))
    recent = own.accepted_on >= months_before(cutoff, ACTIVE_MONTHS)
    declared = own.group_by("trader_id").aggregate(
        lines=recent.sum(),
        customs_value=recent.ifelse(own.customs_value, 0.0).sum(),
        last_import=own.accepted_on.max(),
    )
    facts: dict[str, Row] = {}
    young_from = months_before(cutoff, YOUNG_MONTHS)
    for row in _rows(described):
        registered_on = row["registered_on"]
        facts[row["trader_id"]] = {
            "name": row["name"],
            "registered_on": registered_on,
            "is_young": registered_on is not None and registered_on >= young_from,
        }
    for row in _rows(declared):
        trade = {name: row[name] for name in ("lines", "customs_value", "last_import")}
        facts[row["trader_id"]] = {**facts.get(row["trader_id"], {}), **trade}
    return facts


def due_diligence_table(diligence: DueDiligence) -> pa.Table:
    """Return ties and matches as one table to hand out, a row each; `row` says which it is."""
    ties = [{"row": "tie", **asdict(tie)} for tie in diligence.ties]
    listed = [{"row": "watchlist", **asdict(match)} for match in diligence.matches]
    names = ["row", *dict.fromkeys(field.name for kind in (Tie, NameMatch) for field in fields(kind))]
    days = {"since", "until", "known_on", "registered_on", "last_import"}
    types = dict.fromkeys(days, pa.date32()) | {
        "is_young": pa.bool_(),
        "lines": pa.int64(),
        "customs_value": pa.float64(),
        "score": pa.float64(),
    }
    schema = pa.schema([(name, types.get(name, pa.string())) for name in names])
    return pa.Table.from_pylist([*ties, *listed], schema=schema)
