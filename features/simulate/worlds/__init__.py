"""Worlds: the parameters of a simulation, the standard ones, named ones, and such as are drawn at random."""
