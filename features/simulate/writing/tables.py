"""Build the smaller tables of the contract from the state of a run."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from features.simulate.arrays import Flags, Whole, stack, take
from features.simulate.audits.audit import TREATMENTS
from features.simulate.audits.cases import Docket
from features.simulate.audits.controls import SELECTED_BY, TYPES, Controls
from features.simulate.audits.second import SecondAudits
from features.simulate.audits.select import CHANNELS, MODEL, RANDOM, ROLES, Assignments
from features.simulate.chance import Chance
from features.simulate.clock import Calendar
from features.simulate.evasion.intent import KINDS
from features.simulate.evasion.links import LINK_TYPES, PERSON, SELLER, Links
from features.simulate.records.ledger import CULPABILITY, EVENTS, TAXES, Ledger, numbered
from features.simulate.records.tax_records import AMOUNTS, Payments, Returns, TaxAudits
from features.simulate.trade.goods import AGREEMENTS, Goods
from features.simulate.trade.traders import AEO, BANDS, LEGAL_FORMS, Traders
from features.simulate.trade.world import REGIONS, SECTORS
from features.simulate.writing.text import coded, days, numbers, serials

Columns = dict[str, pa.Array]
RECORDED_HERE = ("corrects", "recorded_by", "recorded_at", "confirmed")
"""Columns of the ledger that only the service fills; without them it would record nothing."""
SYLLABLES = (
    "Bel",
    "Cor",
    "Dan",
    "Fer",
    "Gal",
    "Hal",
    "Kor",
    "Lum",
    "Mar",
    "Nor",
    "Ost",
    "Pal",
    "Ros",
    "Sol",
    "Tal",
    "Vel",
)
TRADES = ("Imports", "Trading", "Supply", "Goods", "Commerce", "Works", "Partners", "House")
REVALIDATION_DAYS = 3 * 365
RUNS = ("rules", "random", "plan")
BY_RULES, BY_LOT, PLAN = range(len(RUNS))
"""The selection runs of a quarter."""


def traders_columns(chance: Chance, traders: Traders, *, calendar: Calendar) -> Columns:
    """Return the traders with a row for each change of size, region or authorisation."""
    stream = chance.stream("trader rows")
    moved = np.where(
        stream.random(traders.count) < 0.10, stream.integers(2, calendar.quarters, traders.count), 0
    )
    moved = np.where((moved > np.maximum(traders.born, 0)) & (moved < traders.dies), moved, 0)
    granted = np.where(
        (traders.aeo_from > np.maximum(traders.born, 0)) & (traders.aeo > 0), traders.aeo_from, 0
    )
    granted = np.where(granted < calendar.quarters, granted, 0)
    quarter = np.concatenate([np.zeros(traders.count, dtype=np.int64), moved, granted])
    trader = np.tile(np.arange(traders.count), 3)
    rows = np.flatnonzero((quarter > 0) | (np.arange(trader.size) < traders.count))
    rows = rows[np.unique(np.column_stack([trader[rows], quarter[rows]]), axis=0, return_index=True)[1]]
    trader, quarter = trader[rows], quarter[rows]
    valid_from = np.where(quarter > 0, calendar.starts[quarter], traders.registered_on[trader])
    is_earlier = (moved[trader] > 0) & (quarter < moved[trader])
    delay = stream.integers(0, 8, size=trader.size)
    return {
        **_descriptions(traders, trader=trader, is_earlier=is_earlier, stream=stream),
        **authorisations_columns(traders, trader=trader, quarter=quarter, calendar=calendar),
        "valid_from": days(valid_from),
        "known_on": days(np.minimum(valid_from + delay, calendar.end)),
        "registered_on": days(traders.registered_on[trader]),
    }


def _descriptions(
    traders: Traders, *, trader: Whole, is_earlier: Flags, stream: np.random.Generator
) -> Columns:
    """Return the descriptions; before a change a trader was smaller, and some in another region."""
    names = [f"{a}{b.lower()} {c}" for a in SYLLABLES for b in SYLLABLES for c in TRADES]
    elsewhere = (traders.region + 1) % REGIONS.size
    name = stream.integers(0, len(names), size=traders.count)
    unknown = stream.random(traders.count) < 0.05
    return {
        "trader_id": serials("T", trader, digits=7),
        "name": coded(name[trader], names),
        "sector": coded(np.where(unknown, -1, traders.sector)[trader], list(SECTORS)),
        "size_band": coded(
            np.where(is_earlier, np.maximum(traders.band[trader] - 1, 0), traders.band[trader]), list(BANDS)
        ),
        "region": coded(
            np.where(is_earlier & (trader % 3 == 0), elsewhere[trader], traders.region[trader]), list(REGIONS)
        ),
        "legal_form": coded(traders.legal_form[trader], list(LEGAL_FORMS)),
        "paid_in_capital": numbers(np.where(traders.legal_form == 3, np.nan, traders.capital)[trader]),
    }


def authorisations_columns(traders: Traders, *, trader: Whole, quarter: Whole, calendar: Calendar) -> Columns:
    """Return the authorisation of each `trader` in a quarter, its first day, and that of its revalidation."""
    holds = (traders.aeo[trader] > 0) & (traders.aeo_from[trader] <= quarter)
    begun = traders.aeo_from[trader]
    since = np.where(
        begun > 0, calendar.starts[np.clip(begun, 0, calendar.quarters)], calendar.starts[0] + 91 * begun
    )
    since = np.maximum(since, traders.registered_on[trader])
    return {
        "aeo_status": coded(np.where(holds, traders.aeo[trader], 0), list(AEO)),
        "aeo_since": days(since, empty=~holds),
        "aeo_revalidation_due": days(since + REVALIDATION_DAYS, empty=~holds),
    }


def audits_columns(docket: Docket, *, calendar: Calendar) -> Columns:
    """Return the audits as known at the end: running ones have neither closing day nor hours."""
    order = np.lexsort((np.arange(docket.trader.size), docket.opened_on))
    number, docket = order, take(docket, order)
    running = docket.closed_on > calendar.end
    status = np.where(running, 0, np.where(docket.abandoned, 2, 1))
    by_plan = np.isin(docket.quarter, _planned(docket))
    run = np.where(by_plan, PLAN, np.where(docket.channel == RANDOM, BY_LOT, BY_RULES))
    return {
        "audit_id": serials("A", number, digits=6),
        "trader_id": serials("T", docket.trader, digits=7),
        "treatment": coded(docket.treatment, list(TREATMENTS)),
        "selection_channel": coded(docket.channel, list(CHANNELS)),
        "inclusion_probability": numbers(docket.probability),
        "selection_run_id": coded(len(RUNS) * docket.quarter + run, _runs(calendar)),
        "period_from": days(docket.period_from),
        "period_to": days(docket.period_to),
        "opened_on": days(docket.opened_on),
        "closed_on": days(docket.closed_on, empty=running),
        "known_on": days(np.minimum(docket.known_on, calendar.end)),
        "status": coded(status, ["open", "closed", "abandoned"]),
        "hours_spent": numbers(docket.hours, empty=running),
        "team_id": serials("K", docket.team, digits=2),
    }


def assignments_columns(
    assigned: Mapping[int, Assignments], docket: Docket, *, calendar: Calendar
) -> Columns:
    """Return what was assigned to everybody on record, quarter by quarter, and with what probability.

    Without a plan the lottery of a quarter is one, and what rules chose fills the hours that it left.
    """
    planned = _planned(docket)
    rows = {quarter: np.flatnonzero(each.role >= 0) for quarter, each in assigned.items()}
    every = stack(*(take(each, rows[quarter]) for quarter, each in assigned.items()))
    quarter = np.repeat(list(rows), [each.size for each in rows.values()])
    run = np.where(np.isin(quarter, planned), PLAN, BY_LOT)
    chances = {
        f"probability_{name}": numbers(chance, empty=~(chance > 0))
        for name, chance in zip(TREATMENTS, np.ascontiguousarray(every.probability.T), strict=True)
    }
    return {
        "plan_id": coded(len(RUNS) * quarter + run, _runs(calendar)),
        "trader_id": serials("T", np.concatenate(list(rows.values())), digits=7),
        "treatment": coded(every.treatment % (len(TREATMENTS) + 1), [*TREATMENTS, "none"]),
        "role": coded(every.role, list(ROLES)),
        **chances,
        "expected_yield": numbers(every.expected),
        "known_on": days(calendar.starts[quarter]),
    }


def _planned(docket: Docket) -> Whole:
    """Return the quarters in which a plan chose by a model: all its audits are of one selection run."""
    return np.unique(docket.quarter[docket.channel == MODEL])


def _runs(calendar: Calendar) -> list[str]:
    return [f"{name}-{calendar.label(quarter)}" for quarter in range(calendar.quarters) for name in RUNS]


def findings_columns(events: Ledger, *, calendar: Calendar) -> Columns:
    """Return the ledger as far as it was known at the end."""
    ordered, number = numbered(events)
    known = ordered.known_on <= calendar.end
    ordered, number = take(ordered, known), number[known]
    return {
        "audit_id": serials("A", ordered.audit, digits=6),
        "event_number": pa.array(number),
        "finding_type": coded(ordered.kind, list(KINDS)),
        "tax_type": coded(ordered.tax, list(TAXES)),
        "event": coded(ordered.event, list(EVENTS)),
        "amount": pa.array(ordered.amount),
        "event_on": days(ordered.event_on),
        "known_on": days(ordered.known_on),
        "declaration_id": serials("D", ordered.declaration, digits=9),
        "item_number": pa.array(ordered.item, mask=ordered.item < 0),
        "culpability": coded(ordered.culpability, list(CULPABILITY)),
        **dict.fromkeys(RECORDED_HERE, pa.nulls(len(number))),
    }


def second_audits_columns(audits: SecondAudits, *, calendar: Calendar) -> Columns:
    """Return what second audits found, as far as it was known at the end."""
    known = take(audits, audits.known_on <= calendar.end)
    return {
        "audit_id": serials("A", known.audit, digits=6),
        "fault_number": pa.array(known.number),
        "finding_type": coded(known.kind, list(KINDS)),
        "declaration_id": serials("D", known.declaration, digits=9),
        "item_number": pa.array(known.item, mask=known.item < 0),
        "known_on": days(known.known_on),
    }


def tariff_columns(goods: Goods, *, calendar: Calendar) -> Columns:
    """Return the rates of the tariff, with another row for each rate that rose."""
    subs, opened = np.arange(goods.heading.size), int(calendar.starts[0]) - 5 * 365
    rise = np.where(goods.mfn[0] != goods.mfn[-1], goods.rises[goods.heading], -1)
    risen = np.flatnonzero(rise >= 0)
    agreement, granted = np.nonzero(np.isfinite(goods.preference))
    sub = np.concatenate([subs, risen, granted])
    code = np.concatenate([np.full(subs.size + risen.size, -1), agreement])
    begins = np.concatenate(
        [np.full(subs.size, opened), calendar.starts[rise[risen]], np.full(granted.size, opened)]
    )
    ends = np.concatenate(
        [np.where(rise >= 0, calendar.starts[rise] - 1, -1), np.full(risen.size + granted.size, -1)]
    )
    rate = np.concatenate([goods.mfn[0], goods.mfn[-1][risen], goods.preference[agreement, granted]])
    return {
        "hs_code": coded(sub, list(goods.code)),
        "preference_code": coded(code, list(AGREEMENTS)),
        "valid_from": days(begins),
        "valid_to": days(ends, empty=ends < 0),
        "rate": pa.array(rate),
    }


def tax_returns_columns(returns: Returns, *, calendar: Calendar) -> Columns:
    """Return the tax returns that were known at the end."""
    known = take(returns, returns.known_on <= calendar.end)
    amounts = {
        name: numbers(np.ascontiguousarray(known.amounts[:, index])) for index, name in enumerate(AMOUNTS)
    }
    return {
        "trader_id": serials("T", known.trader, digits=7),
        "period_from": days(known.period_from),
        "period_to": days(known.period_to),
        "filed_on": days(known.filed_on),
        "known_on": days(known.known_on),
        **amounts,
    }


def tax_audits_columns(audits: TaxAudits, *, calendar: Calendar) -> Columns:
    """Return each tax audit as opened and, where it is over, as closed."""
    number = np.arange(audits.trader.size)
    closed = np.flatnonzero(audits.closed_on + 10 <= calendar.end)
    rows = np.concatenate([number, closed])
    over = np.arange(rows.size) >= number.size
    known = np.where(over, audits.closed_on[rows] + 10, np.minimum(audits.opened_on[rows] + 5, calendar.end))
    return {
        "trader_id": serials("T", audits.trader[rows], digits=7),
        "tax_audit_id": serials("X", rows, digits=6),
        "opened_on": days(audits.opened_on[rows]),
        "closed_on": days(audits.closed_on[rows], empty=~over),
        "adjustment": numbers(audits.adjustment[rows], empty=~over),
        "known_on": days(known),
    }


def controls_columns(controls: Controls, *, calendar: Calendar) -> Columns:
    """Return the controls that were known at the end."""
    number = np.flatnonzero(controls.known_on <= calendar.end)
    known = take(controls, number)
    return {
        "control_id": serials("C", number, digits=7),
        "declaration_id": serials("D", known.declaration, digits=9),
        "item_number": pa.array(known.item),
        "controlled_on": days(known.controlled_on),
        "selected_by": coded(known.selected_by, list(SELECTED_BY)),
        "type": coded(known.type, list(TYPES)),
        "finding_type": coded(known.kind, list(KINDS)),
        "revenue_delta": pa.array(known.delta),
        "known_on": days(known.known_on),
    }


def links_columns(links: Links, *, calendar: Calendar) -> Columns:
    """Return the links; the first letter of a target's identifier is its kind."""
    ends = [serials(letter, links.target, digits=digits) for letter, digits in (("T", 7), ("P", 6), ("S", 6))]
    target = pa.chunked_array([ends[0]]).combine_chunks()
    for code in (PERSON, SELLER):
        target = pa.compute.if_else(pa.array(links.to_what == code), ends[code], target)
    count = links.source.size
    return {
        "from_id": serials("T", links.source, digits=7),
        "to_id": target,
        "link_type": coded(links.type, list(LINK_TYPES)),
        "valid_from": days(links.valid_from),
        "valid_to": pa.nulls(count, pa.date32()),
        "known_on": days(np.minimum(links.known_on, calendar.end)),
    }


def payments_columns(debts: Payments, *, calendar: Calendar) -> Columns:
    """Return each debt as paid, after a row as unpaid where it was a month late."""
    number = np.arange(debts.trader.size)
    unpaid = debts.paid_on > debts.due_on + 30
    rows = np.concatenate([number[unpaid], number])
    open_yet = np.arange(rows.size) < int(unpaid.sum())
    known = np.where(open_yet, debts.due_on[rows] + 31, debts.paid_on[rows] + 2)
    keep = known <= calendar.end
    rows, open_yet, known = rows[keep], open_yet[keep], known[keep]
    return {
        "trader_id": serials("T", debts.trader[rows], digits=7),
        "debt_id": serials("Y", rows, digits=7),
        "due_on": days(debts.due_on[rows]),
        "paid_on": days(debts.paid_on[rows], empty=open_yet),
        "amount": pa.array(debts.amount[rows]),
        "known_on": days(known),
    }
