"""Clocks: the time is passed in from the front door, so that every result can be computed again."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Returns the present moment, in UTC and with its zone."""
