"""Every feature worked out a second time: slowly, plainly, from what its words say and not from its code.

Rows are dicts. `View` holds what one trader's cutoff may see; a reference takes a view and the months of the
window, and returns a number or None. References are found by the name of the feature without its window.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

from features.prepare import peers as peer_settings
from features.prepare import sector as sector_settings
from features.spine import months_before, quarter_of
from tests.features.proofs.histories import known

Row = dict[str, Any]
Number = float | None
MONTH_DAYS = 365.25 / 12
TAXES = ("duty", "vat", "excise")
STANDS = ("assessed", "reduced", "cancelled")
PRIOR = 10


class World:
    """All tables, with what does not depend on who asks."""

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self.tables = {
            name: [{**row, "known": known(name, row)} for row in rows] for name, rows in tables.items()
        }
        self.first_versions = [row for row in self.tables["declarations"] if row["version"] == 0]
        self.findings = defaultdict(list)
        for row in self.tables["findings"]:
            self.findings[row["audit_id"]].append(row)
        self.rate = cache(self._rate)
        self.peers = cache(self._peers)
        self.audits = cache(self._audits)
        self.cell = cache(self._cell)

    def versions(self, cutoff: date) -> list[Row]:
        """Lines as last amended before a day."""
        newest: dict[tuple[str, int], Row] = {}
        for row in self.tables["declarations"]:
            item = (row["declaration_id"], row["item_number"])
            if row["known"] < cutoff and row["version"] >= newest.get(item, row)["version"]:
                newest[item] = row
        return list(newest.values())

    def _rate(self, code: str, preference: str | None, day: date) -> Number:
        """The rate in force: of several, the one that began last."""
        held = [
            (row["valid_from"], row["rate"])
            for row in self.tables["tariff"]
            if (row["hs_code"], row["preference_code"]) == (code, preference)
            and row["valid_from"] <= day <= (row["valid_to"] or date.max)
        ]
        return max(held)[1] if held else None

    def siblings(self, code: str, day: date) -> list[float]:
        """The general rates of the codes of a heading."""
        codes = {row["hs_code"] for row in self.tables["tariff"] if row["hs_code"][:4] == code[:4]}
        rates = [self.rate(each, None, day) for each in codes]
        return [rate for rate in rates if rate is not None]

    def _peers(self, measure: str, level: tuple[str, ...], key: tuple[object, ...], quarter: date) -> Any:
        """Each trader's values of a measure in the four quarters before one."""
        votes: dict[str, list[float]] = defaultdict(list)
        for row in self.first_versions:
            if months_before(quarter, 12) <= row["known"] < quarter and group(row, level) == key:
                value = MEASURES[measure](row)
                if value is not None:
                    votes[row["trader_id"]].append(value)
        return votes

    def _audits(self, day: date) -> list[Row]:
        """Audits as known before a day, with the money found by then."""
        return [self._audit(row, day) for row in self.tables["audits"] if row["known"] < day]

    def _audit(self, row: Row, day: date) -> Row:
        closed = row["status"] == "closed" and row["closed_on"] < day
        ledger = [f for f in self.findings[row["audit_id"]] if f["known"] < day]
        taxed = [f for f in ledger if f["tax_type"] in TAXES and f["event"] in STANDS]
        scope = [
            line["customs_value"]
            for line in self.first_versions
            if line["trader_id"] == row["trader_id"]
            and row["period_from"] <= line["accepted_on"] <= row["period_to"]
            and closed
            and line["known"] <= row["closed_on"]
        ]
        return {
            **row,
            "closed": closed,
            "taxed": taxed,
            "assessed": total(f["amount"] for f in taxed),
            "ledger": ledger,
            "audited_value": total(scope),
        }

    def _cell(self, trader: str, day: date) -> tuple[str, str]:
        row = self.description(trader, day) or {}
        return row.get("sector") or "", row.get("size_band") or ""

    def description(self, trader: str, day: date) -> Row | None:
        """The description in force before a day: of those valid and known, the one valid last."""
        held = [
            row
            for row in self.tables["traders"]
            if row["trader_id"] == trader and max(row["known"], row["valid_from"]) < day
        ]
        return max(held, key=lambda row: row["valid_from"], default=None)


