"""Models tried in time order: labelled audits, folds, out-of-fold predictions, metrics."""
