"""The model and snapshot that answer now, what is computed from them, and how they are swapped."""
