"""Spines: the pairs of trader and cutoff for which feature rows are built."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from features.as_known import known_before, uncancelled
from features.data.warehouse import Warehouse
from features.errors import SettingError
from features.successors import under_current_numbers

ACTIVE_MONTHS = 24


@dataclass(frozen=True)
class Spine:
    """Distinct rows (trader_id, cutoff), each of which gets a row of features.

    A cutoff is a day; what became known on it or later is not yet known.
    """

    rows: pa.Table

    @classmethod
    def of(cls, traders: Sequence[str], cutoffs: Sequence[date]) -> Self:
        """Return the spine of trader `i` as of cutoff `i`; a repeated pair gives one row.

        Raises `SettingError` where there are not as many cutoffs as traders.
        """
        if len(traders) != len(cutoffs):
            raise SettingError(
                f"The spine has {len(traders)} traders and {len(cutoffs)} cutoffs.",
                expected="as many cutoffs as traders, pair by pair.",
                advice="Use Spine.every to ask for every trader as of every cutoff.",
            )
        pairs = dict.fromkeys(zip(traders, cutoffs, strict=True))
        return cls(
            pa.table(
                {
                    "trader_id": pa.array([trader for trader, _ in pairs], pa.string()),
                    "cutoff": pa.array([cutoff for _, cutoff in pairs], pa.date32()),
                }
            )
        )

    @classmethod
    def every(cls, traders: Iterable[str], cutoffs: Iterable[date]) -> Self:
        """Return the spine of every trader as of every cutoff."""
        cutoffs = list(cutoffs)
        pairs = [(trader, cutoff) for trader in traders for cutoff in cutoffs]
        return cls.of([trader for trader, _ in pairs], [cutoff for _, cutoff in pairs])

    @classmethod
    def active(cls, warehouse: Warehouse, cutoff: date) -> Self:
        """Return the spine of traders with a known line accepted in the 24 months before `cutoff`.

        Who goes on under another number is there under that.
        """
        lines = warehouse.table("declarations")
        first = months_before(cutoff, ACTIVE_MONTHS)
        known = lines.filter(
            lines.trader_id.notnull(),  # a mapping may declare that nobody knows the importer of a line
            uncancelled(lines, cutoff),
            lines.accepted_on >= first,
            lines.accepted_on < cutoff,
        )
        numbers = known.select("trader_id").distinct()
        current = under_current_numbers(numbers, warehouse.optional_table("links"), cutoff).distinct()
        traders = current.order_by("trader_id").to_pyarrow()["trader_id"]
        return cls.of(traders.to_pylist(), [cutoff] * len(traders))

    @classmethod
    def audited(cls, warehouse: Warehouse, *, cutoff: date) -> Self:
        """Return the spine of the trader of each audit as of its opening, where known before the cutoff."""
        audits = warehouse.table("audits")
        opened = audits.filter(audits.opened_on < cutoff, known_before(audits, cutoff))
        rows = (
            opened.select("trader_id", "opened_on").distinct().order_by("opened_on", "trader_id").to_pyarrow()
        )
        return cls.of(rows["trader_id"].to_pylist(), rows["opened_on"].to_pylist())

    @cached_property
    def cutoffs(self) -> tuple[date, ...]:
        """The distinct cutoffs, in order."""
        return tuple(sorted(set(self.rows["cutoff"].to_pylist())))

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @staticmethod
    def schema(months: Iterable[int]) -> pa.Schema:
        """Return the columns of `dated`."""
        starts = {f"from_{m}m": pa.date32() for m in sorted(set(months))}
        days = {"cutoff": pa.date32(), "cutoff_quarter": pa.date32(), **starts}
        return pa.schema({"trader_id": pa.string(), **days})

    def dated(self, months: Iterable[int]) -> pa.Table:
        """Return the rows with the first day of their quarter and of each window, as `from_<months>m`.

        Python computes these days, not the engine, so that every engine means the same day.
        """
        indices = pc.index_in(self.rows["cutoff"], pa.array(self.cutoffs, pa.date32()))
        starts = {
            f"from_{m}m": pa.array([months_before(day, m) for day in self.cutoffs], pa.date32()).take(indices)
            for m in sorted(set(months))
        }
        quarters = pa.array([quarter_of(day) for day in self.cutoffs], pa.date32()).take(indices)
        rows = self.rows.append_column("cutoff_quarter", quarters)
        for name, start in starts.items():
            rows = rows.append_column(name, start)
        return rows


def months_before(day: date, months: int) -> date:
    """Return the day `months` months before `day`, or the last day of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def quarter_of(day: date) -> date:
    """Return the first day of the quarter of `day`."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def end_of_quarter(quarter: date) -> date:
    """Return the first day after a quarter."""
    return months_before(quarter, -3)


def quarters_between(first: date, last: date) -> list[date]:
    """Return the first days of the quarters from that of one day to that of another, in order."""
    quarter, quarters = quarter_of(first), []
    while quarter <= last:
        quarters.append(quarter)
        quarter = end_of_quarter(quarter)
    return quarters
