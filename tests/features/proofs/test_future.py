"""What becomes known on a cutoff or later changes nothing that was asked as of it, and planted leaks show."""

import pytest

from features.prepare import ROWS
from features.spine import Spine
from tests.features.proofs.building import Script, Values, differences, script, traders
from tests.features.proofs.histories import CUTOFFS, history, other_future, past
from tests.features.proofs.leaks import KINDS, LEAKS, LEAKY
from tests.features.proofs.torture import seeds
from tests.features.tables import Tables


def built(tables: Tables, asked: Tables) -> Values:
    return script(CUTOFFS).run(tables, Spine.every(traders(asked), CUTOFFS))


@pytest.mark.parametrize("seed", seeds(2))
def test_another_future_changes_nothing(seed: int):
    tables = history(seed)
    before = built(tables, tables)
    for cutoff in CUTOFFS[seed % 2 + 1 :: 2]:
        after = built(other_future(tables, cutoff, seed), tables)
        assert differences(_until(before, cutoff), after) == {}


@pytest.mark.parametrize("seed", seeds(2))
def test_appended_rows_leave_past_features_identical(seed: int):
    tables = history(seed + 1000)
    cutoff = CUTOFFS[seed % 3]
    before = built(past(tables, cutoff), tables)
    assert differences(_until(before, cutoff), built(tables, tables)) == {}


def _until(values: Values, cutoff: object) -> Values:
    return {key: row for key, row in values.items() if key[1] <= cutoff}  # type: ignore[operator]


def test_each_planted_leak_is_found(monkeypatch: pytest.MonkeyPatch):
    for name, kind in KINDS.items():
        monkeypatch.setitem(ROWS, name, kind)
    tables, cutoff = history(7), CUTOFFS[1]
    spine = Spine.every(traders(tables), CUTOFFS)
    leaky = Script.of(tables, spine, features=LEAKY)
    before, after = leaky.run(tables, spine), leaky.run(other_future(tables, cutoff, 7), spine)
    assert set(differences(_until(before, cutoff), after)) == set(LEAKS)
