"""Write the simulated administration to files: declarations, the other tables, the truth."""
