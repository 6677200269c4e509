"""What is known of every trader on a day, as a model takes it."""

import logging
from datetime import date
from pathlib import Path

from features.kept import kept_snapshot
from features.snapshot import Snapshot
from features.warehouse import Dialect
from models.artefact import Bundle

logger = logging.getLogger(__name__)


def snapshot_for(
    bundle: Bundle, data: str, *, as_of: date, today: date, home: Path, dialect: Dialect | None = None
) -> Snapshot:
    """Return the day's snapshot of the features that a model takes: see `features.kept`.

    Warns where the model has learned what was found after the day.
    """
    if said := bundle.hindsight(as_of):
        logger.warning(said)
    return kept_snapshot(
        data, features=bundle.features(), as_of=as_of, today=today, home=home, dialect=dialect
    )
