"""Runs and versions in MLflow: the store, runs, model cards, plots, the registry, cleanup."""
