"""Link functions: smooth and increasing maps from margins to money, fitted on held-out rows.

They are smooth because an explanation in money needs their slopes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from models.fitting.glm import sigmoid
from models.prediction import ExpectedOutcome, Floats

SMALLEST = 1e-9
"""Probabilities below, and shares of the usual money below, are taken for it."""


class Link(Protocol):
    """Makes money of the margins (n, k) of a model."""

    kind: ClassVar[str]
    straight: ClassVar[bool]
    """Whether money is a straight line of the margins."""

    def money(self, margins: Floats) -> Floats:
        """Return the expected money (n,)."""

    def expectation(self, margins: Floats) -> ExpectedOutcome:
        """Return the expected money with its parts."""

    def slopes(self, margins: Floats) -> Floats:
        """Return how money changes with each margin (n, k)."""


@dataclass(frozen=True)
class Hurdle:
    """Money as the chance that it comes times its amount: sigmoid(a F + b) x exp(d G + c).

    F and G are margins; the first calibration is Platt's, the second a gamma regression.
    """

    a: float
    b: float
    c: float
    d: float

    def chance(self, margins: Floats) -> Floats:
        """Return the calibrated chance (n,) of margins (n, 2)."""
        return sigmoid(self.a * margins[:, 0] + self.b)

    def amount(self, margins: Floats) -> Floats:
        """Return the amount (n,) if it comes."""
        return np.exp(self.d * margins[:, 1] + self.c)

    def money(self, margins: Floats) -> Floats:
        """Return chance times amount (n,)."""
        return self.chance(margins) * self.amount(margins)

    def slopes(self, margins: Floats) -> Floats:
        """Return how the money changes with each margin (n, 2)."""
        money, chance = self.money(margins), self.chance(margins)
        return np.column_stack([self.a * (1 - chance) * money, self.d * money])


@dataclass(frozen=True)
class HurdleLink:
    """Money is what is due, a hurdle of the first two margins, less what is refunded, one of the others."""

    kind: ClassVar[str] = "hurdle"
    straight: ClassVar[bool] = False
    due: Hurdle
    refunded: Hurdle | None

    def money(self, margins: Floats) -> Floats:
        """Return the expected money, below zero where refunds outweigh."""
        money = self.due.money(margins[:, :2])
        return money - self.refunded.money(margins[:, 2:]) if self.refunded else money

    def expectation(self, margins: Floats) -> ExpectedOutcome:
        """Return the expected money with its parts."""
        due, refunded = margins[:, :2], margins[:, 2:]
        none = np.zeros(len(margins))
        return expectation_of(
            self.due.chance(due),
            self.due.amount(due),
            self.refunded.chance(refunded) if self.refunded else none,
            self.refunded.amount(refunded) if self.refunded else none,
        )

    def slopes(self, margins: Floats) -> Floats:
        """Return the slopes along each margin."""
        slopes = self.due.slopes(margins[:, :2])
        if self.refunded is None:
            return slopes
        return np.hstack([slopes, -self.refunded.slopes(margins[:, 2:])])


def expectation_of(
    chance_due: Floats, amount_due: Floats, chance_refunded: Floats, amount_refunded: Floats
) -> ExpectedOutcome:
    """Return the expectation of additional revenue and refunds, which come independently, each (n,)."""
    due, refunded = chance_due * amount_due, chance_refunded * amount_refunded
    probability = 1 - (1 - chance_due) * (1 - chance_refunded)
    return ExpectedOutcome(
        money=due - refunded,
        probability=probability,
        amount=np.where(
            probability > SMALLEST, (due + refunded) / np.maximum(probability, SMALLEST), amount_due
        ),
        upward=chance_due / np.maximum(chance_due + chance_refunded, SMALLEST),
    )


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
    upward: float

    def money(self, margins: Floats) -> Floats:
        """Return the exponential of the calibrated margin."""
        return np.exp(self.d * margins[:, 0] + self.c)

    def expectation(self, margins: Floats) -> ExpectedOutcome:
        """Return the money with the probability that the sum is above 0."""
        money = self.money(margins)
        chance = chance_of_any(money, rate=self.rate, variance=self.variance)
        return _alike(money, chance, upward=self.upward)

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
    upward: float

    def money(self, margins: Floats) -> Floats:
        """Return the margin times the factor."""
        return self.factor * margins[:, 0]

    def expectation(self, margins: Floats) -> ExpectedOutcome:
        """Return the money with the calibrated probability."""
        chance = sigmoid(self.a * np.arcsinh(margins[:, 0] / self.unit) + self.b)
        least = SMALLEST * self.factor * self.unit
        return _alike(self.money(margins), chance, upward=self.upward, least=least)

    def slopes(self, margins: Floats) -> Floats:
        """Return the factor."""
        return np.full_like(margins, self.factor)


def _alike(money: Floats, probability: Floats, *, upward: float, least: float = 0.0) -> ExpectedOutcome:
    """Return an expectation where adjustments of all traders are upward with the same chance.

    `least` is the smallest size of one, where money may be 0.
    """
    return ExpectedOutcome(
        money=money,
        probability=probability,
        amount=np.maximum(np.abs(money) / np.maximum(probability, SMALLEST), least),
        upward=np.full(len(money), upward),
    )


def link_values(link: Link) -> dict[str, Any]:
    """Return a link as data."""
    return {"kind": link.kind, **asdict(link)}  # type: ignore[call-overload]


def read_link(values: Mapping[str, Any]) -> Link:
    """Return the link of such data."""
    fields = {name: value for name, value in values.items() if name != "kind"}
    if values["kind"] == HurdleLink.kind:
        return HurdleLink(Hurdle(**fields["due"]), fields["refunded"] and Hurdle(**fields["refunded"]))
    return {link.kind: link for link in (LogLink, MoneyLink)}[values["kind"]](**fields)
