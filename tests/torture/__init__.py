"""What takes long: tried a little in every run, at length with AUDIT_YIELD_TORTURE=1 (`make torture`)."""

import os

TORTURE = os.environ.get("AUDIT_YIELD_TORTURE") == "1"
