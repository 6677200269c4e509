"""Audit plan: who is treated how in a period, within hours and caps, and by lot where it must be."""
