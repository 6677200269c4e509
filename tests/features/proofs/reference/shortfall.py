"""The duty that a line did not bear, and the VAT on it."""

from tests.features.proofs.reference.arithmetic import Number, less
from tests.features.proofs.reference.peers import HEADINGS, habit
from tests.features.proofs.reference.rows import Row, with_vat
from tests.features.proofs.reference.world import View


def due(view: View, row: Row) -> Number:
    """The general rate, else what others pay."""
    general = view.world.general_rate(row)
    return habit(view, row, "full_rate", HEADINGS) if general is None else general


def short(view: View, row: Row) -> float:
    return missing(row, less(due(view, row), row["duty_rate"]))


def missing(row: Row, rate: Number) -> float:
    """Duty at a rate that is missing, and the VAT on it."""
    return with_vat(row, row["customs_value"] * max(rate or 0.0, 0.0))
