"""What is known of every trader on a day, as a model takes it."""

import logging

from features.data.dataset import Dataset
from features.snapshots.cache import cached_snapshot
from features.snapshots.snapshot import Snapshot
from models.bundle.artefact import Bundle

logger = logging.getLogger(__name__)


def snapshot_for(bundle: Bundle, dataset: Dataset) -> Snapshot:
    """Return the snapshot of the features that a model takes: see `features.snapshots.cache`.

    Warns where the model has learned what was found after the cutoff.
    """
    if said := bundle.hindsight(dataset.cutoff):
        logger.warning(said)
    return cached_snapshot(dataset, bundle.features())
