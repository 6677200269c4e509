"""A trader's own prices: goods and sellers with their median unit prices, as far as a cutoff may see."""

from ibis.expr import types as ir

from features import exact
from features.as_known import in_force
from features.prepare import records
from features.prepare.goods import ROW
from features.prepare.prepared import Prepared

GOODS = ("hs6", "quantity_unit", "origin_country")
OF_GOODS = frozenset({*GOODS, "customs_value", "log_price"})
FEWEST_FOR_A_MIDDLE = 3
FEWEST_FOR_A_SPREAD = 8


def spread(lines: ir.Table, prepared: Prepared) -> ir.Table:
    """Return goods with `price_spread`, the quartile range of their log prices; empty under 8 lines."""
    priced = lines.filter(lines.log_price.notnull())
    price = priced.log_price
    return priced.group_by(*ROW, *GOODS).aggregate(
        customs_value=exact.total(priced.customs_value),
        lines=priced.count(),
        price_spread=_if_enough(
            price.quantile(0.75) - price.quantile(0.25), priced.count(), FEWEST_FOR_A_SPREAD
        ),
    )


def split(lines: ir.Table, prepared: Prepared) -> ir.Table:
    """Return goods of two sellers or more with `seller_gap`: dearest less cheapest seller's middle log price.

    A seller counts from 3 lines on.
    """
    priced = lines.filter(lines.log_price.notnull(), lines.seller_id.notnull())
    sellers = priced.group_by(*ROW, *GOODS, "seller_id").aggregate(
        customs_value=exact.total(priced.customs_value),
        lines=priced.count(),
        log_price=priced.log_price.median(),
    )
    counted = sellers.filter(sellers.lines >= FEWEST_FOR_A_MIDDLE)
    goods = counted.group_by(*ROW, *GOODS).aggregate(
        customs_value=exact.total(counted.customs_value),
        sellers=counted.count(),
        seller_gap=counted.log_price.max() - counted.log_price.min(),
    )
    return goods.filter(goods.sellers > 1)


def drift(lines: ir.Table, prepared: Prepared) -> ir.Table:
    """Return goods and sellers with middle log prices of parts of the window, and the later part's value.

    - `late_log_price`, `late_value`: the last 3 months; `early_log_price`: the rest of the last 12.
    - `year_log_price`, `year_value`: the last 12 months; `before_log_price`: what lies before them.

    A middle price is empty under 3 lines.
    """
    priced = lines.filter(lines.log_price.notnull(), lines.seller_id.notnull())
    late, year = priced.happened_on >= priced.from_3m, priced.happened_on >= priced.from_12m
    parts = {"late": late, "early": year & ~late, "year": year, "before": ~year}
    middles = {f"{part}_log_price": _middle(priced, where) for part, where in parts.items()}
    values = {
        f"{part}_value": exact.total(parts[part].ifelse(priced.customs_value, 0.0))
        for part in ("late", "year")
    }
    return priced.group_by(*ROW, "hs6", "quantity_unit", "seller_id").aggregate(**middles, **values)


def tied(lines: ir.Table, prepared: Prepared) -> ir.Table:
    """Return sellers with `related_value`, declared as related, and `is_tied`, in one group with the trader.

    A tie counts if it was known when the cutoff's quarter began and had not ended by then.
    """
    named = lines.filter(lines.seller_id.notnull())
    declared = named.related_party.fill_null(False)
    sellers = named.group_by(*ROW, "seller_id").aggregate(
        customs_value=exact.total(named.customs_value),
        related_value=exact.total(declared.ifelse(named.customs_value, 0.0)),
    )
    joined = sellers.left_join(_group_ties(prepared), [*ROW, ("seller_id", "tied_id")])
    return joined.select(*sellers.columns, is_tied=joined.tied_id.notnull())


def _group_ties(prepared: Prepared) -> ir.Table:
    ties = records.ties(prepared.table("links"))
    group_ties = ties.filter(ties.link_type == "group").join(prepared.spine_rows.select(*ROW), "trader_id")
    known = group_ties.filter(
        in_force(group_ties, group_ties.cutoff_quarter), group_ties.happened_on < group_ties.cutoff_quarter
    )
    return known.select(*ROW, "tied_id").distinct()


def _middle(priced: ir.Table, where: ir.BooleanValue) -> ir.FloatingScalar:
    prices = where.ifelse(priced.log_price, None)
    return _if_enough(prices.median(), prices.count(), FEWEST_FOR_A_MIDDLE)


def _if_enough(value: ir.FloatingScalar, lines: ir.IntegerScalar, fewest: int) -> ir.FloatingScalar:
    return (lines >= fewest).ifelse(value, None)
