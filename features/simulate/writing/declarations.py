"""The table of declarations: convert simulated lines to the contract's columns."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from features.simulate.arrays import Array, stack, take
from features.simulate.trade.goods import AGREEMENTS, CHAPTERS, HEADINGS_PER_CHAPTER
from features.simulate.trade.lines import Lines, taxes
from features.simulate.trade.portfolio import Slots
from features.simulate.trade.world import COUNTRIES, MODES, OFFICES, World
from features.simulate.writing.text import coded, days, missing, numbers, serials
from features.simulate.writing.write import coded_schema

CURRENCIES = ("USD", "EUR", "CNY", "JPY")
UNITS_OF_CURRENCY = np.array([1.0, 0.92, 7.1, 148.0])  # for one unit of the reporting currency
LANES = ("green", "yellow", "red", "blue")
PROCEDURES = ("4000", "5100")
SECOND_ENTRY = 500_000_000
"""What is added to the number of a declaration that is entered once more."""
AMENDERS = ("trader", "customs")
WORDING = (
    "{0}, type {1}",
    "{0} for retail sale, type {1}",
    "{0} and similar goods",
    "assorted {0}, type {1}",
)


@dataclass(frozen=True)
class Dictionaries:
    """The dictionaries of coded columns, made once a run; each value once.

    `description_of` gives, for each heading and wording, the index of its text in `descriptions`.
    """

    traders: pa.Array
    sellers: pa.Array
    brokers: pa.Array
    descriptions: pa.Array
    description_of: Array


def dictionaries(world: World, *, traders: int) -> Dictionaries:
    """Return the dictionaries; goods are described by heading, as loosely as invoices do."""
    headings = range(world.goods.price.size)
    descriptions = [
        wording.format(CHAPTERS[heading // HEADINGS_PER_CHAPTER][1], heading % HEADINGS_PER_CHAPTER + 1)
        for heading in headings
        for wording in WORDING
    ]
    # a dictionary that holds a value twice is written as bytes that differ from run to run (Arrow 25)
    encoded = pa.array(descriptions).dictionary_encode()
    return Dictionaries(
        traders=serials("T", np.arange(traders), digits=7),
        sellers=serials("S", np.arange(world.seller_country.size), digits=6),
        brokers=serials("B", np.arange(world.crooked.size), digits=4),
        descriptions=encoded.dictionary,
        description_of=encoded.indices.to_numpy(),
    )


def as_entered(lines: Lines, *, world: World) -> Lines:
    """Return lines as far as known by the end, and once more those of declarations entered by mistake."""
    if lines.known.max(initial=0) > world.calendar.end:
        lines = take(lines, lines.known <= world.calendar.end)
    share = world.parameters.doubled
    if not share:
        return lines
    again = take(lines, missing(lines.declaration, salt=7, share=share) & (lines.version == 0))
    return stack(lines, replace(again, declaration=again.declaration + SECOND_ENTRY))


def _cancelled_on(lines: Lines, world: World) -> pa.Array:
    """Return when what was entered twice was cancelled: within six weeks, if that is not after the end."""
    day = lines.accepted + 1 + lines.declaration % 42
    return days(day, empty=(lines.declaration < SECOND_ENTRY) | (day > world.calendar.end))


def declarations_table(lines: Lines, *, world: World, slots: Slots, dictionaries: Dictionaries) -> pa.Table:
    """Return lines as rows of the contract's declarations, in order."""
    columns = {
        **_header_columns(lines, slots, dictionaries),
        **_goods_columns(lines, world, slots, dictionaries),
        **_money_columns(lines, world, slots),
    }
    if world.parameters.doubled:
        columns["cancelled_on"] = _cancelled_on(lines, world)
    schema = coded_schema(columns, table="declarations")
    table = pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
    return table.drop_columns(list(world.parameters.absent))


