"""Which model and snapshot serve now, and how the next ones come to serve without failing a request."""

import asyncio
import logging
import time
from collections.abc import Callable

from features.data.dataset import Dataset
from features.errors import AuditYieldError, SettingError
from models.bundle.champion import Champion, read_champion
from serving.live.state import Live, load_live
from serving.metrics import REFUSED, SWAPS

AGAIN = 60.0
"""Seconds until a refused champion is tried again: the disk may have been full, the bundle halfway."""
told = logging.getLogger(__name__)
Wanted = tuple[Champion | None, Dataset]


class Holder:
    """Holds what is live: a request takes `current` once, and answers from it alone.

    `dataset` is called at every look, so that a new day brings a new snapshot. A champion is proved and
    loaded off the event loop; what is refused is counted, and the one before serves on.
    """

    def __init__(self, dataset: Callable[[], Dataset]) -> None:
        self._dataset = dataset
        self._live: Live | None = None
        self._refused: tuple[Wanted | None, float] | None = None

    @property
    def current(self) -> Live:
        """What is live; raises `SettingError` before anything was loaded."""
        if self._live is None:
            raise SettingError(
                "The service has not loaded a model yet.",
                expected="a model and a snapshot.",
                advice="Wait until /readyz says so.",
            )
        return self._live

    def load(self) -> Live:
        """Load the champion and the day's snapshot and make them live; raises as `load_live` does."""
        live = load_live(self._dataset())
        _warm(live)
        self._swap(live)
        return live

    def look(self) -> bool:
        """Look whether another champion or another day is wanted, and swap it in; never raises.

        Returns whether it was swapped.
        """
        wanted: Wanted | None = None
        try:
            dataset = self._dataset()
            wanted = read_champion(dataset.home), dataset
            if wanted == self._serving() or self._is_refused(wanted):
                return False
            self.load()
        except Exception as error:  # a fault in what is new must never end what serves
            if wanted is not None or not self._is_refused(None):
                self._refuse(wanted, error)
            return False
        SWAPS.inc()
        return True

    async def watch(self, *, every: float) -> None:
        """Look again and again, `every` so many seconds, off the event loop."""
        while True:
            await asyncio.sleep(every)
            await asyncio.to_thread(self.look)

    def _serving(self) -> Wanted | None:
        return (self._live.champion, self._live.dataset) if self._live else None

    def _is_refused(self, wanted: Wanted | None) -> bool:
        return (
            self._refused is not None and self._refused[0] == wanted and time.monotonic() < self._refused[1]
        )

    def _refuse(self, wanted: Wanted | None, error: Exception) -> None:
        self._refused = wanted, time.monotonic() + AGAIN
        REFUSED.inc()
        named = wanted[0].version if wanted and wanted[0] else "unknown"
        serving = self._live.version if self._live else "nothing"
        told.error("Champion %s was refused, %s serves on. %s", named, serving, _said(error))

    def _swap(self, live: Live) -> None:
        self._live = live
        told.info("Model %s serves, with what was known before %s.", live.version, live.dataset.cutoff)


def _warm(live: Live) -> None:
    """Work out what is worked out once before the first request needs it."""
    _ = live.places, live.told, live.why, live.ranks, live.snapshot_digest


def _said(error: Exception) -> str:
    """Return a person's words for an error that a person can mend, else its kind, for whoever mends code."""
    return str(error) if isinstance(error, AuditYieldError) else f"{type(error).__name__}: {error}"
