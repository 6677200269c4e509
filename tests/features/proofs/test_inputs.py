"""What no feature may know: who looked, what people are called, and what only the end of an audit tells."""

import pytest

from features.library import LIBRARY
from features.proofs.changed import permuted
from features.proofs.histories import history
from features.proofs.inputs import NEVER_INPUTS
from features.proofs.values import differences
from tests.features.proofs.values import run, values_of
from tests.torture import TORTURE

pytestmark = pytest.mark.long


def test_no_feature_names_them() -> None:
    named = {column for feature in LIBRARY.features for column in feature.inputs}
    assert named.isdisjoint(NEVER_INPUTS)


@pytest.mark.parametrize("columns", [[each] for each in NEVER_INPUTS] if TORTURE else [list(NEVER_INPUTS)])
def test_permuting_them_changes_nothing(columns: list[str]) -> None:
    changed = history(4)
    for column in columns:
        changed = permuted(changed, column, seed=4)
    assert differences(values_of(4), run(changed)) == {}