@dataclass(frozen=True)
class View:
    """What is known of a trader before a cutoff."""

    world: World
    trader: str
    cutoff: date

    @property
    def quarter(self) -> date:
        return quarter_of(self.cutoff)

    @cached_property
    def all_lines(self) -> list[Row]:
        return [
            row
            for row in self.world.versions(self.cutoff)
            if row["trader_id"] == self.trader and row["accepted_on"] < self.cutoff
        ]

    def lines(self, months: int) -> list[Row]:
        return [row for row in self.all_lines if self.within(row["accepted_on"], months)]

    def within(self, day: date, months: int) -> bool:
        return months_before(self.cutoff, months) <= day < self.cutoff

    @cached_property
    def audits(self) -> list[Row]:
        return [
            row
            for row in self.world.audits(self.cutoff)
            if row["trader_id"] == self.trader and row["opened_on"] < self.cutoff
        ]

    def own(self, table: str) -> list[Row]:
        return [
            row
            for row in self.world.tables[table]
            if row["trader_id"] == self.trader and row["known"] < self.cutoff
        ]

    def latest(self, table: str, *key: str) -> list[Row]:
        """The last known state of each of a table's things."""
        states: dict[tuple[object, ...], Row] = {}
        order = "filed_on" if table == "tax_returns" else "known"
        for row in sorted(self.own(table), key=lambda row: row[order]):
            states[tuple(row[name] for name in key)] = row
        return list(states.values())


Reference = Callable[[View, Any], Number]
REFERENCES: dict[str, Reference] = {}


def reference(*names: str) -> Callable[[Reference], Reference]:
    def register(function: Reference) -> Reference:
        for name in names or (function.__name__,):
            REFERENCES[name] = function
        return function

    return register


# --- arithmetic -------------------------------------------------------------------------------------------


def total(terms: Iterable[Number]) -> float:
    return math.fsum(term for term in terms if term is not None)


def ratio(part: float, whole: float) -> Number:
    return part / whole if whole else None


def log_of(over: Number, under: Number) -> Number:
    """ln(over / under) to six decimals."""
    return step(math.log(over / under)) if over and under and over > 0 and under > 0 else None


def step(value: float) -> float:
    return math.floor(value * 1e6 + 0.5) / 1e6


def weighted(pairs: Iterable[tuple[Number, float]]) -> Number:
    """The mean of values by weight; a value that is not known has no weight."""
    told = [(value, weight) for value, weight in pairs if value is not None]
    return ratio(total(v * w for v, w in told), total(w for _, w in told))


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def value(rows: Iterable[Row]) -> float:
    return total(row["customs_value"] for row in rows)


def by(rows: Iterable[Row], *names: str) -> dict[Any, list[Row]]:
    """Rows by a key, those left out that lack a part of it."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        key = group(row, names)
        if None not in key:
            found[key if len(names) > 1 else key[0]].append(row)
    return found


def shares(rows: Iterable[Row], name: str) -> list[float]:
    values = [value(each) for each in by(rows, name).values()]
    return [each / total(values) for each in values] if total(values) else []


def group(row: Row, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(_part(row, name) for name in names)


def _part(row: Row, name: str) -> object:
    if name in ("hs2", "hs4", "hs6"):
        return row["hs_code"][: int(name[2])]
    return unit(row) if name == "quantity_unit" else row[name]


def has_unit(row: Row) -> bool:
    return row["supplementary_unit"] is not None and (row["supplementary_quantity"] or 0) > 0


def unit(row: Row) -> str:
    return row["supplementary_unit"] if has_unit(row) else "kg"


def quantity(row: Row) -> float:
    return row["supplementary_quantity"] if has_unit(row) else row["net_mass_kg"]


def taxes(row: Row) -> float:
    return row["duty_assessed"] + row["vat_assessed"] + (row["excise_assessed"] or 0.0)


# --- exposure ---------------------------------------------------------------------------------------------


@reference()
def customs_value(view: View, months: int) -> Number:
    return value(view.lines(months))


@reference()
def duty(view: View, months: int) -> Number:
    return total(row["duty_assessed"] for row in view.lines(months))


@reference()
def import_vat(view: View, months: int) -> Number:
    return total(row["vat_assessed"] for row in view.lines(months))


@reference()
def excise(view: View, months: int) -> Number:
    return total(row["excise_assessed"] for row in view.lines(months))


@reference()
def effective_rate(view: View, months: int) -> Number:
    return ratio(total(map(taxes, view.lines(months))), value(view.lines(months)))


@reference()
def declaration_count(view: View, months: int) -> Number:
    return len({row["declaration_id"] for row in view.lines(months)})


@reference()
def line_count(view: View, months: int) -> Number:
    return len(view.lines(months))


@reference()
def active_months(view: View, months: int) -> Number:
    return len({(row["accepted_on"].year, row["accepted_on"].month) for row in view.lines(months)})


@reference()
def revenue_at_stake(view: View, months: int) -> Number:
    told = [(general(view, row), row) for row in view.lines(months)]
    terms = [row["customs_value"] * max(rate - row["duty_rate"], 0) for rate, row in told if rate is not None]
    return total(terms) if terms else None


def general(view: View, row: Row) -> Number:
    return view.world.rate(row["hs_code"], None, row["accepted_on"])


@reference()
def value_growth(view: View, months: int) -> Number:
    late = value(view.lines(12))
    before = value(view.lines(24)) - late
    return math.log(late / before) if late > 0 and round(before, 6) > 0 else None


def month_number(day: date) -> int:
    return day.year * 12 + day.month


def whole_months(view: View) -> list[float]:
    """Values of whole calendar months, the latest first, back to the trader's first."""
    by_month: dict[int, float] = defaultdict(float)
    for row in view.lines(24):
        ago = month_number(view.cutoff) - month_number(row["accepted_on"])
        if 1 <= ago <= 23:
            by_month[ago] += row["customs_value"]
    return [by_month.get(ago, 0.0) for ago in range(1, max(by_month, default=0) + 1)]


