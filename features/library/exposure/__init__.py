"""Exposure: how much a trader imports, pays and has at stake, and how steadily."""
