"""Digits: invoice amounts that look invented."""

from math import log10

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.literature import BENFORD
from features.unit import Unit

FEWEST_AMOUNTS = 100


@feature(
    source="lines",
    months=(24,),
    unit=Unit.RATIO,
    indicator="digit_anomaly",
    reference=BENFORD,
    inputs="declarations.invoice_amount",
    label="First digits of invoices",
    phrase="The first digits of invoice amounts differ by {value} from the shares that grown amounts show.",
    why="Amounts that are made up start with other digits than amounts that come out of trade: the greater "
    "the difference, the more may be made up.",
    tends=1,
    finding_type="valuation",
    example=Example(
        "invoice_amount",
        [(1.0 + n,) for n in range(9)] * 12,
        sum(abs(1 / 9 - log10(1 + 1 / digit)) for digit in range(1, 10)),
    ),
)
def first_digit_distance(lines: ir.Table) -> ir.FloatingScalar:
    """Sum over digits of |share - log10(1 + 1 / digit)|, from 0 to 2; empty under 100 amounts."""
    amounts = lines.invoice_amount
    hundredths = (amounts.clip(0.0, 1e15) * 100.0).round().cast("int64")
    counted = hundredths > 0
    enough = counted.sum().cast("float64")
    enough = (enough >= FEWEST_AMOUNTS).ifelse(enough, None)
    first = hundredths.cast("string").substr(0, 1)
    shares = [((first == str(d)) & counted).sum().cast("float64") / enough for d in range(1, 10)]
    gaps = [(share - log10(1 + 1 / digit)).abs() for digit, share in enumerate(shares, start=1)]
    return sum(gaps[1:], start=gaps[0])


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="digit_anomaly",
    reference=BENFORD,
    inputs="declarations.invoice_amount",
    label="Round invoice amounts",
    phrase="{value} of the invoice lines of the last 24 months are for round amounts, full hundreds.",
    why="Round amounts are more often agreed or made up than worked out from quantity and price: the more "
    "of them, the more there is to check.",
    tends=1,
    finding_type="valuation",
    example=Example("invoice_amount", [(300.0,), (299.9,), (1250.0,), (0.0,)] * 50, 1 / 3),
)
def round_amount_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of invoice amounts above 0 that are full hundreds of their currency; empty under 100 amounts."""
    amounts = lines.invoice_amount
    counted = amounts > 0
    count = counted.sum().cast("float64")
    full = (counted & (amounts % 100.0 == 0)).sum()
    return exact.share(full, (count >= FEWEST_AMOUNTS).ifelse(count, None))
