"""Nothing in the data tells the guilty from the honest but the mechanisms themselves."""

import duckdb
import numpy as np
import pytest

Tables = duckdb.DuckDBPyConnection
DECIMALS = {
    "customs_value": 2,
    "freight_amount": 2,
    "duty_assessed": 2,
    "vat_assessed": 2,
    "invoice_amount": 2,
    "valuation_adjustment": 2,
    "net_mass_kg": 3,
    "gross_mass_kg": 3,
    "supplementary_quantity": 1,
}


@pytest.mark.parametrize(("column", "decimals"), DECIMALS.items())
def test_every_line_is_rounded_alike(column: str, decimals: int, tables: Tables) -> None:
    lines = tables.table("declarations")
    finer = lines.filter(f"{column} <> round({column}, {decimals})").count("*").fetchone()

    assert finer == (0,)


def test_declarations_are_numbered_by_day_and_stand_in_that_order(tables: Tables) -> None:
    rows = tables.sql(
        "SELECT declaration_id, item_number, accepted_on FROM declarations WHERE version = 0"
    ).fetchall()

    assert rows == sorted(rows, key=lambda row: (row[0], row[1]))
    days = [row[2] for row in rows]
    assert days == sorted(days)


def test_items_of_a_declaration_are_numbered_without_a_gap(tables: Tables) -> None:
    gaps = tables.sql(
        """SELECT count(*) FROM (SELECT max(item_number) <> count(*) AS gap FROM declarations
        WHERE version = 0 AND accepted_on < DATE '2024-12-20' GROUP BY declaration_id) WHERE gap"""
    ).fetchone()

    assert gaps == (0,)


def lines_in_scope(tables: Tables, columns: str) -> dict[str, np.ndarray]:
    """Columns of the first versions of lines that were audited, and whether each was `found` wrong."""
    lines = tables.sql(
        """WITH wrong AS (SELECT DISTINCT declaration_id, item_number, TRUE AS found FROM findings
            WHERE event = 'assessed' AND declaration_id IS NOT NULL)
        SELECT coalesce(found, FALSE) AS found, declarations.*
        FROM declarations JOIN audits ON audits.trader_id = declarations.trader_id
            AND accepted_on BETWEEN period_from AND period_to
        LEFT JOIN wrong USING (declaration_id, item_number) WHERE version = 0"""
    )
    return lines.project(f"found, {columns}").fetchnumpy()


@pytest.fixture(scope="session")
def guilt(tables: Tables) -> dict[str, np.ndarray]:
    """Numbers that must say nothing, and whether a line was found wrong, for first versions."""
    rows = lines_in_scope(
        tables,
        """substr(declaration_id, 9)::INT % 100 AS id_ending,
            item_number,
            known_on - accepted_on AS delay,
            dayofweek(accepted_on) AS weekday,
            (seller_id IS NULL)::INT AS no_seller,
            (description IS NULL)::INT AS no_description,
            (freight_amount IS NULL)::INT AS no_freight,
            round(customs_value * 100)::BIGINT % 10 AS last_cent,
            round(net_mass_kg * 1000)::BIGINT % 10 AS last_gram,
            substr(origin_proof_id, 2)::INT % 100 AS proof_ending,
            accepted_on - DATE '2021-01-01' AS day""",
    )
    return {name: _filled(values, np.nan) for name, values in rows.items()}


def _filled(values: np.ndarray, gap: float) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), gap)


@pytest.mark.parametrize(
    "column",
    [
        "id_ending",
        "item_number",
        "delay",
        "weekday",
        "no_seller",
        "no_description",
        "no_freight",
        "last_cent",
        "last_gram",
        "proof_ending",
    ],
)
def test_numbers_without_meaning_do_not_differ_between_guilty_and_honest_lines(
    column: str, guilt: dict[str, np.ndarray]
) -> None:
    values, found = guilt[column], guilt["found"] == 1
    known = np.isfinite(values)
    guilty, honest = values[known & found], values[known & ~found]

    error = np.sqrt(guilty.var() / guilty.size + honest.var() / honest.size)
    assert guilty.size > 20
    assert honest.std() > 0
    assert abs(guilty.mean() - honest.mean()) < 4.5 * error


def test_no_single_column_of_lines_gives_guilt_away(tables: Tables) -> None:
    """The best threshold on any number of a line, among lines of audited scopes."""
    rows = lines_in_scope(
        tables,
        """customs_value, freight_amount / customs_value AS freight,
            net_mass_kg, gross_mass_kg / net_mass_kg AS tare, duty_rate, valuation_adjustment,
            customs_value / net_mass_kg AS unit_value, (preference_code IS NOT NULL)::INT AS claimed,
            (origin_country <> dispatch_country)::INT AS elsewhere, (procedure_code = '5100')::INT AS relief,
            valuation_method, related_party::INT AS related""",
    )
    found = np.asarray(rows.pop("found"), dtype=np.bool_)

    separations = {}
    for name, column in rows.items():
        values = _filled(column, 0.0)
        _, level, sizes = np.unique(values, return_inverse=True, return_counts=True)
        rank = ((np.cumsum(sizes) - sizes / 2) / values.size)[level]  # ties share their middle rank
        separations[name] = abs(rank[found].mean() - rank[~found].mean()) + 0.5
    assert max(separations.values()) < 0.80, separations
    assert len(separations) == 12
