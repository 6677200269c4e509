"""One rule of time: strictly before the day, in force until the day after what supersedes a row is known."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from ibis.expr import types as ir

from features.as_known import (
    in_force,
    in_force_at_quarters,
    known_before,
    known_in_earlier_quarter,
    visible_rows,
)

ROOT = Path(__file__).parents[2]
PACKAGES = ("audit_yield", "features", "models", "training", "serving")
RULE = ROOT / "features" / "as_known.py"
CLOCK = re.compile(r"(.+_)?known_on|superseded_on|(.+_)?known_quarter|cancelled_on|cancelled_quarter")
ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
OTHER_RULES = {
    "features/prepare/letters.py": {
        "joined.known_on > joined.opened_on": "what a trader amended after a letter, not what was known",
        "joined.known_on <= (joined.opened_on + ibis.interval(days=ANSWER_DAYS)).cast('date')": "the same",
    },
    "features/prepare/own_past.py": {
        "pairs.known_quarter >= reach": "how far back it reads",
    },
    "features/snapshots/parts.py": {
        "first_versions.known_on >= peers_from": "how far back the facts of lines reach",
        "first_versions.known_on >= past_from": "the same",
    },
    "features/prepare/prepared.py": {
        "declarations.known_on >= peers_from": "how far back a build reads",
        "declarations.known_on >= past_from": "the same",
    },
    "features/prepare/sector.py": {
        "declared.known_on >= named_day('first_cutoff', MONTHS + 3)": "how far back it reads",
        "declared.known_on < (declared.accepted_on + ibis.interval(months=MONTHS)).cast('date')": "the same",
        "known.known_quarter >= (known.cutoff_quarter - ibis.interval(months=MONTHS)).cast('date')": "same",
    },
    "features/prepare/switches.py": {
        "joined.met_known_on <= joined.known_on": "two rows, each with its own day; no cutoff",
        "joined.used_known_on > joined.known_on": "two rows, each with its own day; no cutoff",
    },
    "features/prepare/track.py": {
        "joined.known_on <= joined.closed_on": "what auditors had by the end of the day on which they closed",
        "joined.cancelled_on > joined.closed_on": "the same",
    },
    "features/proofs/drawn_by_customs.py": {
        "known('declarations', row) <= known_on": "what is answered by a trader was declared before",
    },
    "features/proofs/known.py": {
        "row['cancelled_on'] < cutoff": "`known_before` for rows of Python, which a proof of the rule needs",
    },
    "models/plan/decline.py": {
        "row['known_on'] < on": "whether a plan was accepted on an earlier day, for what it may decline",
    },
    "features/simulate/writing/tables.py": {
        "ordered.known_on <= calendar.end": "what a simulated administration has written by its last day",
        "returns.known_on <= calendar.end": "the same",
        "controls.known_on <= calendar.end": "the same",
        "audits.known_on <= calendar.end": "the same",
    },
    "features/snapshots/known_rows.py": {
        "date.fromisoformat(known_on) < cutoff": "`known_before` for a digest of a day; a test compares them",
    },
    "training/lab/years.py": {
        "ledger.known_on < day": "`known_before` for a simulation in memory, which counts days",
    },
    "training/leaks/by_clock.py": {
        "joined.known_on < joined.opened_on": "an alarm: rows known before what they tell had begun",
    },
}
"""Comparisons with `known_on` that ask something else than what was known before a day, and what they ask."""

FIRST, SECOND, THIRD = date(2024, 3, 31), date(2024, 4, 1), date(2024, 4, 2)


def rows(*clocks: tuple[date, date | None]) -> ir.Table:
    """Rows known on the first day of each pair and superseded on the second, numbered from 0."""
    known, superseded = zip(*clocks, strict=True)
    columns = {
        "number": pa.array(range(len(clocks))),
        "trader_id": pa.array(["T1"] * len(clocks)),
        "known_on": pa.array(known, pa.date32()),
        "superseded_on": pa.array(superseded, pa.date32()),
        "happened_on": pa.array([date(2024, 1, 15)] * len(clocks), pa.date32()),
    }
    return ibis.memtable(pa.table(columns))


def numbers(table: ir.Table) -> list[int]:
    return sorted(table.number.to_pyarrow().to_pylist())


def test_a_row_known_on_the_day_is_not_known_before_it() -> None:
    table = rows((FIRST, None), (SECOND, None), (THIRD, None))
    assert numbers(table.filter(known_before(table, SECOND))) == [0]


def test_a_row_superseded_on_the_day_is_still_in_force_and_a_day_later_no_more() -> None:
    table = rows((date(2024, 1, 1), None), (date(2024, 1, 1), FIRST), (date(2024, 1, 1), SECOND))
    assert numbers(table.filter(in_force(table, SECOND))) == [0, 2]
    assert numbers(table.filter(in_force(table, THIRD))) == [0]


def test_of_two_versions_one_is_in_force_on_each_day() -> None:
    table = rows((FIRST, SECOND), (SECOND, None))
    numbers_by_day = [numbers(table.filter(in_force(table, day))) for day in (FIRST, SECOND, THIRD)]
    assert numbers_by_day == [[], [0], [1]]


def test_each_quarter_sees_what_is_in_force_when_it_begins() -> None:
    april, july = date(2024, 4, 1), date(2024, 7, 1)
    quarters = ibis.memtable(pa.table({"cutoff_quarter": pa.array([april, july], pa.date32())}))
    in_force_rows = (
        in_force_at_quarters(rows((FIRST, SECOND), (SECOND, None)), quarters).to_pyarrow().to_pylist()
    )
    assert {row["cutoff_quarter"]: row["number"] for row in in_force_rows} == {
        april: 0,
        july: 1,
    }


def test_rows_summed_by_quarter_count_from_the_next_quarter() -> None:
    days = [date(2024, 1, 1), date(2024, 4, 1)]
    table = ibis.memtable(pa.table({"number": [0, 1], "known_quarter": pa.array(days, pa.date32())}))
    april = ibis.literal(date(2024, 4, 1))
    assert numbers(table.filter(known_in_earlier_quarter(table, april))) == [0]


def test_a_cutoff_sees_rows_in_force_whose_day_lies_in_the_window() -> None:
    window = pa.table({"trader_id": ["T1"], "cutoff": [SECOND], "from_3m": [date(2024, 1, 1)]})
    late = window.set_column(2, "from_3m", pa.array([date(2024, 2, 1)], pa.date32()))
    table = rows((FIRST, None), (SECOND, None), (date(2024, 1, 20), FIRST))
    assert numbers(visible_rows(table, ibis.memtable(window), months=3)) == [0]
    assert numbers(visible_rows(table, ibis.memtable(late), months=3)) == []
    assert numbers(visible_rows(table, ibis.memtable(late), months=None)) == [0]


def comparisons(code: str) -> Iterator[str]:
    """Yield each comparison in order that one of its sides makes with a day on which something was known."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Compare() if any(isinstance(order, ORDERS) for order in node.ops):
                sides = [node.left, *node.comparators]
            case ast.Call(func=ast.Attribute(attr="between") as called):
                sides = [called.value, *node.args]
            case _:
                continue
        if any(CLOCK.fullmatch(name) for side in sides for name in names_in(side)):
            yield ast.unparse(node)


