"""Recent values, by what they were worked out for; the one that is used least is given up."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

Value = TypeVar("Value")


class Recent:
    """At most `size` values; several threads may ask at once, and at worst work one out twice."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values = OrderedDict[Hashable, Any]()
        self._lock = Lock()

    def of(self, key: Hashable, work_out: Callable[[], Value]) -> Value:
        """Return the value of a key, worked out where it is not there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                known: Value = self._values[key]
                return known
        value = work_out()
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._size:
                self._values.popitem(last=False)
        return value
