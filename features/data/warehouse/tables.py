"""Tables of a warehouse as other code needs them: which columns there are, and who stores what."""

from typing import Protocol

from ibis.expr import types as ir


class HasColumns(Protocol):
    """Whoever knows which columns of the contract an administration has."""

    def has(self, column: str) -> bool:
        """Return whether a column, given as `table.column`, is there."""


class Stores(HasColumns, Protocol):
    """Whoever knows the tables of a warehouse, and stores what is made of them: at once or when it is run."""

    def table(self, name: str) -> ir.Table:
        """Return a table of the contract."""

    def view(self, table: ir.Table) -> ir.Table:
        """Give an expression a name, so that what is made of it is short to write."""

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute a table once and store it until the work is done."""

    def drop(self, materialised: ir.Table) -> None:
        """Drop a materialised table before the work is done."""