def names_in(side: ast.expr) -> Iterator[str]:
    for node in ast.walk(side):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Constant(value=str(name)):
                yield name


@pytest.mark.parametrize(
    "comparison",
    [
        "rows.known_on < day",
        "day > rows.known_on",
        "rows['known_on'] <= day",
        "rows.superseded_on >= day",
        "rows.known_on.coalesce(rows.accepted_on) >= day",
        "rows.superseded_on.between(day, other)",
        "rows.known_quarter < quarter",
        "known_on < day",
    ],
)
def test_a_comparison_of_a_clock_is_found(comparison: str) -> None:
    assert list(comparisons(f"found = rows.filter({comparison}, rows.version == 0)")) == [comparison]


def test_what_only_reads_or_matches_a_clock_is_no_comparison() -> None:
    assert list(comparisons("rows.mutate(known_on=rows.known_on.min(), same=rows.known_on == day)")) == []


def test_no_other_module_compares_what_was_known_with_a_day() -> None:
    paths = {path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    comparisons_by_path = {
        path.relative_to(ROOT).as_posix(): sorted(comparisons(path.read_text(encoding="utf-8")))
        for path in paths - {RULE}
    }
    assert {path: each for path, each in comparisons_by_path.items() if each} == {
        path: sorted(reasons) for path, reasons in OTHER_RULES.items()
    }