def deviation(values: Sequence[float]) -> float:
    mean = total(values) / len(values)
    return math.sqrt(total((each - mean) ** 2 for each in values) / len(values))


@reference()
def value_unevenness(view: View, months: int) -> Number:
    values = whole_months(view)
    return ratio(deviation(values), total(values) / len(values)) if len(values) >= 6 else None


@reference()
def recent_departure(view: View, months: int) -> Number:
    recent, before = whole_months(view)[:3], whole_months(view)[3:]
    if len(before) < 6:
        return None
    usual = total(before) / len(before)
    return ratio(total(recent) / 3 - usual, max(deviation(before), usual / 10))


def month_spans(view: View) -> list[tuple[date, date, float]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in view.lines(24):
        found[month_number(row["accepted_on"])].append(row)
    return [
        (min(r["accepted_on"] for r in rows), max(r["accepted_on"] for r in rows), value(rows))
        for _, rows in sorted(found.items())
    ]


@reference()
def longest_silence(view: View, months: int) -> Number:
    return max(((b[0] - a[1]).days for a, b in pairwise(month_spans(view))), default=None)


@reference()
def silence_then_spike(view: View, months: int) -> Number:
    spans = month_spans(view)
    for number, (before, after) in enumerate(pairwise(spans)):
        others = [v for place, (_, _, v) in enumerate(spans) if place != number + 1]
        silent = (after[0] - before[1]).days >= 180
        if silent and total(v for *_, v in spans) and after[2] >= 2 * total(others) / len(others):
            return 1
    return 0


@reference()
def days_since_last_line(view: View, months: int) -> Number:
    days = [row["accepted_on"] for row in view.lines(months)]
    return (view.cutoff - max(days)).days if days else None


@reference()
def special_procedure_share(view: View, months: int) -> Number:
    return weighted((row["procedure_code"] != "4000", row["customs_value"]) for row in view.lines(months))


def sector_middle(view: View, vote: Callable[[list[Row]], Number]) -> Number:
    """The median vote of the traders of the same sector and size, else of the sector, else of all."""
    began = view.quarter
    cells = {
        row["trader_id"]: view.world.cell(row["trader_id"], began) for row in view.world.tables["traders"]
    }
    votes = {}
    for trader, rows in by(view.world.first_versions, "trader_id").items():
        counted = [
            row
            for row in rows
            if months_before(began, 12) <= row["known"] < began
            and row["known"] < _year_later(row["accepted_on"])
        ]
        votes[trader] = vote(counted) if counted else None
    told = {trader: each for trader, each in votes.items() if each is not None}
    own = cells[view.trader]
    for depth in (2, 1, 0):
        like = [v for trader, v in told.items() if cells.get(trader, ("", ""))[:depth] == own[:depth]]
        if "" not in own[:depth] and len(like) >= sector_settings.FEWEST_TRADERS:
            return quantile(like, 0.5)
    return None


def _year_later(day: date) -> date:
    return date(day.year + 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


@reference()
def sector_rate(view: View, months: None) -> Number:
    return sector_middle(view, lambda rows: ratio(total(map(taxes, rows)), value(rows)))


@reference()
def sector_concentration(view: View, months: None) -> Number:
    return sector_middle(view, lambda rows: total(s * s for s in shares(rows, "hs6")) or None)


def less(one: Number, other: Number) -> Number:
    return None if one is None or other is None else one - other


@reference()
def effective_rate_gap(view: View, months: None) -> Number:
    return less(effective_rate(view, 12), sector_rate(view, None))


@reference()
def hs_concentration_gap(view: View, months: None) -> Number:
    return less(hs_concentration(view, 12), sector_concentration(view, None))


# --- peers: valuation and physical ------------------------------------------------------------------------

MEASURES: dict[str, Callable[[Row], Number]] = {
    "price": lambda row: log_of(row["customs_value"], quantity(row)),
    "value_per_kg": lambda row: log_of(row["customs_value"], row["gross_mass_kg"]),
    "net_share": lambda row: log_of(row["net_mass_kg"], row["gross_mass_kg"]),
    "quantity_per_kg": lambda row: log_of(row["supplementary_quantity"], row["net_mass_kg"]),
    "freight_share": lambda row: log_of(row["freight_amount"], row["customs_value"]),
    "adjusted": lambda row: float((row["valuation_adjustment"] or 0) != 0),
    "elsewhere": lambda row: (
        None if row["dispatch_country"] is None else float(row["dispatch_country"] != row["origin_country"])
    ),
}
GOODS = (("hs6", "quantity_unit", "origin_country"), ("hs6", "quantity_unit"), ("hs4", "quantity_unit"))
ROUTES = (("dispatch_country", "transport_mode", "hs4"), ("dispatch_country", "transport_mode"))
HABITS = (("hs6",), ("hs4",))


def others(view: View, row: Row, measure: str, levels: Iterable[tuple[str, ...]]) -> list[float] | None:
    """The means of other traders for the like, in the narrowest group with enough of them."""
    for level in levels:
        key = group(row, level)
        votes = view.world.peers(measure, level, key, quarter_of(row["accepted_on"]))
        rest = {trader: values for trader, values in votes.items() if trader != view.trader}
        enough = sum(map(len, rest.values())) >= peer_settings.FEWEST_LINES
        if None not in key and enough and len(rest) >= peer_settings.FEWEST_TRADERS:
            return [step(total(values) / len(values)) for values in rest.values()]
    return None


def gap(view: View, row: Row, measure: str, levels: Iterable[tuple[str, ...]], share: float) -> Number:
    """How far a line's measure lies above a quantile of the others'."""
    own, rest = MEASURES[measure](row), others(view, row, measure, levels)
    return None if own is None or rest is None else own - step(quantile(rest, share))


def limited(gap: Number) -> Number:
    """Ten times off at most."""
    return None if gap is None else min(max(gap, -math.log(10)), math.log(10))


def price_gaps(view: View, months: int) -> list[tuple[Number, Row]]:
    return [(limited(gap(view, row, "price", GOODS, 0.5)), row) for row in view.lines(months)]


@reference()
def price_gap(view: View, months: int) -> Number:
    return weighted((g, row["customs_value"]) for g, row in price_gaps(view, months))


@reference()
def undervalue_duty(view: View, months: int) -> Number:
    terms = [
        (math.exp(max(-g, 0)) - 1) * row["customs_value"] * row["duty_rate"]
        if -g < math.log(10)
        else 9 * row["customs_value"] * row["duty_rate"]
        for g, row in price_gaps(view, months)
        if g is not None
    ]
    return total(terms) if terms else None


@reference()
def middle_price_gap(view: View, months: int) -> Number:
    gaps = [(gap(view, row, "price", GOODS, 0.5), row["customs_value"]) for row in view.lines(months)]
    told = sorted((g, w) for g, w in gaps if g is not None and w > 0)
    whole, so_far = total(w for _, w in told), 0.0
    for each, weight in told:
        so_far += weight
        if so_far >= whole / 2:
            return each
    return None


def share_beyond(view: View, months: int, measure: str, share: float, side: int) -> Number:
    gaps = [(gap(view, row, measure, GOODS, share), row["customs_value"]) for row in view.lines(months)]
    return weighted((None if g is None else g * side > 1e-9, w) for g, w in gaps)


@reference()
def low_price_share(view: View, months: int) -> Number:
    return share_beyond(view, months, "price", 0.1, -1)


@reference()
def low_value_per_kg_share(view: View, months: int) -> Number:
    return share_beyond(view, months, "value_per_kg", 0.05, -1)


@reference()
def high_value_per_kg_share(view: View, months: int) -> Number:
    return share_beyond(view, months, "value_per_kg", 0.95, 1)


@reference()
def freight_gap(view: View, months: int) -> Number:
    return weighted(
        (limited(gap(view, row, "freight_share", ROUTES, 0.5)), row["customs_value"])
        for row in view.lines(months)
    )


@reference()
def net_mass_gap(view: View, months: int) -> Number:
    return weighted(
        (limited(gap(view, row, "net_share", GOODS, 0.5)), row["customs_value"]) for row in view.lines(months)
    )


@reference()
def quantity_mass_gap(view: View, months: int) -> Number:
    gaps = [
        (limited(gap(view, row, "quantity_per_kg", GOODS, 0.5)), row["customs_value"])
        for row in view.lines(months)
    ]
    return weighted((None if g is None else abs(g), w) for g, w in gaps)


def habit(view: View, row: Row, measure: str) -> Number:
    rest = others(view, row, measure, HABITS)
    return None if rest is None else total(rest) / len(rest)


@reference()
def additions_absent(view: View, months: int) -> Number:
    habits = [(habit(view, row, "adjusted"), row) for row in view.lines(months)]
    return weighted(
        (None if h is None else 0 if MEASURES["adjusted"](row) else h, row["customs_value"])
        for h, row in habits
    )


@reference()
def origin_not_dispatch_gap(view: View, months: int) -> Number:
    return weighted(
        (less(MEASURES["elsewhere"](row), habit(view, row, "elsewhere")), row["customs_value"])
        for row in view.lines(months)
    )


@reference()
def origin_not_dispatch(view: View, months: int) -> Number:
    return weighted((MEASURES["elsewhere"](row), row["customs_value"]) for row in view.lines(months))


@reference()
def related_party_share(view: View, months: int) -> Number:
    return weighted((row["related_party"], row["customs_value"]) for row in view.lines(months))


@reference()
def other_method_share(view: View, months: int) -> Number:
    return weighted(
        (None if row["valuation_method"] is None else row["valuation_method"] != 1, row["customs_value"])
        for row in view.lines(months)
    )


@reference()
def office_entropy(view: View, months: int) -> Number:
    return entropy(shares(view.lines(months), "office_code"))


@reference()
def away_from_office_share(view: View, months: int) -> Number:
    values = {office: value(rows) for office, rows in by(view.lines(months), "office_code").items()}
    home = min(values, key=lambda office: (-values[office], office), default=None)
    late = view.lines(3)
    return ratio(value(row for row in late if row["office_code"] != home), value(late))


def new_share(view: View, name: str) -> Number:
    """Share of the last 3 months' value by what was first used in them."""
    late = [row for row in view.lines(3) if _part(row, name) is not None]
    before = {_part(row, name) for row in view.lines(24) if not view.within(row["accepted_on"], 3)}
    if not before - {None}:
        return None
    return ratio(value(row for row in late if _part(row, name) not in before), value(late))


@reference()
def new_port_share(view: View, months: int) -> Number:
    return new_share(view, "loading_port")


@reference()
def new_mode_share(view: View, months: int) -> Number:
    return new_share(view, "transport_mode")


@reference()
def hs_novelty(view: View, months: int) -> Number:
    return new_share(view, "hs6")


# --- classification and origin ----------------------------------------------------------------------------


def with_siblings(view: View, months: int) -> Iterable[tuple[Row, float, float, float]]:
    """Lines with the general rate of their code, and the lowest and highest of their heading."""
    for row in view.lines(months):
        rate = general(view, row)
        if rate is not None:
            rates = view.world.siblings(row["hs_code"], row["accepted_on"])
            yield row, rate, min(rates), max(rates)


@reference()
def sibling_rate_gap(view: View, months: int) -> Number:
    return weighted((high - rate, row["customs_value"]) for row, rate, _, high in with_siblings(view, months))


@reference()
def sibling_rate_money(view: View, months: int) -> Number:
    return total((high - rate) * row["customs_value"] for row, rate, _, high in with_siblings(view, months))


@reference()
def lowest_rate_share(view: View, months: int) -> Number:
    return weighted(
        (rate == low, row["customs_value"])
        for row, rate, low, high in with_siblings(view, months)
        if low < high
    )


def entropy(parts: Sequence[float]) -> Number:
    return -total(part * math.log(part) for part in parts if part) if parts else None


def concentration(parts: Sequence[float]) -> Number:
    return total(part * part for part in parts) if parts else None


@reference()
def hs_entropy(view: View, months: int) -> Number:
    return entropy(shares(view.lines(months), "hs6"))


@reference()
def hs_concentration(view: View, months: int) -> Number:
    return concentration(shares(view.lines(months), "hs6"))


@reference()
def chapter_entropy(view: View, months: int) -> Number:
    return entropy(shares(view.lines(months), "hs2"))


@reference()
def chapter_concentration(view: View, months: int) -> Number:
    return concentration(shares(view.lines(months), "hs2"))


@reference()
def residual_code_share(view: View, months: int) -> Number:
    return weighted(
        (row["hs_code"][:6].endswith(("9", "90")), row["customs_value"]) for row in view.lines(months)
    )


def claimed(view: View, months: int) -> list[Row]:
    return [row for row in view.lines(months) if row["preference_code"]]


def forgone(view: View, rows: Iterable[Row]) -> float:
    told = [(general(view, row), row) for row in rows]
    return total(
        max(rate - row["duty_rate"], 0) * row["customs_value"] for rate, row in told if rate is not None
    )


@reference()
def preference_share(view: View, months: int) -> Number:
    return ratio(value(claimed(view, months)), value(view.lines(months)))


@reference()
def preference_money(view: View, months: int) -> Number:
    return forgone(view, claimed(view, months))


@reference()
def preference_no_doc(view: View, months: int) -> Number:
    return weighted((row["origin_proof_id"] is None, row["customs_value"]) for row in claimed(view, months))


@reference()
def preference_no_doc_money(view: View, months: int) -> Number:
    return forgone(view, (row for row in claimed(view, months) if row["origin_proof_id"] is None))


@reference()
def relief_open(view: View, months: int) -> Number:
    rows = view.lines(months)
    entered = value(row for row in rows if row["procedure_code"][:2] in ("51", "53"))
    return max(entered - value(row for row in rows if row["procedure_code"][2:4] in ("51", "53")), 0)


@reference()
def relief_money(view: View, months: int) -> Number:
    return forgone(view, (row for row in view.lines(months) if row["procedure_code"][:2] in ("51", "53")))


# --- brokers, sellers and goods that audits met -----------------------------------------------------------


def finding_rate(view: View, names: tuple[str, ...], entity: object) -> Number:
    """(k + 10 p) / (n + 10) over the audits of others, as known when the quarter began."""
    began = view.quarter
    closed = [a for a in view.world.audits(began) if a["closed"] and a["trader_id"] != view.trader]
    if not closed:
        return None
    overall = sum(a["assessed"] > 0 for a in closed) / len(closed)
    met = [a for a in closed if entity in _named(view.world, a["audit_id"], names, began)]
    return (sum(a["assessed"] > 0 for a in met) + PRIOR * overall) / (len(met) + PRIOR)


@cache
def _named(world: World, audit_id: str, names: tuple[str, ...], day: date) -> set[object]:
    [audit] = [row for row in world.tables["audits"] if row["audit_id"] == audit_id]
    return set(
        by(
            (
                row
                for row in world.first_versions
                if row["trader_id"] == audit["trader_id"]
                and audit["period_from"] <= row["accepted_on"] <= audit["period_to"]
                and row["known"] < day
            ),
            *names,
        )
    )


def mean_finding_rate(view: View, months: int, *names: str) -> Number:
    used = by(view.lines(months), *names)
    return weighted((finding_rate(view, names, entity), value(rows)) for entity, rows in used.items())


@reference()
def broker_finding_rate(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "declarant_id")


@reference()
def seller_finding_rate(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "seller_id")


@reference()
def hs_finding_exposure(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "hs6")


@reference()
def origin_finding_exposure(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "hs4", "origin_country")


@reference()
def brokers_used(view: View, months: int) -> Number:
    return len(by(view.lines(months), "declarant_id")) or None


@reference()
def main_broker_share(view: View, months: int) -> Number:
    return max(shares(view.lines(months), "declarant_id"), default=None)


@reference()
def brokers_taken_on(view: View, months: int) -> Number:
    late = set(by(view.lines(12), "declarant_id"))
    early = set(by((r for r in view.lines(24) if not view.within(r["accepted_on"], 12)), "declarant_id"))
    return len(late - early) if early else None


# --- history ----------------------------------------------------------------------------------------------


def closed_audits_of(view: View) -> list[Row]:
    return [row for row in view.audits if row["closed"]]


@reference()
def closed_audits(view: View, months: None) -> Number:
    return len(closed_audits_of(view))


@reference()
def never_audited(view: View, months: None) -> Number:
    return float(not closed_audits_of(view))


@reference()
def months_since_audit(view: View, months: None) -> Number:
    days = [row["closed_on"] for row in closed_audits_of(view)]
    return (view.cutoff - max(days)).days / MONTH_DAYS if days else None


def drawn(view: View, part: Callable[[Row], float], whole: Callable[[Row], float]) -> Number:
    """The trader's part per whole over closed audits, drawn to that of its sector and size by ten audits."""
    if not closed_audits_of(view) and view.world.description(view.trader, view.cutoff) is None:
        return None
    sums = []
    for measure in (part, whole):
        mean = mean_of_others(view, measure)
        if mean is None:
            return None
        sums.append(total(map(measure, closed_audits_of(view))) + PRIOR * mean)
    return ratio(*sums)


def mean_of_others(view: View, measure: Callable[[Row], float]) -> Number:
    closed = [a for a in view.world.audits(view.quarter) if a["closed"] and a["trader_id"] != view.trader]
    own = view.world.cell(view.trader, view.cutoff)
    like = [a for a in closed if view.world.cell(a["trader_id"], a["opened_on"]) == own]
    if not closed:
        return None
    everywhere = total(map(measure, closed)) / len(closed)
    return (total(map(measure, like)) + PRIOR * everywhere) / (len(like) + PRIOR)


@reference()
def adjustment_rate(view: View, months: None) -> Number:
    return drawn(view, lambda audit: audit["assessed"] > 0, lambda audit: 1.0)


@reference()
def yield_on_value(view: View, months: None) -> Number:
    return drawn(view, lambda audit: audit["assessed"], lambda audit: audit["audited_value"])


def _yield_of(kind: str) -> None:
    def part(audit: Row) -> float:
        return total(f["amount"] for f in audit["taxed"] if f["finding_type"] == kind)

    @reference(f"{kind}_yield")
    def of_kind(view: View, months: None) -> Number:
        return drawn(view, part, lambda audit: audit["audited_value"])


def _audits_with(name: str, degree: str) -> None:
    @reference(name)
    def count(view: View, months: None) -> Number:
        return sum(
            total(f["amount"] for f in audit["taxed"] if f["culpability"] == degree) > 0
            for audit in view.audits
        )


for _kind in ("valuation", "classification", "origin", "quantity", "procedure"):
    _yield_of(_kind)
for _degree in ("fraud", "negligence", "error"):
    _audits_with(f"{_degree}_audits", _degree)


@reference()
def penalties(view: View, months: None) -> Number:
    return total(
        f["amount"]
        for audit in view.audits
        for f in audit["ledger"]
        if f["tax_type"] == "penalty" and f["event"] in STANDS
    )


@reference()
def overturned_share(view: View, months: None) -> Number:
    taxed = [f for audit in view.audits for f in audit["taxed"]]
    back = total(-f["amount"] for f in taxed if f["event"] != "assessed")
    return ratio(back, total(f["amount"] for f in taxed if f["event"] == "assessed" and f["amount"] > 0))


def controls(view: View, months: int) -> list[Row]:
    """The controls of the trader's declarations, once both are known."""
    owners: dict[str, tuple[date, str]] = {}
    for row in view.world.first_versions:
        said = (row["known"], row["trader_id"])
        owners[row["declaration_id"]] = min(owners.get(row["declaration_id"], said), said)
    return [
        row
        for row in view.world.tables["controls"]
        if row["declaration_id"] in owners
        and owners[row["declaration_id"]][1] == view.trader
        and max(row["known"], owners[row["declaration_id"]][0]) < view.cutoff
        and view.within(row["controlled_on"], months)
    ]


def found_something(row: Row) -> bool:
    return row["finding_type"] is not None or row["revenue_delta"] != 0


def hit_rate(rows: list[Row]) -> Number:
    return ratio(sum(map(found_something, rows)), len(rows))


@reference()
def random_hit_rate(view: View, months: int) -> Number:
    return hit_rate([row for row in controls(view, months) if row["selected_by"] == "random"])


@reference()
def targeted_hit_rate(view: View, months: int) -> Number:
    return hit_rate([row for row in controls(view, months) if row["selected_by"] != "random"])


@reference()
def border_hits(view: View, months: int) -> Number:
    return sum(map(found_something, controls(view, months)))


@reference()
def border_revenue(view: View, months: int) -> Number:
    return total(row["revenue_delta"] for row in controls(view, months))


def amended(view: View, months: int) -> list[tuple[Row, float]]:
    """Amendments, each with the change in taxes."""
    items = by(view.world.tables["declarations"], "declaration_id", "item_number")
    found = []
    for rows in items.values():
        ordered = sorted(rows, key=lambda row: row["version"])
        for before, after in pairwise(ordered):
            if after["trader_id"] == view.trader and view.within(after["known"], months):
                found.append((after, taxes(after) - taxes(before)))
    return found


@reference()
def amendments(view: View, months: int) -> Number:
    return len(amended(view, months))


@reference()
def own_amendment_share(view: View, months: int) -> Number:
    asked = Counter(row["amended_by"] for row, _ in amended(view, months))
    return ratio(asked["trader"], asked["trader"] + asked["customs"])


@reference()
def amended_taxes(view: View, months: int) -> Number:
    return total(change for _, change in amended(view, months))


def debts(view: View, months: int) -> list[Row]:
    return [row for row in view.latest("payments", "debt_id") if view.within(row["due_on"], months)]


@reference()
def days_late(view: View, months: int) -> Number:
    return weighted(
        (max(((row["paid_on"] or view.cutoff) - row["due_on"]).days, 0), row["amount"])
        for row in debts(view, months)
    )


@reference()
def unpaid_share(view: View, months: int) -> Number:
    return weighted((row["paid_on"] is None, row["amount"]) for row in debts(view, months))


def described(view: View) -> Row:
    return view.world.description(view.trader, view.cutoff) or defaultdict(lambda: None)


def authorised(view: View) -> bool:
    return described(view)["aeo_status"] in ("aeo_c", "aeo_s", "aeo_f")


def in_status(view: View, *kinds: str) -> Number:
    status = described(view)["aeo_status"]
    return None if status is None else float(status in kinds)


@reference()
def authorised_for_customs(view: View, months: None) -> Number:
    return in_status(view, "aeo_c", "aeo_f")


@reference()
def authorised_for_security(view: View, months: None) -> Number:
    return in_status(view, "aeo_s", "aeo_f")


@reference()
def authorised_years(view: View, months: None) -> Number:
    since = described(view)["aeo_since"]
    return (view.cutoff - since).days / 365.25 if since and authorised(view) else None


@reference()
def months_to_revalidation(view: View, months: None) -> Number:
    due = described(view)["aeo_revalidation_due"]
    return (due - view.cutoff).days / MONTH_DAYS if due and authorised(view) else None


@reference()
def trader_age(view: View, months: None) -> Number:
    since = described(view)["registered_on"]
    return (view.cutoff - since).days / 365.25 if since else None


@reference()
def not_a_company(view: View, months: None) -> Number:
    forms = {"company": 0.0, "sole proprietor": 1.0, "partnership": 1.0}
    return forms.get(described(view)["legal_form"])


@reference()
def paid_in_capital(view: View, months: None) -> Number:
    return described(view)["paid_in_capital"]


@reference()
def imports_to_capital(view: View, months: None) -> Number:
    return ratio(customs_value(view, 12) or 0.0, paid_in_capital(view, None) or 0.0)


# --- tax --------------------------------------------------------------------------------------------------


def returns(view: View, months: int) -> list[Row]:
    states = view.latest("tax_returns", "period_from", "period_to")
    return [row for row in states if view.within(row["period_to"], months)]


def beside(view: View, months: int, stated: str, declared: str) -> tuple[float, float] | None:
    """What returns state, and what was declared in the periods of those that state it."""
    told = [row for row in returns(view, months) if row[stated] is not None]
    lines = [
        total(
            line[declared]
            for line in view.all_lines
            if row["period_from"] <= line["accepted_on"] <= row["period_to"]
        )
        for row in told
    ]
    return (total(row[stated] for row in told), total(lines)) if told else None


def log_beside(view: View, months: int, stated: str) -> Number:
    found = beside(view, months, stated, "customs_value")
    return log_of(*found) if found else None


@reference()
def import_purchases_gap(view: View, months: int) -> Number:
    return log_beside(view, months, "purchases_imported")


@reference()
def payments_gap(view: View, months: int) -> Number:
    return log_beside(view, months, "payments_abroad")


@reference()
def import_vat_gap(view: View, months: int) -> Number:
    found = beside(view, months, "import_vat_claimed", "vat_assessed")
    return less(*found) if found else None


@reference()
def royalties_not_added(view: View, months: int) -> Number:
    found = beside(view, months, "royalties_abroad", "valuation_adjustment")
    return max(found[0] - found[1], 0) if found else None


@reference()
def turnover_multiple(view: View, months: int) -> Number:
    found = beside(view, months, "turnover", "customs_value")
    return ratio(*found) if found else None


@reference()
def tax_arrears(view: View, months: int) -> Number:
    return max((r["arrears"] for r in returns(view, months) if r["arrears"] is not None), default=None)


@reference()
def filing_delay(view: View, months: int) -> Number:
    filed: dict[tuple[date, date], date] = {}
    for row in view.own("tax_returns"):
        period = (row["period_from"], row["period_to"])
        filed[period] = min(filed.get(period, row["filed_on"]), row["filed_on"])
    delays = [(day - to).days for (_, to), day in filed.items() if view.within(to, months)]
    return ratio(total(delays), len(delays))


def tax_audits(view: View) -> list[Row]:
    return [row for row in view.latest("tax_audits", "tax_audit_id") if row["opened_on"] < view.cutoff]


@reference()
def tax_adjusted(view: View, months: None) -> Number:
    return total(row["adjustment"] for row in tax_audits(view))


@reference()
def tax_audit_open(view: View, months: None) -> Number:
    return float(any(row["closed_on"] is None for row in tax_audits(view)))
