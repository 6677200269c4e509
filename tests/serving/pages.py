"""Pages as the routes put them together, and traders with names that nobody should have."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from models.card import ModelCard
from serving.live.state import Live
from serving.page import list_ranking, ranking_page

HOSTILE = {
    "script": "<script>document.title='owned'</script>",
    "image": '"><img src=x onerror="document.title=\'owned\'">',
    "template": "{{ 7 * 7 }}{% raw %}",
    "bidi": "Invoice \u202egnp.exe\u202c \u2066hidden\u2069",
    "nul": "NUL\x00 and bell\x07",
    "right_to_left": "شركة التجارة",
    "formula": '=HYPERLINK("http://example.org","pay")',
    "long": "W" * 5000,
    "breaks": "two\nlines\r\nand 'quotes' \"twice\"",
}
IDENTIFIERS = ("../../etc/passwd", "a/b?c=d#e", "<b>bold</b>", "%2e%2e%2f", "id\u202ereversed")


def ranking(live: Live, query: Mapping[str, str | Sequence[str]], **only: Collection[str]) -> str:
    """Return the ranking as the service shows it."""
    return ranking_page(live, list_ranking(live, query=query, **only))


def renamed(live: Live, *, names: dict[str, str] | None = None, ids: dict[str, str] | None = None) -> Live:
    """Return what is live with other names or identifiers of some traders."""
    names, ids = names or {}, ids or {}
    old = live.snapshot.traders["trader_id"].to_pylist()
    called = live.snapshot.traders["name"].to_pylist()
    new = pa.array([ids.get(trader, trader) for trader in old], pa.string())
    shown = pa.array([names.get(t, name) for t, name in zip(old, called, strict=True)], pa.string())
    traders = _with(_with(live.snapshot.traders, "name", shown), "trader_id", new)
    table = _with(live.snapshot.table, "trader_id", new)
    return replace(live, snapshot=replace(live.snapshot, table=table, traders=traders))


def _with(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def carded(live: Live, card: ModelCard) -> Live:
    """Return what is live with another card of its model."""
    return replace(live, bundle=replace(live.bundle, card=card))
