"""Model swapper: holds the model and snapshot that serve, and swaps in the next without failing a request."""

import asyncio
import logging
import time
from collections.abc import Callable

from features.data.dataset import Dataset
from features.errors import AuditYieldError, SettingError
from models.bundle.champion import Champion, read_champion
from models.treeshap import compiled
from serving.live.state import Live, load_live
from serving.metrics import REFUSED, SWAPS

RETRY_SECONDS = 60.0
"""Seconds until a refused champion is tried again: the disk may have been full, the bundle halfway."""
logger = logging.getLogger(__name__)
Target = tuple[Champion | None, Dataset]


class ModelSwapper:
    """Holds the live model and snapshot: a request takes `current` once, and answers from it alone.

    `dataset` is called at every refresh, so that a new day brings a new snapshot. A champion is verified and
    loaded off the event loop; what is refused is counted, and the one before serves on.
    """

    def __init__(self, dataset: Callable[[], Dataset]) -> None:
        self._dataset = dataset
        self._live: Live | None = None
        self._refused: tuple[Target | None, float] | None = None

    @property
    def current(self) -> Live:
        """The live model and snapshot; raises `SettingError` before they were loaded."""
        if self._live is None:
            raise SettingError(
                "The service has not loaded a model yet.",
                expected="a model and a snapshot.",
                advice="Wait until /readyz says so.",
            )
        return self._live

    def load(self) -> Live:
        """Load the champion and the day's snapshot and make them live; raises as `load_live` does."""
        if compiled.library() is None and self._live is None:
            logger.warning(compiled.SLOWER)
        live = load_live(self._dataset())
        _warm(live)
        self._swap(live)
        return live

    def refresh(self) -> bool:
        """Swap in another champion or another day where there is one; never raises.

        Returns whether it was swapped.
        """
        target: Target | None = None
        try:
            dataset = self._dataset()
            target = read_champion(dataset.home), dataset
            if target == self._serving() or self._is_refused(target):
                return False
            self.load()
        except Exception as error:  # a fault in what is new must never end what serves
            if target is not None or not self._is_refused(None):
                self._refuse(target, error)
            return False
        SWAPS.inc()
        return True

    async def watch(self, *, every: float) -> None:
        """Refresh for ever, once in `every` seconds, off the event loop."""
        while True:
            await asyncio.sleep(every)
            await asyncio.to_thread(self.refresh)

    def _serving(self) -> Target | None:
        return (self._live.champion, self._live.dataset) if self._live else None

    def _is_refused(self, target: Target | None) -> bool:
        return (
            self._refused is not None and self._refused[0] == target and time.monotonic() < self._refused[1]
        )

    def _refuse(self, target: Target | None, error: Exception) -> None:
        self._refused = target, time.monotonic() + RETRY_SECONDS
        REFUSED.inc()
        version = target[0].version if target and target[0] else "unknown"
        serving = self._live.version if self._live else "nothing"
        logger.error("Champion %s was refused, %s serves on. %s", version, serving, _describe(error))

    def _swap(self, live: Live) -> None:
        self._live = live
        logger.info("Model %s serves, with what was known before %s.", live.version, live.dataset.cutoff)


def _warm(live: Live) -> None:
    """Compute what is cached on the live state before the first request needs it."""
    _ = live.row_index, live.rounded, live.explanations, live.turning_points, live.ranks, live.snapshot_digest


def _describe(error: Exception) -> str:
    """Return the message of an error that a person can mend, with its type where it takes a developer."""
    return str(error) if isinstance(error, AuditYieldError) else f"{type(error).__name__}: {error}"
