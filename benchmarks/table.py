"""Rows of the table of ratios: how a benchmark hands one in, and the table that `make bench` makes of all.

    row("whole library at one cutoff", ours=3.1, peer=0.31, against="a scan", unit="s", at_most=10)

The ratio is ours over the peer's, of the same run, and the goal is a bound of it; without a peer the goal is
a bound of our own figure. Run alone, a benchmark prints the row and no more.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROWS_FILE = "AUDIT_YIELD_BENCHMARK_ROWS"
"""The environment variable that names the file of the rows that a run gathers, in JSON, one a line."""
HEADINGS = ("benchmark", "what", "ours", "the peer's", "peer", "ratio", "goal", "met")


@dataclass(frozen=True)
class MeasuredRatio:
    """What was measured: ours and the peer's figure in a unit, and the bound that the ratio is to keep."""

    what: str
    ours: float
    unit: str
    peer: float | None = None
    against: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's; None without a peer."""
        return None if self.peer is None else self.ours / self.peer

    @property
    def goal(self) -> str:
        """The bound in words; empty where there is none."""
        bounds = (("≤", self.at_most), ("≥", self.at_least))
        unit = "" if self.peer is not None else f" {self.unit}"
        return ", ".join(f"{sign} {bound:g}{unit}" for sign, bound in bounds if bound is not None)

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        figure = self.ours if self.ratio is None else self.ratio
        return not (
            (self.at_most is not None and figure > self.at_most)
            or (self.at_least is not None and figure < self.at_least)
        )

    def cells(self) -> tuple[str, ...]:
        """Return the cells of a row of the table, from `what` on."""
        return (
            self.what,
            f"{_figure(self.ours)} {self.unit}".rstrip(),
            "" if self.peer is None else f"{_figure(self.peer)} {self.unit}".rstrip(),
            self.against,
            "" if self.ratio is None else _figure(self.ratio),
            self.goal,
            ("yes" if self.met else "no") if self.goal else "",
        )


def row(
    what: str,
    *,
    ours: float,
    unit: str,
    peer: float | None = None,
    against: str = "",
    at_most: float | None = None,
    at_least: float | None = None,
) -> None:
    """Print a row of the table of ratios, and hand it in where `make bench` gathers them.

    `ours` and `peer` are figures of one run in a `unit`, `against` names the peer; `at_most` or `at_least` is
    the goal of their ratio, or of `ours` where there is no peer.
    """
    measured = MeasuredRatio(what, ours, unit, peer, against, at_most, at_least)
    what, own, theirs, name, ratio, goal, met = measured.cells()
    beside = f"; {name} {theirs}: {ratio} times" if ratio else ""
    print(f"  {what}: {own}{beside}{f' (goal {goal}: {met})' if goal else ''}", flush=True)
    if path := os.environ.get(ROWS_FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(measured)) + "\n")


def read_rows(path: Path) -> tuple[MeasuredRatio, ...]:
    """Return the rows that were handed in, none where no benchmark handed one in."""
    if not path.exists():
        return ()
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(MeasuredRatio(**json.loads(line)) for line in lines)


def as_markdown(rows: Iterable[tuple[str, MeasuredRatio]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown of rows, each with the benchmark that it is of."""
    table = [HEADINGS, *((benchmark, *measured.cells()) for benchmark, measured in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for number, cells in enumerate(table):
        yield _line(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        if number == 0:
            yield _line("-" * width for width in widths)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _figure(value: float) -> str:
    """Return a number with three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")
