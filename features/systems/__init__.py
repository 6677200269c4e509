"""One module per source system: its export becomes tables of the contract."""
