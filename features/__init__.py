"""Data, features and snapshots of traders: from tables to facts, and when they were known."""
