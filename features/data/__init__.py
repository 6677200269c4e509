"""An administration's data: the contract, the readers of tables, the checks, the source systems."""
