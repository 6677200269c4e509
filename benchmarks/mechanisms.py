"""Benchmark of single features, by mechanism, against the column that an analyst would write for it.

    python -P benchmarks/mechanisms.py [--worlds 20] [--traders 3000] [--years 4] [--cache .worlds]

In drawn worlds the truth knows what each mechanism costs by trader. For each, this prints the library's
feature that ranks traders best by that money over the worlds where it exists, the share of the mechanism's
money in its first 5 %, over that in the best first 5 %, and the same of a plain column of SQL over the 24
months before the day. Features come from the cache of `benchmarks/worlds.py`.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from audit_yield.console import progress_bar
from benchmarks.table import row
from benchmarks.worlds import DAY, PreparedWorld, captured, prepared, with_worlds
from features.library import LIBRARY
from features.simulate import simulate
from features.simulate.mechanisms import MECHANISMS
from features.simulate.worlds.drawn import draw
from models.prediction import Floats

TOP = 0.05
FEWEST_TRADERS = 20  # traders with money of a mechanism in a world, for it to count there
LINES = """
CREATE VIEW lines AS SELECT *, customs_value / greatest(net_mass_kg, 0.001) AS price,
  duty_rate + 0.15 * (1 + duty_rate) AS tax, hs_code[:4] AS heading, hs_code[:2] AS chapter,
  accepted_on >= DATE '{day}' - INTERVAL 24 MONTH AS recent
FROM '{data}/declarations.parquet' WHERE version = 0 AND known_on < DATE '{day}';
CREATE VIEW now AS FROM (SELECT *, median(price) OVER (PARTITION BY hs_code) AS usual,
  max(duty_rate) OVER (PARTITION BY hs_code) AS full_rate,
  avg(duty_rate) OVER (PARTITION BY heading) AS heading_rate,
  avg(duty_rate) OVER (PARTITION BY chapter) AS chapter_rate,
  median(price) FILTER (NOT recent) OVER (PARTITION BY trader_id, hs_code) AS own FROM lines) WHERE recent
"""
SUM = "SELECT trader_id, sum({term}) AS money FROM now WHERE {condition} GROUP BY trader_id"
CHEAP = "greatest(usual - price, 0) * net_mass_kg * tax"
ANALYST = "analyst"
PLAIN = {  # a term that is summed, and the lines over which
    "undervalue": (CHEAP, "true"),
    "misclassify": ("greatest(heading_rate - duty_rate, 0) * customs_value", "true"),
    "false_origin": ("(full_rate - duty_rate) * customs_value", "preference_code IS NOT NULL"),
    "underdeclare_quantity": ("(gross_mass_kg / net_mass_kg - 1) * customs_value * tax", "net_mass_kg > 0"),
    "omit_royalty": ("customs_value * tax", "related_party AND coalesce(valuation_adjustment, 0) = 0"),
    "abuse_relief": ("full_rate * customs_value", "procedure_code <> '4000'"),
    "lower_own_price": ("greatest(own - price, 0) * net_mass_kg * tax", "true"),
    "switch_seller": (
        "customs_value * tax",
        "(trader_id, seller_id) NOT IN (SELECT (trader_id, seller_id) FROM lines WHERE NOT recent)",
    ),
    "misdescribe": ("greatest(chapter_rate - duty_rate, 0) * customs_value", "true"),
    "omit_assist": ("customs_value * tax", "true"),
    "rush": (CHEAP, "month(accepted_on) % 3 = 0 AND day(accepted_on) > 6"),
    "phoenix": (
        "customs_value * tax",
        "trader_id IN (SELECT trader_id FROM '{data}/traders.parquet' "
        "WHERE registered_on > DATE '{day}' - INTERVAL 24 MONTH)",
    ),
    "overpay": ("greatest(duty_rate - heading_rate, 0) * customs_value", "true"),
    "mistake": ("customs_value * tax", "true"),
}
"""A column by mechanism, as an analyst would write it who knows the mechanism."""


def main() -> None:
    """Print a row a mechanism, and write mechanisms.json in the cache."""
    arguments = with_worlds(argparse.ArgumentParser(description=__doc__.splitlines()[0])).parse_args()
    rows: list[dict[str, object]] = []
    with progress_bar() as (stage, progress):
        for seed in range(1, arguments.worlds + 1):
            stage(f"World {seed}")
            progress(seed - 1, arguments.worlds)
            world = prepared(arguments, seed)
            plain = plain_columns(world, traders=arguments.traders, years=arguments.years)
            rows += shares(world, plain)
    table = compared(pd.DataFrame(rows))
    print(table.to_string())
    if ANALYST in table:
        both = table.dropna(subset=[ANALYST])
        means = {"ours": both["feature"].mean(), "peer": both[ANALYST].mean()}
        row(
            "money of a mechanism in the first 5 %",
            **means,
            against="the analyst's column",
            unit="",
            at_least=1,
        )
    path = Path(arguments.cache) / "mechanisms.json"
    path.write_text(json.dumps(rows, indent=2), encoding="utf-8")


def plain_columns(world: PreparedWorld, *, traders: int, years: int) -> dict[str, Floats]:
    """Return the analyst's column of each mechanism, row for row with the truth, where the data has it."""
    columns = {}
    with TemporaryDirectory() as temporary:
        out = Path(temporary) / "world"
        simulate(out, traders=traders, years=years, seed=world.seed, world=draw(world.seed))
        where = {"data": out / "data", "day": DAY}
        connection = duckdb.connect()
        connection.execute(LINES.format(**where))
        for name, (term, condition) in PLAIN.items():
            try:
                sums = connection.sql(SUM.format(term=term, condition=condition.format(**where)))
            except duckdb.BinderException:
                continue  # a column that this world does not have
            columns[name] = _row_for_row(sums.to_arrow_table(), world.truth["trader_id"])
    return columns


