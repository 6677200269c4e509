"""Evasion by simulated traders: intent, schemes, honest mistakes, linked traders."""
