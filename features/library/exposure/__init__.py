"""Exposure: the amounts that a trader imports and pays, and their course over time."""
