"""Origin: preferences claimed, countries of origin and dispatch, and duty relief."""
