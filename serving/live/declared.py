"""Declared lines of a trader, and a line in another form: with other values within their range, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from features.as_known import uncancelled
from features.data.dataset import Dataset
from features.spine import ACTIVE_MONTHS, months_before
from serving.live.submitted import Row
from serving.live.what_if import LINE_KEY
from serving.problems import ProblemError, ProblemKind

VALUES = {
    "customs_value": "Customs value",
    "net_mass_kg": "Net mass, kg",
    "duty_assessed": "Duty assessed",
    "vat_assessed": "VAT assessed",
}
"""The columns of a line that can be changed, each with its label."""
FACTOR = 10
"""A value may be changed to a tenth or ten times of it: further out little is like what a model learned."""


@dataclass(frozen=True)
class DeclaredLine:
    """A line of a declaration: its versions known before a day, as rows of the table, the newest last."""

    versions: tuple[Row, ...]

    @property
    def row(self) -> Row:
        """The line as it stands on the day."""
        return self.versions[-1]

    @property
    def key(self) -> Row:
        """Its number: declaration and item."""
        return {name: self.row[name] for name in LINE_KEY}

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """The least and the most that each value can be changed to; one that is empty or 0 cannot."""
        values = {name: self.row[name] for name in VALUES if self.row[name]}
        return {name: (round(value / FACTOR, 2), round(value * FACTOR, 2)) for name, value in values.items()}

    def changed(self, values: Mapping[str, float]) -> list[Row]:
        """Return its versions, the newest with other values; raises `ProblemError` beyond their ranges."""
        for name, value in values.items():
            low, high = self.ranges.get(name, (0.0, 0.0))
            if not low <= value <= high:
                raise ProblemError(
                    ProblemKind.REFUSED,
                    f"The value of {name} is outside its range.",
                    expected=f"from {low:,.2f} to {high:,.2f}, a tenth to ten times what was declared.",
                )
        return [*self.versions[:-1], {**self.row, **values}]


def declared_lines(dataset: Dataset, trader_id: str) -> Sequence[DeclaredLine]:
    """Return the lines of a trader in the two years before the cutoff, as known by then, the largest first.

    Raises `DataError` where the data is refused.
    """
    cutoff = dataset.cutoff
    with dataset.open() as warehouse:
        table = warehouse.table("declarations")
        known = table.filter(
            table.trader_id == trader_id,
            uncancelled(table, cutoff),
            table.accepted_on >= months_before(cutoff, ACTIVE_MONTHS),
            table.accepted_on < cutoff,
        )
        rows = known.order_by(*LINE_KEY, "version").to_pyarrow().to_pylist()
    by_line = groupby(rows, lambda row: [row[name] for name in LINE_KEY])
    lines = [DeclaredLine(tuple(versions)) for _, versions in by_line]
    return sorted(lines, key=lambda line: -(line.row["customs_value"] or 0.0))


def declared_line(lines: Sequence[DeclaredLine], key: Row) -> DeclaredLine:
    """Return the line of a number; raises `ProblemError` where the trader has none in these years."""
    for line in lines:
        if line.key == key:
            return line
    raise ProblemError(
        ProblemKind.NOT_FOUND,
        "The trader has no such line in the last two years.",
        expected="a declaration and an item of it, as the page lists them.",
    )
