"""Tax: tax returns compared with declarations to customs, and conduct towards the tax administration."""
