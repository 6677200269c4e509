"""Clocks: the time is handed in from the front door, so that whatever is worked out can be repeated."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Returns the present moment, in UTC and with its zone."""
