"""Plausibility: what is told of tables that keep the contract and look wrong all the same.

All are notes but one: countries that no list knows refuse the data where they are many.
"""

from collections.abc import Iterator

from features.data.check.plausibility.amounts import (
    beyond_any_other,
    duty_beside_rate,
    nines,
    rate_above_one,
    small_amounts,
    without_mass,
)
from features.data.check.plausibility.columns import one_value, unknown_countries
from features.data.check.plausibility.days import known_at_once
from features.data.check.plausibility.identifiers import implausible_values
from features.data.check.plausibility.note import NoteFunction, Tables
from features.data.contract.violation import Violation
from features.data.mapping.dialect import Dialect
from features.data.warehouse.engine import refuse_exhausted_resources
from features.data.warehouse.engines import engine_errors

NOTES: tuple[NoteFunction, ...] = (
    known_at_once,
    duty_beside_rate,
    rate_above_one,
    without_mass,
    small_amounts,
    nines,
    beyond_any_other,
    implausible_values,
    unknown_countries,
    one_value,
)
"""In the order in which they are told."""


def implausible(tables: Tables, dialect: Dialect) -> Iterator[Violation]:
    """Yield a note for everything implausible in checked tables, but those that the dialect expects.

    Where wrong values, which are reported, keep one kind of note from being worked out, the others are told.
    """
    for notes in NOTES:
        try:
            for each in notes(tables, dialect):
                if f"{each.location}.{each.rule}" not in dialect.expected_notes:
                    yield each
        except engine_errors() as error:
            refuse_exhausted_resources(error)
