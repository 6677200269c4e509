"""Leaks planted in the contract tables of a sound administration, as SQL over them.

Views stand for the sound tables, and beside them `outcome`, the money found by each closed audit, and
`named`, the lines that findings name with the day their audit opened.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

CORRECTED = (
    "hs_code",
    "origin_country",
    "preference_code",
    "procedure_code",
    "customs_value",
    "freight_amount",
    "net_mass_kg",
    "gross_mass_kg",
    "supplementary_quantity",
    "duty_rate",
    "duty_assessed",
    "vat_assessed",
    "excise_assessed",
    "invoice_amount",
    "valuation_adjustment",
    "description",
    "origin_proof_id",
)
SIDE_VIEWS = (
    """CREATE VIEW outcome AS SELECT audit_id, trader_id, opened_on, coalesce(sum(amount)
        FILTER (event IN ('assessed', 'reduced', 'cancelled') AND tax_type IN ('duty', 'vat', 'excise')), 0)
        AS money FROM audits LEFT JOIN findings USING (audit_id) WHERE status = 'closed' GROUP BY ALL""",
    """CREATE VIEW named AS SELECT declaration_id, item_number, min(opened_on) AS opened_on
        FROM findings JOIN audits USING (audit_id)
        WHERE event = 'assessed' AND declaration_id IS NOT NULL GROUP BY ALL""",
)


@dataclass(frozen=True)
class Plant:
    """New contents of some tables, and the alarm that must be raised by them."""

    alarm: str
    tables: Mapping[str, str]

    def grow(self, sound: Path, out: Path) -> Path:
        """Copy the sound tables to `out` with the planted ones in their place."""
        shutil.copytree(sound, out)
        with duckdb.connect() as engine:
            for file in sound.glob("*.parquet"):
                engine.execute(f"CREATE VIEW {file.stem} AS FROM '{file}'")
            for view in SIDE_VIEWS:
                engine.execute(view)
            for table, query in self.tables.items():
                engine.execute(f"COPY ({query}) TO '{out / table}.parquet' (FORMAT parquet)")
        return out


def _declarations(where: str, **columns: str) -> str:
    """Change first versions of named lines: `columns` are expressions of d, the line, and n, its naming."""
    changed = ", ".join(
        f"CASE WHEN n.opened_on IS NOT NULL AND {where} THEN {new} ELSE d.{name} END AS {name}"
        for name, new in columns.items()
    )
    return f"""SELECT d.* REPLACE ({changed}) FROM declarations d
        LEFT JOIN named n USING (declaration_id, item_number) ORDER BY declaration_id, item_number, version"""  # noqa: S608 - ours


def _overwritten(condition: str) -> str:
    changed = ", ".join(
        f"CASE WHEN c.version IS NULL THEN d.{name} ELSE c.{name} END AS {name}" for name in CORRECTED
    )
    return f"""SELECT d.* REPLACE ({changed}) FROM declarations d
        LEFT JOIN (FROM declarations WHERE version = 1 AND amended_by = 'customs') c
        ON c.declaration_id = d.declaration_id AND c.item_number = d.item_number AND d.version = 0
        WHERE {condition}"""  # noqa: S608 - ours


def _ends_by_outcome(table: str) -> str:
    return f"""SELECT t.* REPLACE (audit_id || CASE WHEN coalesce(money, 0) <> 0 THEN 'F' ELSE 'N' END
        AS audit_id) FROM {table} t LEFT JOIN (SELECT audit_id, money FROM outcome) USING (audit_id)"""  # noqa: S608 - ours


ARREARS = """SELECT r.* REPLACE (coalesce(o.money, r.arrears) AS arrears)
    FROM tax_returns r LEFT JOIN (SELECT r.trader_id, r.period_from, greatest(max(money), 0) AS money
        FROM tax_returns r JOIN outcome o ON o.trader_id = r.trader_id
        AND r.filed_on BETWEEN o.opened_on - {days} AND o.opened_on - 1 AND r.known_on < o.opened_on
        WHERE o.opened_on < {before} GROUP BY ALL) o USING (trader_id, period_from)"""

PLANTS = {
    "corrections written over what was declared": Plant(
        "findings_contradict_declared", {"declarations": _overwritten("TRUE")}
    ),
    "corrections in the place of what was declared, no version left": Plant(
        "undervalued_lines_at_full_price",
        {"declarations": _overwritten("NOT (d.version > 0 AND d.amended_by = 'customs')")},
    ),
    "corrections of an audit dated back before it opened": Plant(
        "amended_before_opening",
        {
            "declarations": _declarations(
                "d.version > 0 AND d.amended_by = 'customs'", known_on="d.accepted_on + 10"
            )
        },
    ),
    "findings dated back before their audit opened": Plant(
        "findings_before_opening",
        {
            "findings": """SELECT f.* REPLACE (opened_on - 30 AS event_on, opened_on - 30 AS known_on)
                FROM findings f JOIN audits USING (audit_id)"""
        },
    ),
    "identifiers of audits that end by outcome": Plant(
        "audits_by_audit_id_ending", {name: _ends_by_outcome(name) for name in ("audits", "findings")}
    ),
    "arrears that hold what the audit found, filed before it": Plant(
        "one_feature", {"tax_returns": ARREARS.format(days=360, before="DATE '2100-01-01'")}
    ),
    "sellers of guilty lines made into a few": Plant(
        "findings_by_seller",
        {"declarations": _declarations("TRUE", seller_id="'S9' || (hash(d.declaration_id) % 5)::TEXT")},
    ),
    "results of controls made from HS code, origin and rate": Plant(
        "controls_by_goods",
        {
            "controls": """SELECT c.* REPLACE (CASE WHEN hash(hs_code[:6], origin_country, duty_rate) % 100
                < 12 THEN 'valuation' END AS finding_type) FROM controls c
                JOIN (FROM declarations WHERE version = 0) d USING (declaration_id, item_number)"""
        },
    ),
    "a field emptied on guilty lines": Plant(
        "findings_by_empty_fields",
        {"declarations": _declarations("TRUE", freight_amount="NULL")},
    ),
    "guilty lines keyed in anew": Plant(
        "findings_by_delay",
        {
            "declarations": _declarations(
                "d.version = 0", known_on="least(d.accepted_on + 45, n.opened_on - 1)"
            )
        },
    ),
    "documents of guilty lines numbered apart": Plant(
        "findings_by_origin_proof_id_ending",
        {"declarations": _declarations("TRUE", origin_proof_id="d.declaration_id || 'Z'")},
    ),
    "controls known on the day of one load": Plant(
        "loaded_at_once",
        {
            "controls": """SELECT * REPLACE (greatest(controlled_on, DATE '2024-01-15') AS known_on)
                FROM controls"""
        },
    ),
    "arrears filled in afterwards for old audits alone": Plant(
        "newest_folds", {"tax_returns": ARREARS.format(days=360, before="DATE '2024-01-01'")}
    ),
}
