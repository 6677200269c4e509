"""Page: the columns that an analyst writes in a page of SQL, each one aggregate over 24 months or all time.

They are no part of the library and do not change with it, so that the rival stays the same when features are
added. `FeatureSet.build` computes them as of each cutoff like any feature, so they see what it sees.
"""

import math
from collections.abc import Callable

from ibis.expr import types as ir

from features.build import FeatureSet
from features.exact import share
from features.feature import Example, Feature
from features.prepare.spans import years_between
from features.unit import Unit

PREFIX = "analyst_"
MONTHS = 24
HALF = math.log(0.5)


def _price_gap(lines: ir.Table) -> ir.FloatingColumn:
    """Return ln(unit price / the middle price of others): of the subheading, or what is nearest to it."""
    return lines.log_price - lines.peer_middle_log_price


def _half_price_share(lines: ir.Table) -> ir.FloatingScalar:
    gap = _price_gap(lines)
    below, compared = gap < HALF, gap.notnull()
    return share(lines.customs_value.sum(where=below), lines.customs_value.sum(where=compared))


def _price_change(lines: ir.Table) -> ir.FloatingScalar:
    gap, is_recent = _price_gap(lines), lines.happened_on >= lines.from_12m
    return gap.mean(where=is_recent) - gap.mean(where=~is_recent)


def _preference_duty(lines: ir.Table) -> ir.FloatingScalar:
    forgone = (lines.general_rate - lines.duty_rate).clip(lower=0.0)
    return (lines.customs_value * forgone).sum(where=lines.preference_code.notnull())


def _cheapest_share(lines: ir.Table) -> ir.FloatingScalar:
    cheapest = (lines.general_rate <= lines.lowest_sibling_rate) & (
        lines.lowest_sibling_rate < lines.highest_sibling_rate
    )
    return share(lines.customs_value.sum(where=cheapest), lines.customs_value.sum())


def _value_per_kg(lines: ir.Table) -> ir.FloatingScalar:
    return lines.customs_value.sum() / lines.net_mass_kg.sum().nullif(0.0)


def _turnover_multiple(returns: ir.Table) -> ir.FloatingScalar:
    return returns.turnover.sum() / returns.customs_value.sum().nullif(0.0)


def _hit_share(audits: ir.Table) -> ir.FloatingScalar:
    hits = audits.count(where=audits.is_closed & (audits.assessed > 0))
    return share(hits, audits.count(where=audits.is_closed))


def _years_registered(described: ir.Table) -> ir.FloatingScalar:
    return years_between(described.registered_on, described.cutoff).max()


def _column(
    name: str,
    source: str,
    columns: str,
    function: Callable[[ir.Table], ir.Value],
    *,
    needs: str = "",
    months: int | None = MONTHS,
) -> Feature:
    """Return an aggregate of the rows of a source as a column; `columns` are what it reads of them."""
    return Feature(
        name=f"{PREFIX}{name}",
        family="analyst",
        function=function,
        source=source,
        months=months,
        unit=Unit.RATIO,
        label=name,
        phrase="{value}",
        why="",
        indicator="",
        reference="",
        inputs=tuple(needs.split()),
        example=Example(columns, [], None),
    )


PRICED = "log_price peer_middle_log_price"
PREFERRED = "customs_value preference_code general_rate duty_rate"
SIBLINGS = "customs_value general_rate lowest_sibling_rate highest_sibling_rate"
PAGE = FeatureSet(
    (
        _column("value", "lines", "customs_value", lambda lines: lines.customs_value.sum()),
        _column("duty", "lines", "duty_assessed", lambda lines: lines.duty_assessed.sum()),
        _column("lines", "lines", "customs_value", lambda lines: lines.count()),
        _column("declarations", "lines", "declaration_id", lambda lines: lines.declaration_id.nunique()),
        _column("sellers", "lines", "seller_id", lambda lines: lines.seller_id.nunique()),
        _column("price_gap", "lines", PRICED, lambda lines: _price_gap(lines).mean()),
        _column("half_price_share", "lines", f"customs_value {PRICED}", _half_price_share),
        _column("price_change", "lines", f"happened_on from_12m {PRICED}", _price_change),
        _column("value_per_kg", "lines", "customs_value net_mass_kg", _value_per_kg),
        _column("preference_duty", "lines", PREFERRED, _preference_duty, needs="tariff.rate"),
        _column("cheapest_share", "lines", SIBLINGS, _cheapest_share, needs="tariff.rate"),
        _column(
            "turnover_multiple",
            "compared_returns",
            "turnover customs_value",
            _turnover_multiple,
            needs="tax_returns.turnover",
        ),
        _column("past_money", "audits", "assessed", lambda audits: audits.assessed.sum(), months=None),
        _column("past_hit_share", "audits", "is_closed assessed", _hit_share, months=None),
        _column("years_registered", "descriptions", "registered_on cutoff", _years_registered, months=None),
    )
)
"""The columns, in order."""
