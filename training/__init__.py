"""Experiments, backtests, tracking and promotion."""
