"""Intermediate tables and views of one piece of work, on the engine until it is done."""

from typing import Self

from ibis.expr import types as ir

from features.data.warehouse import Warehouse


class Intermediate:
    """Materialises tables and names expressions, until this object is left."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._materialised: list[ir.Table] = []
        self._views: list[ir.Table] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:  # after an error PostgreSQL refuses to drop, which would hide the error
            for view in reversed(self._views):
                self._warehouse.drop_view(view.get_name())
            for table in self._materialised:
                self._warehouse.drop(table.get_name())

    def has(self, column: str) -> bool:
        """Return whether a column of the contract, given as `table.column`, is there."""
        return self._warehouse.has(column)

    def table(self, name: str) -> ir.Table:
        """Return a table of the contract."""
        return self._warehouse.table(name)

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute a table once and store it on the engine until this object is left."""
        materialised = self._warehouse.materialise(table)
        self._materialised.append(materialised)
        return materialised

    def drop(self, materialised: ir.Table) -> None:
        """Drop a materialised table before this object is left."""
        self._materialised = [table for table in self._materialised if table is not materialised]
        self._warehouse.drop(materialised.get_name())

    def view(self, table: ir.Table) -> ir.Table:
        """Give an expression a name, so that what several features make of it is short to write."""
        self._views.append(view := self._warehouse.view(table))
        return view
