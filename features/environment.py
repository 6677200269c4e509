"""Environment variables that every command reads, each with its default and its meaning."""

import os
from collections.abc import Mapping
from typing import NamedTuple


class Variable(NamedTuple):
    """An environment variable: what it is where it is not set, and what it means, in one sentence."""

    name: str
    default: str
    meaning: str

    def read(self, environment: Mapping[str, str] = os.environ) -> str:
        """Return what it is set to, else its default."""
        return environment.get(self.name, "").strip() or self.default


HOME = Variable(
    "AUDIT_YIELD_HOME", "mlruns", "the folder where models, snapshots, plans and the prediction log are kept"
)
MEMORY = Variable(
    "AUDIT_YIELD_MEMORY",
    "3GB",
    "how much memory reading the data may take, such as `8GB`; Python and Arrow take 0.3 beside it",
)
STALE_DAYS = Variable(
    "AUDIT_YIELD_STALE_DAYS",
    "45",
    "days from the newest declaration line to the day asked, from which its age is told: a monthly export "
    "that is late by a fortnight",
)
STALE_LIMIT_DAYS = Variable(
    "AUDIT_YIELD_STALE_LIMIT_DAYS",
    "400",
    "days from which an estimate is refused unless you say `--stale`: a window of a year is empty",
)
CSV_SEPARATOR = Variable(
    "AUDIT_YIELD_CSV_SEPARATOR", "comma", "what stands between columns of CSV: `comma`, `semicolon` or `tab`"
)
CSV_DECIMAL = Variable(
    "AUDIT_YIELD_CSV_DECIMAL",
    "point",
    "the decimal sign of numbers in CSV: `point` or `comma`, which wants another separator",
)
CSV_BYTE_ORDER_MARK = Variable(
    "AUDIT_YIELD_CSV_BYTE_ORDER_MARK",
    "no",
    "whether CSV begins with a byte order mark, by which spreadsheets know UTF-8: `no` or `yes`",
)
VARIABLES = (HOME, MEMORY, STALE_DAYS, STALE_LIMIT_DAYS, CSV_SEPARATOR, CSV_DECIMAL, CSV_BYTE_ORDER_MARK)
