"""What no feature may know: who looked, what people are called, and what only the end of an audit tells."""

import pytest

from features.library import LIBRARY
from tests.features.proofs.draw import Draw
from tests.features.proofs.histories import history
from tests.features.proofs.known import with_rows
from tests.features.proofs.values import differences, run, values_of
from tests.features.tables import Tables
from tests.torture import TORTURE

pytestmark = pytest.mark.long

NEVER_INPUTS = {
    "audits.team_id": "it corrects for the skill of auditors and says nothing of the trader",
    "traders.name": "a name is shown, never judged",
    "audits.inclusion_probability": "how an audit was drawn is no trait of the trader",
    "audits.selection_run_id": "as its probability",
    "audits.hours_spent": "known only once the audit has ended",
}


def test_no_feature_names_them() -> None:
    named = {column for feature in LIBRARY.features for column in feature.inputs}
    assert named.isdisjoint(NEVER_INPUTS)


@pytest.mark.parametrize("columns", [[each] for each in NEVER_INPUTS] if TORTURE else [list(NEVER_INPUTS)])
def test_permuting_them_changes_nothing(columns: list[str]) -> None:
    changed = history(4)
    for column in columns:
        changed = permuted(changed, column)
    assert differences(values_of(4), run(changed)) == {}


def permuted(tables: Tables, column: str) -> Tables:
    draw = Draw(4)
    table, _, name = column.partition(".")
    others = draw.sample([row[name] for row in tables[table]], len(tables[table]))
    return with_rows(tables, table, lambda row: row | {name: others.pop()})
