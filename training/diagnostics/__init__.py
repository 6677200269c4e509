"""Diagnostics of a training: importance, reliability, effects of circumstances, learning curve."""
