"""Snapshots of a day with the features that a model takes."""

import logging

from features.data.dataset import Dataset
from features.snapshots.cache import cached_snapshot
from features.snapshots.snapshot import Snapshot
from features.snapshots.staleness import staleness_warnings
from models.bundle.artefact import Bundle

logger = logging.getLogger(__name__)


def snapshot_for(bundle: Bundle, dataset: Dataset) -> Snapshot:
    """Return the snapshot of the features that a model takes: see `features.snapshots.cache`.

    Logs a warning where the model has learned outcomes known only after the cutoff, where it was trained
    among other traders, and where the newest line is old.
    """
    if warning := bundle.hindsight(dataset.cutoff):
        logger.warning(warning)
    snapshot = cached_snapshot(dataset, bundle.features())
    if warning := bundle.strangers(snapshot.row_indices):
        logger.warning(warning)
    for each in staleness_warnings(snapshot.newest_on, cutoff=dataset.cutoff, today=dataset.today):
        logger.warning(each)
    return snapshot
