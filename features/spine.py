"""What is asked: which trader, as of which day."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Self

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from features.as_known import known_before
from features.errors import SettingError
from features.warehouse import Warehouse

ACTIVE_MONTHS = 24


@dataclass(frozen=True)
class Spine:
    """Rows (trader_id, cutoff), each once: a feature row is asked for each of them.

    A cutoff is a day; what became known on it or later is not yet known.
    """

    rows: pa.Table

    @classmethod
    def of(cls, traders: Sequence[str], cutoffs: Sequence[date]) -> Self:
        """Ask for trader `i` as of cutoff `i`; both are of one length.

        Raises `SettingError` where they are not. A pair that stands twice is asked once.
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
        """Ask for every trader as of every cutoff."""
        days = list(cutoffs)
        pairs = [(trader, day) for trader in traders for day in days]
        return cls.of([trader for trader, _ in pairs], [day for _, day in pairs])

    @classmethod
    def active(cls, warehouse: Warehouse, cutoff: date) -> Self:
        """Ask for every trader with a line accepted in the 24 months before `cutoff` and known by then."""
        lines = warehouse.table("declarations")
        first = months_before(cutoff, ACTIVE_MONTHS)
        known = lines.filter(
            known_before(lines, cutoff), lines.accepted_on >= first, lines.accepted_on < cutoff
        )
        traders = known.select("trader_id").distinct().order_by("trader_id").to_pyarrow()["trader_id"]
        return cls.of(traders.to_pylist(), [cutoff] * len(traders))

    @classmethod
    def audited(cls, warehouse: Warehouse, *, known_by: date) -> Self:
        """Ask for the trader of every audit as of the day it opened, where that was known by a day."""
        audits = warehouse.table("audits")
        opened = audits.filter(audits.opened_on < known_by, known_before(audits, known_by))
        rows = (
            opened.select("trader_id", "opened_on").distinct().order_by("opened_on", "trader_id").to_pyarrow()
        )
        return cls.of(rows["trader_id"].to_pylist(), rows["opened_on"].to_pylist())

    @cached_property
    def cutoffs(self) -> tuple[date, ...]:
        """The cutoffs asked, each once, in order."""
        return tuple(sorted(set(self.rows["cutoff"].to_pylist())))

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def table(self, months: Iterable[int]) -> ir.Table:
        """The rows with the first day of each window, as `from_<months>m`.

        They are worked out here, not by the engine, so that every engine means the same day.
        """
        places = pc.index_in(self.rows["cutoff"], pa.array(self.cutoffs, pa.date32()))
        starts = {
            f"from_{m}m": pa.array([months_before(day, m) for day in self.cutoffs], pa.date32()).take(places)
            for m in sorted(set(months))
        }
        quarters = pa.array([quarter_of(day) for day in self.cutoffs], pa.date32()).take(places)
        rows = self.rows.append_column("cutoff_quarter", quarters)
        for name, start in starts.items():
            rows = rows.append_column(name, start)
        return ibis.memtable(rows)


def day_after_newest(warehouse: Warehouse) -> date:
    """Return the day after the newest declaration became known: the first on which all of them count."""
    newest = warehouse.table("declarations").known_on.max().to_pyarrow().as_py()
    if newest is None:
        raise SettingError(
            "There are no declarations.",
            expected="a table of declarations with rows in it.",
            advice="Name the day yourself: --as-of.",
        )
    return date.fromordinal(newest.toordinal() + 1)


def months_before(day: date, months: int) -> date:
    """Return the day `months` months before, or the last of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def quarter_of(day: date) -> date:
    """Return the first day of the quarter of `day`."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
