"""What becomes known on a cutoff or later changes nothing that was asked as of it, and planted leaks show.

Hypothesis draws what becomes known, and shrinks it: the same examples in every run, but for
AUDIT_YIELD_TORTURE=1, which tries many others.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from features.build import FeatureSet
from features.library import LIBRARY
from features.prepare import ROWS
from features.proofs.draw import CUTOFFS
from features.proofs.histories import history
from features.proofs.known import past
from features.proofs.values import Values, differences, traders
from features.spine import Spine
from tests.features.proofs.futures import Future, edited, futures
from tests.features.proofs.leaks import KINDS, LEAKS, LEAKY
from tests.features.proofs.seeds import TIMES
from tests.features.proofs.values import run
from tests.features.tables import Tables
from tests.torture import TORTURE

EXAMPLES = 5
SETTINGS = settings(
    max_examples=EXAMPLES * TIMES if TORTURE else EXAMPLES,
    deadline=None,  # an example takes more than a second
    derandomize=not TORTURE,
    database=None,
    suppress_health_check=list(HealthCheck),
)
before = cache(history)


@dataclass(frozen=True)
class Turn:
    """A history, and what else may become known in it from a cutoff on: instead of what did, or besides."""

    seed: int
    cutoff: date
    instead: bool
    future: Future

    def taken(self) -> Tables:
        base = before(self.seed)
        return edited(past(base, self.cutoff) if self.instead else base, self.future, self.cutoff)


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    seed, cutoff = draw(st.integers(0, 2)), draw(st.sampled_from(CUTOFFS))
    return Turn(seed, cutoff, draw(st.booleans()), draw(futures(before(seed), cutoff)))


@given(turns())
@SETTINGS
def test_another_future_changes_nothing(turn: Turn) -> None:
    assert changed(LIBRARY, turn) == {}


def changed(features: FeatureSet, turn: Turn) -> dict[str, str]:
    """Return those of the features that a turn changes as of its cutoff, or of one before."""
    after = run(turn.taken(), spine(turn.seed), features=features)
    until_cutoff = {key: row for key, row in after.items() if key[1] <= turn.cutoff}
    return differences(values_before(features is LEAKY, turn.seed), until_cutoff)


@cache
def values_before(leaks: bool, seed: int) -> Values:
    return run(before(seed), spine(seed), features=LEAKY if leaks else LIBRARY)


@cache
def spine(seed: int) -> Spine:
    return Spine.every(traders(before(seed)), CUTOFFS)


@pytest.mark.parametrize("leak", LEAKS)
def test_each_planted_leak_is_found(leak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kind in KINDS.items():
        monkeypatch.setitem(ROWS, name, kind)
    unshrunk = settings(SETTINGS, phases=[Phase.generate], max_examples=10 * SETTINGS.max_examples)
    assert find(turns(), lambda turn: leak in changed(LEAKY, turn), settings=unshrunk)
