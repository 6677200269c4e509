"""How many examples a proof tries: few in every run, many with AUDIT_YIELD_TORTURE=1."""

from tests.torture import TORTURE

TIMES = 50


def seeds(few: int) -> range:
    """Return the seeds of a proof's histories."""
    return range(few * TIMES if TORTURE else few)
