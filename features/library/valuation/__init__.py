"""Valuation: prices that lie under those of others, fall, split or are rounded, and lack additions."""
