"""Audits of the simulated administration: selection, cases, controls, findings, truth."""
