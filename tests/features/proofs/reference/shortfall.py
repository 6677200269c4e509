"""The duty that a line did not bear, and the VAT on it."""

from tests.features.proofs.reference.arithmetic import Number, less
from tests.features.proofs.reference.peers import habit
from tests.features.proofs.reference.rows import Row, vat_rate
from tests.features.proofs.reference.world import View


def due(view: View, row: Row) -> Number:
    """The general rate, else what others pay."""
    general = view.world.general_rate(row)
    return habit(view, row, "duty_rate") if general is None else general


def short(view: View, row: Row) -> float:
    return with_vat(row, less(due(view, row), row["duty_rate"]))


def with_vat(row: Row, rate: Number) -> float:
    money: float = row["customs_value"] * max(rate or 0.0, 0.0) * (1 + vat_rate(row))
    return money
