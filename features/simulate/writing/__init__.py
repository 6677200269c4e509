"""Writes the simulated administration: contract tables, declarations, truth, as files."""
