"""All features of many histories."""

from functools import cache

from features.build import FeatureSet
from features.library import LIBRARY
from features.proofs.histories import history
from features.proofs.tables import Tables
from features.proofs.values import Values, built_values
from features.spine import Spine


def run(
    tables: Tables, spine: Spine | None = None, *, features: FeatureSet = LIBRARY, threads: int = 1
) -> Values:
    """Return features of a history, of every trader as of `CUTOFFS` unless a spine is given."""
    return built_values(features, tables, spine, threads=threads)


@cache
def values_of(seed: int) -> Values:
    """Return those of the history of a seed, worked out once for all proofs."""
    return run(history(seed))
