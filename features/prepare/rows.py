"""The kinds of rows that a feature can aggregate, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from ibis.expr import types as ir

from features.prepare import goods, prices, records
from features.prepare.prepared import Prepared


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of a trader: `row` says what one is.

    `read` gives the rows of at least the traders asked. Where `regroup` is given, the rows that a cutoff may
    see are first brought to one row a group; it needs the columns `needs` of a line.
    """

    row: str
    read: Callable[[Prepared], ir.Table]
    regroup: Callable[[ir.Table, Prepared], ir.Table] | None = None
    needs: frozenset[str] = frozenset()


def _lines(prepared: Prepared) -> ir.Table:
    return prepared.lines


def _grouped(row: str, *columns: str) -> Rows:
    return Rows(
        row=row, read=_lines, regroup=goods.by(*columns), needs=frozenset({*columns, "customs_value"})
    )


def _lately(row: str, column: str) -> Rows:
    return Rows(
        row=row, read=_lines, regroup=goods.lately(column), needs=frozenset({column, "customs_value"})
    )


def _rated(row: str, *entity: str) -> Rows:
    return Rows(
        row=row, read=_lines, regroup=goods.rated(*entity), needs=frozenset({*entity, "customs_value"})
    )


ROWS: dict[str, Rows] = {
    "lines": Rows(row="a goods item, in the version known", read=_lines),
    "subheadings": _grouped("an HS subheading (6 digits) used", "hs6"),
    "chapters": _grouped("an HS chapter used", "hs2"),
    "months": _grouped("a month with lines", "month"),
    "declarations": _grouped("a declaration", "declaration_id"),
    "offices": _lately("a customs office used", "office_code"),
    "ports": _lately("a port of loading used", "loading_port"),
    "transport_modes": _lately("a mode of transport used", "transport_mode"),
    "priced_lines": Rows(
        row="a goods item whose unit price has peers",
        read=_lines,
        regroup=prices.weighed,
        needs=frozenset({"customs_value", "log_price", "peer_middle_log_price"}),
    ),
    "goods": Rows(
        row="goods of an HS subheading and origin",
        read=_lines,
        regroup=prices.spread,
        needs=prices.OF_GOODS,
    ),
    "goods_of_sellers": Rows(
        row="goods of an HS subheading and origin, bought from two sellers or more",
        read=_lines,
        regroup=prices.split,
        needs=prices.OF_GOODS | {"seller_id"},
    ),
    "seller_goods": Rows(
        row="goods of an HS subheading bought from a seller",
        read=_lines,
        regroup=prices.drift,
        needs=prices.OF_GOODS | {"seller_id"},
    ),
    "tied_sellers": Rows(
        row="a seller, and whether it is tied to the trader as one group",
        read=_lines,
        regroup=prices.tied,
        needs=frozenset({"customs_value", "seller_id", "related_party"}),
    ),
    "brokers": _rated("a declarant used", "declarant_id"),
    "sellers": _rated("a seller used", "seller_id"),
    "rated_subheadings": _rated("an HS subheading used", "hs6"),
    "rated_origins": _rated("a heading and origin used", "hs4", "origin_country"),
    "audits": Rows(row="an audit, as far as known", read=lambda prepared: prepared.audit_states),
    "descriptions": Rows(
        row="the description of the trader in force",
        read=lambda prepared: records.descriptions(prepared.table("traders")),
    ),
    "amendments": Rows(
        row="an amendment of a line",
        read=lambda prepared: records.amendments(prepared.table("declarations")),
    ),
    "controls": Rows(
        row="a control of a declaration",
        read=lambda prepared: records.controls(prepared.table("controls"), prepared.table("declarations")),
    ),
    "tax_returns": Rows(
        row="a tax return",
        read=lambda prepared: records.states_of(
            prepared.table("tax_returns"),
            ("trader_id", "period_from", "period_to"),
            happened_on="period_to",
        ),
    ),
    "tax_audits": Rows(
        row="an audit by the tax administration, as far as known",
        read=lambda prepared: records.states_of(
            prepared.table("tax_audits"), ("trader_id", "tax_audit_id"), happened_on="opened_on"
        ),
    ),
    "payments": Rows(
        row="a customs debt, as far as known",
        read=lambda prepared: records.states_of(
            prepared.table("payments"), ("trader_id", "debt_id"), happened_on="due_on"
        ),
    ),
    "ties": Rows(row="a tie to another trader", read=lambda prepared: records.ties(prepared.table("links"))),
}
