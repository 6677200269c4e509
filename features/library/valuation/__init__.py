"""Valuation: prices below those of others, falling, split or rounded ones, and missing additions."""
