"""A missing optional table or column empties the features that name it among their inputs, and no other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from features.data.contract import TABLES
from features.data.warehouse import Warehouse
from features.errors import DataError
from features.library import LIBRARY
from features.proofs.changed import emptied, without
from features.proofs.draw import CUTOFFS
from features.proofs.histories import history
from features.proofs.inputs import OPTIONAL_COLUMNS, OPTIONAL_TABLES, READ_WHERE_THERE, TO_NAME, named_by
from features.proofs.tables import warehouse_of
from features.proofs.values import by_key, differences, traders
from features.spine import Spine
from tests.features.building import build
from tests.features.proofs.values import run, values_of
from tests.torture import TORTURE

GROUPS = 8
"""In every run columns are emptied in so many groups; with AUDIT_YIELD_TORTURE=1 each alone."""

PARTS = [[column] for column in TO_NAME] if TORTURE else [TO_NAME[n::GROUPS] for n in range(GROUPS)]


@pytest.mark.parametrize("columns", PARTS, ids=lambda columns: columns[0])
def test_a_feature_reads_no_optional_column_that_it_does_not_name(columns: Sequence[str]) -> None:
    changed = differences(values_of(11), run(emptied(history(11), columns)))
    assert set(changed) - named_by(LIBRARY, columns) == set()


def test_without_all_that_is_optional_the_rest_is_unchanged() -> None:
    tables = without(emptied(history(11), READ_WHERE_THERE), "hs_correlations")
    bare = tables
    for name in (*OPTIONAL_TABLES, *(c for c in OPTIONAL_COLUMNS if c.split(".")[0] not in OPTIONAL_TABLES)):
        bare = without(bare, name)
    values = by_key(build(bare, Spine.every(traders(tables), CUTOFFS)))
    with warehouse_of(bare) as opened:
        empty = set(LIBRARY.missing(opened))
    assert all(row[name] is None for row in values.values() for name in empty)
    assert set(differences(values, run(tables))) <= empty
    assert empty < set(LIBRARY.names)


@pytest.fixture(scope="module")
def complete() -> Iterator[Warehouse]:
    with warehouse_of(history(11, lines=20)) as opened:
        yield opened


@pytest.mark.parametrize("column", [*OPTIONAL_TABLES, *OPTIONAL_COLUMNS])
def test_what_is_missing_is_what_the_features_name(column: str, complete: Warehouse) -> None:
    columns = [column] if "." in column else [f"{column}.{name}" for name in TABLES[column].names]
    assert set(LIBRARY.missing(lacking(complete, column))) == named_by(LIBRARY, columns)


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
