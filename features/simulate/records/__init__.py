"""Other records of the simulated administration: amendments, tax records, the debt ledger."""
