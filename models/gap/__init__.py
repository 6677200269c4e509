"""Compliance gap: what audits of all traders would book, from audits drawn by lot, and how sure that is."""