def _row_for_row(sums: pa.Table, traders: pa.ChunkedArray) -> Floats:
    values = dict(zip(*(column.to_pylist() for column in sums.columns), strict=True))
    return np.array([values.get(trader) or 0.0 for trader in traders.to_pylist()], np.float64)


def shares(world: PreparedWorld, plain: dict[str, Floats]) -> Iterator[dict[str, object]]:
    """Yield the captured share of each mechanism's money by each feature and by the analyst's column."""
    for mechanism in MECHANISMS:
        money = np.abs(world.reference[f"expected_{mechanism}"].to_numpy())
        if np.count_nonzero(money) < FEWEST_TRADERS:
            continue
        for name in LIBRARY.names:
            values = world.everyone[name].to_numpy().astype(np.float64)
            for sign in (1, -1):
                ranked = np.where(np.isnan(values), -np.inf, sign * values)
                share = captured(money, ranked, share=TOP)
                yield {
                    "world": world.seed,
                    "mechanism": mechanism,
                    "column": f"{'-' * (sign < 0)}{name}",
                    "share": share,
                }
        if mechanism in plain:
            share = captured(money, plain[mechanism], share=TOP)
            yield {"world": world.seed, "mechanism": mechanism, "column": ANALYST, "share": share}


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return for each mechanism the best feature over the worlds, beside the analyst's column by world."""
    table = {}
    for mechanism, part in rows.groupby("mechanism", sort=False):
        wide = part.pivot_table(index="world", columns="column", values="share")
        features = wide.drop(columns=ANALYST, errors="ignore")
        best = features.mean().idxmax()
        row = {"worlds": len(wide), "best feature": best, "feature": wide[best].mean()}
        if ANALYST in wide:
            lead = (wide[best] - wide[ANALYST]).dropna()
            row |= {"analyst": wide[ANALYST].mean(), "lead": lead.mean(), "se": lead.sem(), "of": len(lead)}
        table[mechanism] = row
    return pd.DataFrame(table).T.infer_objects().round(3)


if __name__ == "__main__":
    main()
