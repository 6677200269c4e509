"""Link functions: smooth and increasing maps from margins to money, fitted on held-out rows.

They are smooth because an explanation in money needs their slopes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from models.fitting.glm import sigmoid
from models.prediction import Floats


class Link(Protocol):
    """Makes money of the margins (n, k) of a model."""

    kind: ClassVar[str]
    straight: ClassVar[bool]
    """Whether money is a straight line of the margins."""

    def money(self, margins: Floats) -> Floats:
        """Return the expected money (n,)."""

    def probability(self, margins: Floats) -> Floats:
        """Return the probability of an adjustment (n,)."""

    def slopes(self, margins: Floats) -> Floats:
        """Return how money changes with each margin (n, k)."""


@dataclass(frozen=True)
class HurdleLink:
    """Money is the probability of an adjustment times its amount.

    From an occurrence margin F and an amount margin G: sigmoid(a F + b) x exp(d G + c). The first is Platt's
    calibration, the second a gamma regression on the log of the amount.
    """

    kind: ClassVar[str] = "hurdle"
    straight: ClassVar[bool] = False
    a: float
    b: float
    c: float
    d: float

    def probability(self, margins: Floats) -> Floats:
        """Return the calibrated probability."""
        return sigmoid(self.a * margins[:, 0] + self.b)

    def money(self, margins: Floats) -> Floats:
        """Return probability times amount."""
        return self.probability(margins) * np.exp(self.d * margins[:, 1] + self.c)

    def slopes(self, margins: Floats) -> Floats:
        """Return the slopes along F and G."""
        money, chance = self.money(margins), self.probability(margins)
        return np.column_stack([self.a * (1 - chance) * money, self.d * money])


def chance_of_any(money: Floats, *, rate: float, variance: float) -> Floats:
    """Return the probability that a compound Poisson sum is above 0, given its mean (n,) (Jorgensen 1997).

    `rate` sets its scale.
    """
    return np.asarray(-np.expm1(-rate * money ** (2 - variance)), np.float64)


@dataclass(frozen=True)
class LogLink:
    """Money is exp(d G + c), the mean of a compound Poisson sum with Var ~ money ** variance."""

    kind: ClassVar[str] = "log"
    straight: ClassVar[bool] = False
    c: float
    d: float
    rate: float
    variance: float

    def money(self, margins: Floats) -> Floats:
        """Return the exponential of the calibrated margin."""
        return np.exp(self.d * margins[:, 0] + self.c)

    def probability(self, margins: Floats) -> Floats:
        """Return the probability that the sum is above 0."""
        return chance_of_any(self.money(margins), rate=self.rate, variance=self.variance)

    def slopes(self, margins: Floats) -> Floats:
        """Return the slope along the margin."""
        return self.d * self.money(margins)[:, None]


@dataclass(frozen=True)
class MoneyLink:
    """The margin is money up to a factor; the probability rises with its inverse hyperbolic sine."""

    kind: ClassVar[str] = "money"
    straight: ClassVar[bool] = True
    factor: float
    a: float
    b: float
    unit: float

    def money(self, margins: Floats) -> Floats:
        """Return the margin times the factor."""
        return self.factor * margins[:, 0]

    def probability(self, margins: Floats) -> Floats:
        """Return the calibrated probability."""
        return sigmoid(self.a * np.arcsinh(margins[:, 0] / self.unit) + self.b)

    def slopes(self, margins: Floats) -> Floats:
        """Return the factor."""
        return np.full_like(margins, self.factor)


LINKS: Mapping[str, type[HurdleLink] | type[LogLink] | type[MoneyLink]] = {
    link.kind: link for link in (HurdleLink, LogLink, MoneyLink)
}


def link_values(link: Link) -> dict[str, Any]:
    """Return a link as data."""
    return {"kind": link.kind, **asdict(link)}  # type: ignore[call-overload]


def read_link(values: Mapping[str, Any]) -> Link:
    """Return the link of such data."""
    return LINKS[values["kind"]](**{name: value for name, value in values.items() if name != "kind"})
