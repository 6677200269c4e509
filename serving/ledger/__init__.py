"""Audit outcomes from requests, recorded in the administration's tables."""
