"""Due diligence page: who stands behind a trader, as a picture and a table, and names on a watchlist."""

from collections.abc import Sequence
from dataclasses import dataclass

from serving.live.due_diligence import DueDiligence, Tie
from serving.live.state import Live
from serving.page.render import render_template

ROW = 26
COLUMNS = (10, 300, 590)
"""Where the trader, what it is tied to, and others tied to the same begin, of a width of 860."""
LABEL = 34
"""Letters of a label; the table has the whole name."""
LETTER = 7
"""The width of a letter, about; a tie begins after the label, wherever that ends."""
MOST_DRAWN = 30


@dataclass(frozen=True)
class Node:
    """A party in the picture: its label, and where it is."""

    label: str
    x: int
    y: int


@dataclass(frozen=True)
class Edge:
    """A tie in the picture, from right of one label to left of another."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True)
class LinkPicture:
    """The parties and ties of a trader on a width of 860, from left to right; `left_out` are not drawn."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    height: int
    left_out: int


def due_diligence_page(live: Live, diligence: DueDiligence, *, prediction_id: str | None = None) -> str:
    """Return the page of who stands behind a trader."""
    return render_template(
        "due_diligence.html",
        language=live.language,
        live=live,
        trader_id=diligence.trader_id,
        diligence=diligence,
        picture=link_picture(diligence.trader_id, diligence.ties),
        prediction_id=prediction_id,
    )


def link_picture(trader_id: str, ties: Sequence[Tie]) -> LinkPicture:
    """Return the picture of ties: the trader, what it is tied to, and others that are tied to the same."""
    direct = list(dict.fromkeys(tie.party_id for tie in ties if tie.through is None))
    others = list(dict.fromkeys(tie.party_id for tie in ties if tie.through is not None))
    names = {tie.party_id: tie.name or tie.party_id for tie in ties}
    columns = [[trader_id], direct[:MOST_DRAWN], [each for each in others if each not in direct][:MOST_DRAWN]]
    height = ROW * max(len(column) for column in columns)
    nodes = {
        party: Node(_label(names.get(party, party)), x, _y(number, len(column), height))
        for x, column in zip(COLUMNS, columns, strict=True)
        for number, party in enumerate(column)
    }
    pairs = dict.fromkeys((tie.through or trader_id, tie.party_id) for tie in ties)
    edges = [
        Edge(
            nodes[one].x + LETTER * (len(nodes[one].label) + 1),
            nodes[one].y,
            nodes[other].x - 8,
            nodes[other].y,
        )
        for one, other in pairs
        if one in nodes and other in nodes and nodes[one].x < nodes[other].x
    ]
    drawn = len(columns[1]) + len(columns[2])
    return LinkPicture(tuple(nodes.values()), tuple(edges), height, len(names) - drawn)


def _label(name: str) -> str:
    return name if len(name) <= LABEL else f"{name[: LABEL - 1]}…"


def _y(number: int, count: int, height: int) -> int:
    """Return where one of so many stands, spread over the height."""
    return round((number + 0.5) * height / count)
