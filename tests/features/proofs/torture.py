"""How many examples a proof tries: few in every run, many with AUDIT_YIELD_TORTURE=1."""

import os

TORTURE = os.environ.get("AUDIT_YIELD_TORTURE") == "1"
TIMES = 50


def seeds(few: int) -> range:
    """Return the seeds of a proof's histories."""
    return range(few * TIMES if TORTURE else few)
