"""Failed logins: counted for an alarm, and logged by the process with the address they came from."""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable

from serving.metrics import FAILED_LOGINS

SECONDS = 60.0
logger = logging.getLogger(__name__)


class FailedLogins:
    """Counts failed logins, and logs of each address the 1st, 10th, 100th, … within a minute.

    So whoever has no token cannot fill a disk. They are no part of the prediction log, which is kept for
    years: nobody without a token may make it grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minute = 0
        self._counts: Counter[str] = Counter()

    def note(self, address: str) -> None:
        """Count a login that failed."""
        FAILED_LOGINS.inc()
        minute = int(self._clock() // SECONDS)
        if minute != self._minute:
            self._minute, self._counts = minute, Counter()
        self._counts[address] += 1
        count = self._counts[address]
        if math.log10(count).is_integer():
            logger.warning(
                "A login from %s failed: its token opens nothing (%d within a minute).", address, count
            )
