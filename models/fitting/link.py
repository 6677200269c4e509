"""Link functions: smooth and increasing maps from margins to money, fitted on held-out rows.

They are smooth because an explanation in money needs their slopes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from models.fitting.glm import sigmoid
from models.prediction import Expectation, Floats

SMALLEST = 1e-9


class Link(Protocol):
    """Makes money of the margins (n, k) of a model."""

    kind: ClassVar[str]
    straight: ClassVar[bool]
    """Whether money is a straight line of the margins."""

    def money(self, margins: Floats) -> Floats:
        """Return the expected money (n,)."""

    def expectation(self, margins: Floats) -> Expectation:
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

    def log_money(self, margins: Floats) -> Floats:
        """Return the logarithm of chance times amount (n,)."""
        odds = self.a * margins[:, 0] + self.b
        return self.d * margins[:, 1] + self.c - np.logaddexp(0.0, -odds)

    def slopes(self, margins: Floats) -> Floats:
        """Return how the logarithm of the money changes with each margin (n, 2)."""
        return np.column_stack([self.a * (1 - self.chance(margins)), np.full(len(margins), self.d)])


@dataclass(frozen=True)
class HurdlesLink:
    """Money is what is additionally due, by hurdles that see it in two ways, less what is refunded.

    Additional revenue is the geometric mean of one hurdle for all of it and of the sum of hurdles by finding
    type, where there are any. Margins come in pairs: of the one hurdle, of each by type, of refunds.
    """

    kind: ClassVar[str] = "hurdles"
    straight: ClassVar[bool] = False
    whole: Hurdle
    by_type: tuple[Hurdle, ...]
    refunds: Hurdle | None

    def money(self, margins: Floats) -> Floats:
        """Return the expected money, below zero where refunds outweigh."""
        return np.exp(self._log_due(margins)) - self._refunded(margins)

    def expectation(self, margins: Floats) -> Expectation:
        """Return the expected money with its parts."""
        due, refunded = np.exp(self._log_due(margins)), self._refunded(margins)
        chance_due = self.whole.chance(margins[:, :2])
        chance_refunded = self.refunds.chance(margins[:, -2:]) if self.refunds else np.zeros(len(margins))
        logs = self._logs_by_type(margins) if self.by_type else None
        return expectation_of(due, refunded, chance_due, chance_refunded, logs_by_type=logs)

    def slopes(self, margins: Floats) -> Floats:
        """Return the slopes along each margin."""
        due = np.exp(self._log_due(margins))[:, None]
        share = 0.5 if self.by_type else 1.0
        slopes = [share * due * self.whole.slopes(margins[:, :2])]
        if self.by_type:
            logs = self._logs_by_type(margins)
            parts = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
            for k, hurdle in enumerate(self.by_type):
                slopes.append(0.5 * due * parts[:, [k]] * hurdle.slopes(_pair(margins, k + 1)))
        if self.refunds:
            slopes.append(-self._refunded(margins)[:, None] * self.refunds.slopes(margins[:, -2:]))
        return np.hstack(slopes)

    def _log_due(self, margins: Floats) -> Floats:
        logs = self.whole.log_money(margins[:, :2])
        if not self.by_type:
            return logs
        return np.asarray(0.5 * (logs + np.logaddexp.reduce(self._logs_by_type(margins), axis=1)))

    def _logs_by_type(self, margins: Floats) -> Floats:
        return np.column_stack(
            [hurdle.log_money(_pair(margins, k + 1)) for k, hurdle in enumerate(self.by_type)]
        )

    def _refunded(self, margins: Floats) -> Floats:
        if self.refunds is None:
            return np.zeros(len(margins))
        return np.exp(self.refunds.log_money(margins[:, -2:]))


def expectation_of(
    due: Floats,
    refunded: Floats,
    chance_due: Floats,
    chance_refunded: Floats,
    *,
    logs_by_type: Floats | None,
) -> Expectation:
    """Return the expectation of additional revenue and refunds, which come independently, each (n,)."""
    probability = 1 - (1 - chance_due) * (1 - chance_refunded)
    shares = None
    if logs_by_type is not None:
        shares = np.exp(logs_by_type - np.logaddexp.reduce(logs_by_type, axis=1, keepdims=True))
    return Expectation(
        money=due - refunded,
        probability=probability,
        amount=np.maximum((due + refunded) / np.maximum(probability, SMALLEST), SMALLEST),
        upward=chance_due / np.maximum(chance_due + chance_refunded, SMALLEST),
        type_shares=shares,
    )


def _pair(margins: Floats, number: int) -> Floats:
    return margins[:, 2 * number : 2 * number + 2]


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

    def expectation(self, margins: Floats) -> Expectation:
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

    def expectation(self, margins: Floats) -> Expectation:
        """Return the money with the calibrated probability."""
        chance = sigmoid(self.a * np.arcsinh(margins[:, 0] / self.unit) + self.b)
        return _alike(self.money(margins), chance, upward=self.upward)

    def slopes(self, margins: Floats) -> Floats:
        """Return the factor."""
        return np.full_like(margins, self.factor)


def _alike(money: Floats, probability: Floats, *, upward: float) -> Expectation:
    """Return an expectation where adjustments of all traders are upward with the same chance."""
    return Expectation(
        money=money,
        probability=probability,
        amount=np.maximum(np.abs(money) / np.maximum(probability, SMALLEST), SMALLEST),
        upward=np.full(len(money), upward),
    )


def link_values(link: Link) -> dict[str, Any]:
    """Return a link as data."""
    return {"kind": link.kind, **asdict(link)}  # type: ignore[call-overload]


def read_link(values: Mapping[str, Any]) -> Link:
    """Return the link of such data."""
    fields = {name: value for name, value in values.items() if name != "kind"}
    if values["kind"] == HurdlesLink.kind:
        return HurdlesLink(
            whole=Hurdle(**fields["whole"]),
            by_type=tuple(Hurdle(**each) for each in fields["by_type"]),
            refunds=fields["refunds"] and Hurdle(**fields["refunds"]),
        )
    return {link.kind: link for link in (LogLink, MoneyLink)}[values["kind"]](**fields)
