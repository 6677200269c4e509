"""The kinds of rows that a feature can aggregate, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from ibis.expr import types as ir

from features.prepare import (
    goods,
    letters,
    months,
    prices,
    records,
    related_parties,
    returns,
    sector,
    switches,
    track,
)
from features.prepare.prepared import Prepared


@dataclass(frozen=True, kw_only=True)
class RowKind:
    """A kind of rows of a trader: `row` says what one is.

    `read` returns the rows of at least the traders of the spine. Where `regroup` is given, the rows that a
    cutoff may see are first brought to one row a group; it needs the columns `needs` of a line. A trader
    `keeps` the rows that it had under former numbers, or has those of its own number alone.
    """

    row: str
    read: Callable[[Prepared], ir.Table]
    regroup: Callable[[ir.Table, Prepared], ir.Table] | None = None
    needs: frozenset[str] = frozenset()
    keeps: bool = True


def _lines(prepared: Prepared) -> ir.Table:
    return prepared.lines


def _grouped(row: str, *columns: str) -> RowKind:
    return RowKind(
        row=row, read=_lines, regroup=goods.by(*columns), needs=frozenset({*columns, "customs_value"})
    )


def _lately(row: str, column: str) -> RowKind:
    return RowKind(
        row=row, read=_lines, regroup=goods.lately(column), needs=frozenset({column, "customs_value"})
    )


def _rated(row: str, *entity: str) -> RowKind:
    return RowKind(
        row=row, read=_lines, regroup=goods.rated(*entity), needs=frozenset({*entity, "customs_value"})
    )


def _descriptions(prepared: Prepared) -> ir.Table:
    described = records.descriptions(prepared.table("traders"))
    return described.semi_join(prepared.traders, "trader_id")


def _letters(prepared: Prepared) -> ir.Table:
    return letters.rows(prepared.audit_states, prepared.amendments)


def _beside_others(rows: ir.Table, prepared: Prepared) -> ir.Table:
    return track.beside_others(rows, closed=prepared.closed_audits, quarters=prepared.quarters)


def _ties(prepared: Prepared) -> ir.Table:
    return prepared.ties.semi_join(prepared.traders, "trader_id")


def _related_parties(rows: ir.Table, prepared: Prepared) -> ir.Table:
    quarters = prepared.quarters
    declarations = prepared.table("declarations")
    pairs = related_parties.pairs(
        rows, ties=prepared.ties, traders=prepared.table("traders"), quarters=quarters
    )
    return related_parties.with_past(
        pairs,
        closed=prepared.closed_audits,
        first_versions=declarations.filter(declarations.version == 0),
        quarters=quarters,
    )


ROWS: dict[str, RowKind] = {
    "lines": RowKind(row="a goods item, in the version known", read=_lines),
    "subheadings": _grouped("an HS subheading (6 digits) used", "hs6"),
    "headings_then_and_now": RowKind(
        row="goods of a heading and origin, in the last 12 months and in those before",
        read=_lines,
        regroup=goods.then_and_now,
        needs=frozenset({"hs4", "origin_country", "customs_value", "taxes"}),
    ),
    "months": RowKind(
        row="a calendar month with lines",
        read=_lines,
        regroup=months.monthly,
        needs=frozenset({"month", "customs_value"}),
    ),
    "declarations": _grouped("a declaration", "declaration_id"),
    "offices": _lately("a customs office used", "office_code"),
    "ports": _lately("a port of loading used", "loading_port"),
    "transport_modes": _lately("a mode of transport used", "transport_mode"),
    "goods": RowKind(
        row="goods of an HS subheading and origin",
        read=_lines,
        regroup=prices.spread,
        needs=prices.OF_GOODS,
    ),
    "goods_of_sellers": RowKind(
        row="goods of an HS subheading and origin, bought from two sellers or more",
        read=_lines,
        regroup=prices.split,
        needs=prices.OF_GOODS | {"seller_id"},
    ),
    "seller_goods": RowKind(
        row="goods of an HS subheading bought from a seller",
        read=_lines,
        regroup=prices.drift,
        needs=prices.OF_GOODS | {"seller_id"},
    ),
    "tied_sellers": RowKind(
        row="a seller, and whether it is tied to the trader as one group",
        read=_lines,
        regroup=prices.tied,
        needs=frozenset({"customs_value", "seller_id", "related_party"}),
    ),
    "brokers": _rated("a declarant used", "declarant_id"),
    "sellers": _rated("a seller used", "seller_id"),
    "rated_subheadings": _rated("an HS subheading used", "hs6"),
    "rated_origins": _rated("a heading and origin used", "hs4", "origin_country"),
    "switches_after_rises": RowKind(
        row="a goods item moved to a cheaper code of its heading after a rate rose", read=switches.after_rises
    ),
    "switches_after_findings": RowKind(
        row="a goods item moved to a cheaper code of its heading after a finding",
        read=switches.after_findings,
    ),
    "sector_rates": RowKind(
        row="the taxes paid on the customs value by the middle trader of its sector and size",
        read=sector.usual(sector.rates),
        keeps=False,
    ),
    "audits": RowKind(row="an audit, as far as known", read=lambda prepared: prepared.audit_states),
    "letters": RowKind(
        row="a letter to the trader, with what followed",
        read=_letters,
        regroup=lambda rows, prepared: letters.by_letter(rows),
    ),
    "track_record": RowKind(
        row="the trader's closed audits, beside those of others of its sector and size",
        read=lambda prepared: track.rows(prepared.closed_audits, _descriptions(prepared)),
        regroup=_beside_others,
    ),
    "descriptions": RowKind(row="the description of the trader in force", read=_descriptions, keeps=False),
    "past_descriptions": RowKind(
        row="a description of the trader, in force or not",
        read=lambda prepared: records.events_of(prepared.table("traders"), happened_on="valid_from"),
        keeps=False,
    ),
    "amendments": RowKind(row="an amendment of a line", read=lambda prepared: prepared.amendments),
    "controls": RowKind(row="a control of a declaration", read=lambda prepared: prepared.controls),
    "tax_returns": RowKind(row="a tax return", read=returns.states),
    "compared_returns": RowKind(
        row="a tax return, beside what was declared to customs in its period",
        read=returns.compared,
        regroup=returns.by_return,
    ),
    "filings": RowKind(
        row="a tax period for which a return was filed",
        read=returns.filed,
        regroup=returns.first_filings,
    ),
    "sector_multiples": RowKind(
        row="the turnover per customs value of the middle trader of its sector and size",
        read=sector.usual(returns.multiples),
        keeps=False,
    ),
    "tax_audits": RowKind(
        row="an audit by the tax administration, as far as known",
        read=lambda prepared: records.states_of(
            prepared.table("tax_audits"), ("trader_id", "tax_audit_id"), happened_on="opened_on"
        ),
    ),
    "payments": RowKind(
        row="a customs debt, as far as known",
        read=lambda prepared: records.states_of(
            prepared.table("payments"), ("trader_id", "debt_id"), happened_on="due_on"
        ),
    ),
    "ties": RowKind(row="a tie to another trader, a person or a firm", read=_ties, keeps=False),
    "kin": RowKind(
        row="a trader tied to this one, directly or through a third",
        read=_ties,
        regroup=_related_parties,
        keeps=False,
    ),
}
