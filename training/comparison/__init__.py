"""Comparison of two versions of the model, and its text."""
