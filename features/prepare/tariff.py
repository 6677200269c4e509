"""Tariff rates: which rate was in force when, and what the sibling codes of a heading cost."""

from collections.abc import Sequence
from datetime import date
from functools import reduce

import ibis
from ibis.expr import types as ir

FACTS = frozenset({"general_rate", "highest_sibling_rate", "lowest_sibling_rate"})
FOREVER = date(9999, 12, 31)
GENERAL = ""
"""The preference code of the most-favoured-nation rate, which the contract leaves empty."""

CODE = ("hs_code", "preference_code")
LENGTHS = range(6, 13)
"""How many digits a code may have."""


def rated_codes(tariff: ir.Table, declared: ir.Table) -> ir.Table:
    """Return the code of the tariff whose rates hold for each `hs_code` of `declared`, as steps.

    Tariff and lines may stop at other levels. Of the codes of the tariff that have begun, the longest that a
    code begins with (itself, if it is there) is its `rated_code`, else the shortest that adds only zeros to
    it: a subheading that is not divided.
    """
    begun = tariff.group_by(rated_code="hs_code").aggregate(from_on=tariff.valid_from.min())
    codes = declared.select("hs_code").distinct()
    within = _beginnings(codes, "hs_code", name="rated_code").drop("rest")
    beyond = _beginnings(begun, "rated_code", name="hs_code").filter(lambda code: code.rest.re_search("^0+$"))
    there = beyond.drop("rest").semi_join(codes, "hs_code")
    nearest = within.mutate(nearness=within.rated_code.length()).union(
        there.select("hs_code", "rated_code", nearness=-there.rated_code.length())
    )
    candidates = nearest.join(begun, "rated_code")
    nearer = ibis.window(group_by="hs_code", order_by=candidates.nearness.desc(), rows=(None, -1))
    steps = candidates.mutate(until_on=candidates.from_on.min().over(nearer).fill_null(FOREVER))
    return steps.filter(steps.from_on < steps.until_on).drop("nearness")


def _beginnings(codes: ir.Table, code: str, *, name: str) -> ir.Table:
    """Return each code with all that it begins with and itself, as `name`, and the `rest` of it."""
    whole = codes[code]
    each = (
        codes.filter(whole.length() >= n).select(code, **{name: whole.substr(0, n), "rest": whole.substr(n)})
        for n in LENGTHS
    )
    return reduce(lambda left, right: left.union(right), each)


def with_rated_code(lines: ir.Table, rated: ir.Table) -> ir.Table:
    """Add the `rated_code` of each line on acceptance, its own code where the tariff has none for it."""
    joined = _on_acceptance(lines, rated, "hs_code")
    return joined.mutate(rated_code=joined.rated_code.coalesce(joined.hs_code))


def rate_steps(tariff: ir.Table) -> ir.Table:
    """Return the rates as steps without gap or overlap: hs_code, preference_code, from_on, until_on, rate.

    Of several rows in force on a day, the one that began last counts, and of two that began on one day the
    higher rate: a suspension for a season ends, and the rate before it holds again. `rate` is empty where
    none is in force; `rate_before` is that of the step before; `until_on` is the first day after.
    """
    rows = tariff.mutate(preference_code=tariff.preference_code.fill_null(GENERAL))
    rows = rows.mutate(ends_on=(rows.valid_to < FOREVER).ifelse(_next_day(rows.valid_to), FOREVER))
    rows = rows.mutate(ends_on=rows.ends_on.fill_null(FOREVER))
    days = _days_of_change(rows, CODE)
    latest = _in_force(days, rows, CODE).aggregate(began_on=lambda pairs: pairs.valid_from.max())
    rates = rows.group_by(*CODE, began_on="valid_from").aggregate(rate=rows.rate.max())
    known = days.left_join(latest.join(rates, [*CODE, "began_on"]).drop("began_on"), [*CODE, "from_on"])
    steps = known.select(*CODE, "from_on", "rate")
    return _until_next(steps, CODE).mutate(
        hs4=steps.hs_code.substr(0, 4), rate_before=steps.rate.lag().over(_in_order(CODE))
    )


