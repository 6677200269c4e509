"""The data contract: the tables that an administration provides, declared once."""

from features.data.contract import ledger, optional, required
from features.data.contract.table import Column, ColumnType, Reference, Table

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        required.DECLARATIONS,
        required.TRADERS,
        required.AUDITS,
        ledger.FINDINGS,
        optional.TARIFF,
        optional.HS_CORRELATIONS,
        optional.TAX_RETURNS,
        optional.TAX_AUDITS,
        optional.CONTROLS,
        optional.LINKS,
        optional.PAYMENTS,
        optional.ASSIGNMENTS,
        optional.SECOND_AUDITS,
        optional.LEVIES,
        optional.WATCHLIST,
    )
}

__all__ = ["TABLES", "Column", "ColumnType", "Reference", "Table"]
