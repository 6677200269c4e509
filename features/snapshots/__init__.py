"""Snapshots: the features of every trader on one day, built, and cached on disk."""
