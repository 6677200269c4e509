"""A missing optional table or column empties the features that name it among their inputs, and no other."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from features.data.contract import TABLES
from features.data.warehouse import Warehouse
from features.errors import DataError
from features.library import LIBRARY
from features.spine import Spine
from tests.features.building import build, warehouse
from tests.features.proofs.draw import CUTOFFS
from tests.features.proofs.histories import history
from tests.features.proofs.known import with_rows, without
from tests.features.proofs.values import by_key, differences, run, traders, values_of
from tests.features.tables import Row, Tables
from tests.torture import TORTURE

OPTIONAL_TABLES = [name for name, table in TABLES.items() if not table.required]
OPTIONAL_COLUMNS = [
    f"{table.name}.{column.name}"
    for table in TABLES.values()
    for column in table.columns
    if not column.required and not column.default
]
GROUPS = 8
"""In every run columns are emptied in so many groups; with AUDIT_YIELD_TORTURE=1 each alone."""

READ_WHERE_THERE = {
    "declarations.supplementary_quantity": "unit prices are per kilogram where no quantity is given",
    "declarations.supplementary_unit": "as the quantity",
    "declarations.preference_code": "all rates paid are then those without preference",
    "declarations.excise_assessed": "taxes are then duty and VAT",
    "declarations.cancelled_on": "every declaration then stands",
    "levies.amount": "taxes are then duty, VAT and excise",
    "levies.rate": "a levy then has the rate that its amount is of the value",
    "traders.sector": "traders are then compared with all others",
    "traders.size_band": "traders are then compared with all of their sector",
    "tariff.rate": "the rate that others pay then stands for the general one",
    "tariff.preference_code": "all rates are then those without preference",
    "tariff.valid_to": "a rate then holds until the next begins",
    "controls.item_number": "a control then speaks of the whole declaration",
    "controls.finding_type": "a control then found something where it gained revenue",
    "links.valid_to": "a tie then holds for ever",
    "findings.declaration_id": "goods then move after the faults that controls found",
    "findings.item_number": "a finding then speaks of the whole declaration",
    "findings.corrects": "every event then stands",
}
"""Columns that sharpen features that do without them."""


def emptied(tables: Tables, columns: list[str]) -> Tables:
    """What the build reads where columns are missing: columns without a value."""
    for each in columns:
        table, _, name = each.partition(".")
        tables = with_rows(tables, table, partial(_without, name=name))
    return tables


def _without(row: Row, *, name: str) -> Row:
    return row | {name: None}


def named_by(columns: list[str]) -> set[str]:
    """The features that name one of the columns, or are combined of some that do."""
    empty: set[str] = set()
    for feature in LIBRARY.features:
        parts = feature.parameters if feature.source is None else ()
        if set(feature.inputs) & set(columns) or empty & set(parts):
            empty.add(feature.name)
    return empty


STRICT = [column for column in OPTIONAL_COLUMNS if column not in READ_WHERE_THERE]
PARTS = [[column] for column in STRICT] if TORTURE else [STRICT[n::GROUPS] for n in range(GROUPS)]


@pytest.mark.parametrize("columns", PARTS, ids=lambda columns: columns[0])
def test_a_feature_reads_no_optional_column_that_it_does_not_name(columns: list[str]) -> None:
    changed = differences(values_of(11), run(emptied(history(11), columns)))
    assert set(changed) - named_by(columns) == set()


def test_without_all_that_is_optional_the_rest_is_unchanged() -> None:
    tables = without(emptied(history(11), list(READ_WHERE_THERE)), "hs_correlations")
    bare = tables
    for name in OPTIONAL_TABLES + [c for c in OPTIONAL_COLUMNS if c.split(".")[0] not in OPTIONAL_TABLES]:
        bare = without(bare, name)
    values = by_key(build(bare, Spine.every(traders(tables), CUTOFFS)))
    with warehouse(bare) as opened:
        empty = set(LIBRARY.missing(opened))
    assert all(row[name] is None for row in values.values() for name in empty)
    assert set(differences(values, run(tables))) <= empty
    assert empty < set(LIBRARY.names)


@pytest.fixture(scope="module")
def complete() -> Iterator[Warehouse]:
    with warehouse(history(11, lines=20)) as opened:
        yield opened


@pytest.mark.parametrize("column", [*OPTIONAL_TABLES, *OPTIONAL_COLUMNS])
def test_what_is_missing_is_what_the_features_name(column: str, complete: Warehouse) -> None:
    columns = [column] if "." in column else [f"{column}.{name}" for name in TABLES[column].names]
    assert set(LIBRARY.missing(lacking(complete, column))) == named_by(columns)


def lacking(complete: Warehouse, column: str) -> Warehouse:
    """A warehouse without a table, or without a column named as `table.column`."""
    table, _, name = column.partition(".")
    sources = dict(complete.sources)
    whole = sources.pop(table)
    if name:
        sources[table] = replace(whole, table=whole.table.drop(name))
    return replace(complete, sources=sources)


def test_a_required_table_stays_required(complete: Warehouse) -> None:
    for name in [name for name, table in TABLES.items() if table.required]:
        with pytest.raises(DataError, match=name):
            lacking(complete, name).table(name)