def _header_columns(lines: Lines, slots: Slots, dictionaries: Dictionaries) -> dict[str, pa.Array]:
    """Return the columns of the declaration and its parties."""
    slot, number = lines.slot, lines.declaration
    unnamed = missing(number * 31 + lines.item, salt=1, share=0.03)
    return {
        "declaration_id": serials("D", number, digits=9),
        "item_number": pa.array(lines.item),
        "version": pa.array(lines.version),
        "accepted_on": days(lines.accepted),
        "known_on": days(lines.known),
        "trader_id": coded(lines.trader, dictionaries.traders),
        "declarant_id": coded(lines.broker, dictionaries.brokers),
        "seller_id": coded(np.where(unnamed, -1, lines.seller), dictionaries.sellers),
        "office_code": coded(lines.office, list(OFFICES)),
        "procedure_code": coded(lines.relief.astype(np.int32), list(PROCEDURES)),
        "related_party": pa.array(slots.says_related[slot]),
        "valuation_method": pa.array(slots.method[slot]),
        "transport_mode": coded(slots.mode[slot], list(MODES)),
        "channel": coded(lines.channel, list(LANES)),
        "amended_by": _amenders(lines),
    }


def _amenders(lines: Lines) -> pa.Array:
    if lines.amended_by.max(initial=-1) < 0:
        return pa.DictionaryArray.from_arrays(pa.nulls(lines.count, pa.int32()), pa.array([*AMENDERS]))
    return coded(lines.amended_by, [*AMENDERS])


def _goods_columns(
    lines: Lines, world: World, slots: Slots, dictionaries: Dictionaries
) -> dict[str, pa.Array]:
    """Return the columns of the goods: what they are, where they come from, what they weigh."""
    slot, number = lines.slot, lines.declaration * 31 + lines.item
    heading = world.goods.heading[slots.sub]
    chapter = world.goods.chapter[heading]
    wording = heading * len(WORDING) + slots.wording
    blank = missing(number, salt=2, share=0.01)
    unit = np.array([["", "LTR", "NAR", "PR"].index(row[5]) for row in CHAPTERS])[chapter][slot] - 1
    mode = slots.mode[slot]
    port = np.where(mode == 1, -1, 2 * lines.dispatch + (mode == MODES.size - 1))
    return {
        "hs_code": coded(lines.sub, list(world.goods.code)),
        "origin_country": coded(lines.origin, list(COUNTRIES)),
        "dispatch_country": coded(lines.dispatch, list(COUNTRIES)),
        "preference_code": coded(lines.agreement, list(AGREEMENTS)),
        "net_mass_kg": pa.array(lines.net),
        "gross_mass_kg": numbers(lines.gross, empty=missing(number, salt=3, share=0.01)),
        "supplementary_quantity": numbers(lines.quantity, empty=unit < 0),
        "supplementary_unit": coded(unit, ["LTR", "NAR", "PR"]),
        "description": coded(
            np.where(blank, -1, dictionaries.description_of[wording[slot]]), dictionaries.descriptions
        ),
        "origin_proof_id": serials("P", lines.proof, digits=7),
        "loading_port": coded(port, list(world.ports)),
    }


def _money_columns(lines: Lines, world: World, slots: Slots) -> dict[str, pa.Array]:
    """Return the columns of value and tax, all derived from the declared values."""
    currency = slots.dispatch[lines.slot] % len(CURRENCIES)
    assessed = taxes(lines, world.goods)
    number = lines.declaration * 31 + lines.item
    return {
        "customs_value": pa.array(lines.value),
        "freight_amount": numbers(lines.freight, empty=missing(number, salt=4, share=0.02)),
        "duty_rate": pa.array(lines.rate),
        "duty_assessed": pa.array(np.ascontiguousarray(assessed[:, 0])),
        "vat_assessed": pa.array(np.ascontiguousarray(assessed[:, 1])),
        "excise_assessed": numbers(
            np.ascontiguousarray(assessed[:, 2]), empty=world.goods.excise[lines.sub] == 0
        ),
        "invoice_amount": pa.array(np.round(lines.goods * UNITS_OF_CURRENCY[currency], 2)),
        "invoice_currency": coded(currency, list(CURRENCIES)),
        "valuation_adjustment": numbers(lines.adjustment, empty=missing(number, salt=5, share=0.05)),
    }