def general_steps(steps: ir.Table) -> ir.Table:
    """Return the steps of the rates that hold where no preference is claimed."""
    return steps.filter(steps.preference_code == GENERAL).drop("preference_code")


def sibling_steps(general: ir.Table) -> ir.Table:
    """Return the highest and lowest rate in force in each heading, as steps from_on to until_on."""
    days = general.select("hs4", "from_on").distinct()
    codes = general.rename(valid_from="from_on", ends_on="until_on")
    steps = _in_force(days, codes, ["hs4"]).aggregate(
        highest_sibling_rate=lambda pairs: pairs.rate.max(),
        lowest_sibling_rate=lambda pairs: pairs.rate.min(),
    )
    return _until_next(steps, ["hs4"])


def with_general_rate(lines: ir.Table, general: ir.Table) -> ir.Table:
    """Add `general_rate` as in force on acceptance, empty where the tariff has none for the `rated_code`."""
    rates = general.select("from_on", "until_on", rated_code="hs_code", general_rate="rate")
    return _on_acceptance(lines, rates, "rated_code")


def with_tariff(lines: ir.Table, tariff: ir.Table, *, rated: ir.Table) -> ir.Table:
    """Add `general_rate`, `highest_sibling_rate` and `lowest_sibling_rate` as in force on acceptance.

    Siblings are the codes of the heading (4 digits), the line's own among them; `rated` are `rated_codes`.
    """
    general = general_steps(rate_steps(tariff))
    rated_lines = with_general_rate(with_rated_code(lines, rated), general)
    return _on_acceptance(rated_lines, sibling_steps(general), "hs4")


def without_tariff(lines: ir.Table) -> ir.Table:
    """Add the same columns, empty."""
    return lines.mutate(**{name: ibis.null("float64") for name in FACTS})


def _days_of_change(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    """Return the days on which rows begin or have ended, as `from_on`."""
    ended = rows.filter(rows.ends_on < FOREVER)
    begun = rows.select(*key, from_on="valid_from")
    return begun.union(ended.select(*key, from_on="ends_on")).distinct()


def _in_force(days: ir.Table, rows: ir.Table, key: Sequence[str]) -> ir.Table:
    """Return each day with the rows of its key that are in force on it, grouped by key and day."""
    pairs = days.join(rows.select(*key, "valid_from", "ends_on", "rate"), key)
    holding = pairs.filter(pairs.valid_from <= pairs.from_on, pairs.ends_on > pairs.from_on)
    return holding.group_by(*key, "from_on")


def _until_next(steps: ir.Table, key: Sequence[str]) -> ir.Table:
    return steps.mutate(until_on=steps.from_on.lead().over(_in_order(key)).fill_null(FOREVER))


def _in_order(key: Sequence[str]) -> object:
    return ibis.window(group_by=list(key), order_by="from_on")


def _next_day(day: ir.DateValue) -> ir.DateValue:
    return (day + ibis.interval(days=1)).cast("date")


def _on_acceptance(lines: ir.Table, steps: ir.Table, key: str) -> ir.Table:
    """Left-join the step in which each line was accepted.

    Steps of a key do not overlap, so that no line is multiplied. The join compares and does not calculate,
    which engines answer by a hash join.
    """
    facts = [name for name in steps.columns if name not in (key, "from_on", "until_on")]
    renamed = steps.select(*facts, step_key=key, step_from="from_on", step_until="until_on")
    joined = lines.left_join(
        renamed,
        [
            lines[key] == renamed.step_key,
            lines.accepted_on >= renamed.step_from,
            lines.accepted_on < renamed.step_until,
        ],
    )
    return joined.select(*lines.columns, *facts)
