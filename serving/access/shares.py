"""Shares: how much of the service one caller, and all of them together, may hold at once."""

import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from enum import Enum

from serving.access.tokens import LOCAL, Caller
from serving.metrics import IN_THE_MAKING
from serving.problems import busy
from serving.settings import Settings

BODIES_AT_ONCE = 16
"""Times the answers in the making: bodies that may be arriving; they take no place of those."""


class Resource(Enum):
    """What a request holds for a while."""

    BODY = "a body that is arriving"
    ANSWER = "an answer in the making"
    BYTE = "a byte of a body, or of an answer that was not read yet"

    __hash__ = object.__hash__  # each is one object; an enum's own hash is Python, fifty times a request


class Shares:
    """What every caller holds, and how much of it that may be.

    Whoever holds a whole share is refused more of it, nobody else is. Where there are no tokens, the machine
    itself is the only caller, and its share is everything. Bytes have no limit over all callers: what they
    take is at most a share a token, and somebody makes those.
    """

    def __init__(self, settings: Settings) -> None:
        self._in_all = {
            Resource.BODY: BODIES_AT_ONCE * settings.concurrency,
            Resource.ANSWER: settings.concurrency,
            Resource.BYTE: math.inf,
        }
        self._of_token = {
            Resource.BODY: BODIES_AT_ONCE * settings.token_concurrency,
            Resource.ANSWER: settings.token_concurrency,
            Resource.BYTE: settings.token_bytes,
        }
        self.held: Counter[tuple[Resource, str]] = Counter()
        self.total: Counter[Resource] = Counter()
        IN_THE_MAKING.set_function(lambda: self.total[Resource.ANSWER])

    def require(self, resource: Resource, caller: Caller) -> None:
        """Raise `ProblemError` where a caller, or all of them, hold as much as they may."""
        most = self._in_all if caller is LOCAL else self._of_token
        if (
            self.total[resource] >= self._in_all[resource]
            or self.held[resource, caller.name] >= most[resource]
        ):
            raise busy()

    @contextlib.contextmanager
    def hold(self, resource: Resource, caller: Caller, amount: int = 1) -> Iterator[None]:
        """Hold some of a resource for a caller."""
        key = resource, caller.name
        self.held[key] += amount
        self.total[resource] += amount
        try:
            yield
        finally:
            self.held[key] -= amount
            self.total[resource] -= amount
            if not self.held[key]:
                del self.held[key]
