"""Tax records: tax returns, audits by the tax administration, and payments of customs debts."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.chance import Chance, lognormal
from features.simulate.clock import Calendar
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import SECTORS

AMOUNTS = (
    "turnover",
    "purchases_imported",
    "import_vat_claimed",
    "payments_abroad",
    "royalties_abroad",
    "arrears",
)


@dataclass(frozen=True)
class Trade:
    """A quarter's trade by trader: declared and true value, royalties due, taxes, VAT and lines."""

    declared: Floats
    true: Floats
    royalties: Floats
    taxes: Floats
    vat: Floats
    lines: Floats


@dataclass(frozen=True)
class Returns:
    """Tax returns of a quarter; an amount is not a number where the field is empty."""

    trader: Whole
    period_from: Whole
    period_to: Whole
    filed_on: Whole
    known_on: Whole
    amounts: Floats


@dataclass(frozen=True)
class TaxAudits:
    """Audits by the tax administration; an adjustment of not a number means none."""

    trader: Whole
    opened_on: Whole
    closed_on: Whole
    adjustment: Floats


@dataclass(frozen=True)
class Payments:
    """Customs debts of a quarter, one a trader."""

    trader: Whole
    due_on: Whole
    paid_on: Whole
    amount: Floats


def tax_returns(
    chance: Chance, traders: Traders, *, trade: Trade, calendar: Calendar, quarter: int
) -> Returns:
    """Draw the tax returns of a quarter, filed months after it ends.

    A trader that pays a second invoice must book it somewhere: over half of the traders keep true books,
    and then purchases and payments abroad exceed the declared value (Fisman and Wei's gap within one firm).
    Timing, insurance and purchases for others blur it; royalties for services, which are not dutiable,
    look like omitted ones.
    """
    stream = chance.stream("tax returns", quarter)
    rows = np.flatnonzero((trade.lines > 0) & (stream.random(traders.count) > 0.06))
    amounts = _amounts(stream, traders, trade=trade, rows=rows)
    amounts[stream.random(amounts.shape) < 0.04] = np.nan
    start, after = calendar.starts[quarter : quarter + 2]
    late = stream.exponential(12.0 * np.minimum(traders.stress[rows], 4.0)).astype(np.int64)
    filed = after + 20 + stream.integers(0, 30, size=rows.size) + np.minimum(late, 200)
    return Returns(
        trader=rows,
        period_from=np.full(rows.size, start),
        period_to=np.full(rows.size, after - 1),
        filed_on=filed,
        known_on=filed + stream.integers(0, 46, size=rows.size),
        amounts=np.round(amounts, 2),
    )


def _amounts(stream: np.random.Generator, traders: Traders, *, trade: Trade, rows: Whole) -> Floats:
    """Return turnover, purchases, VAT claimed, payments, royalties and arrears (rows, 6)."""
    declared, hidden = trade.declared[rows], np.maximum(trade.true - trade.declared, 0)[rows]
    books = declared + traders.books_true[rows] * hidden
    noise = np.exp(0.10 * stream.standard_normal((4, rows.size)))
    timing = lognormal(stream, rows.size, sigma=0.07)
    margin = 1.15 + 0.9 * (np.arange(SECTORS.size) / SECTORS.size)[traders.sector[rows]]
    # A trader that pays for services abroad does so in every quarter: drawn from its fixed stress, not anew.
    services = 0.03 * np.maximum(traders.stress[rows] % 0.37 - 0.22, 0) * 6 * declared
    owing = (stream.random(rows.size) < 0.05 * traders.stress[rows]) * trade.taxes[rows]
    return np.column_stack(
        [
            books * margin * noise[0] ** 2,
            books * timing * noise[1],
            trade.vat[rows] * np.exp(0.08 * stream.standard_normal(rows.size)),
            books * 0.95 * timing * noise[2],
            trade.royalties[rows] * noise[3] + services,
            owing * noise[0],
        ]
    )


def tax_audits(
    chance: Chance, traders: Traders, *, alive: Flags, trade: Trade, calendar: Calendar, quarter: int
) -> TaxAudits:
    """Draw tax audits; they adjust traders who lean to evade more often, but only loosely so."""
    stream = chance.stream("tax audits", quarter)
    hazard = 0.004 + 0.003 * np.minimum(traders.leaning, 4.0)
    rows = np.flatnonzero(alive & (stream.random(traders.count) < hazard))
    opened = calendar.starts[quarter] + stream.integers(0, 85, size=rows.size)
    adjusted = stream.random(rows.size) < 0.20 + 0.15 * np.minimum(traders.leaning[rows], 3.0)
    amount = (500 + 0.05 * trade.declared[rows]) * lognormal(stream, rows.size, sigma=1.0)
    return TaxAudits(
        trader=rows,
        opened_on=opened,
        closed_on=opened + 60 + stream.integers(0, 300, size=rows.size),
        adjustment=np.where(adjusted, np.round(amount, 2), 0.0),
    )


def payments(chance: Chance, traders: Traders, *, trade: Trade, calendar: Calendar, quarter: int) -> Payments:
    """Draw payments of a quarter's deferred taxes: late where money is short, weakly related to evasion."""
    stream = chance.stream("payments", quarter)
    rows = np.flatnonzero(trade.taxes > 0)
    strain = traders.stress[rows] * (1 + 0.15 * np.minimum(traders.leaning[rows], 4.0))
    late = stream.random(rows.size) < 0.07 * strain
    due = np.full(rows.size, calendar.starts[quarter + 1] + 15)
    days = np.where(
        late, 1 + stream.exponential(35.0, size=rows.size), -stream.integers(0, 12, size=rows.size)
    )
    return Payments(
        trader=rows, due_on=due, paid_on=due + days.astype(np.int64), amount=np.round(trade.taxes[rows], 2)
    )
