"""Write the simulated tables as Parquet files, the declarations a quarter at a time."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import TABLES
from features.errors import OutputError

DATA, TRUTH = "data", "truth"
SELDOM_REPEATED = {  # dictionaries of their values are begun and dropped: writing took half as long again
    "declaration_id",
    "origin_proof_id",
    "customs_value",
    "freight_amount",
    "net_mass_kg",
    "gross_mass_kg",
    "supplementary_quantity",
    "duty_assessed",
    "vat_assessed",
    "invoice_amount",
}


@dataclass
class LineFile:
    """A Parquet file of lines or levies; each table becomes a row group, written while the next is simulated.

    Coded texts are strings in the file: without Arrow's own schema in it, readers see the contract's.
    """

    path: Path
    rows: int = 0
    _writer: pq.ParquetWriter | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _last: Future[None] | None = None

    def append(self, table: pa.Table) -> None:
        """Start to write a table, once the one before is written."""
        self.wait()
        self.rows += table.num_rows
        self._last = self._thread.submit(self._write, table)

    def wait(self) -> None:
        """Wait until all appended tables are written."""
        if self._last is not None:
            self._last.result()
            self._last = None

    def close(self) -> None:
        """Finish the file."""
        self.wait()
        self._thread.shutdown()
        if self._writer is not None:
            self._writer.close()

    def _write(self, table: pa.Table) -> None:
        if self._writer is None:
            repeated = [name for name in table.schema.names if name not in SELDOM_REPEATED]
            self._writer = pq.ParquetWriter(
                self.path, table.schema, store_schema=False, use_dictionary=repeated
            )
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))


def coded_schema(columns: dict[str, pa.Array], *, table: str) -> pa.Schema:
    """Return the contract's schema for the columns that there are, with strings coded as in `columns`."""
    fields = [
        pa.field(
            column.name,
            columns[column.name].type if pa.types.is_dictionary(columns[column.name].type) else column.type,
            column.nullable,
        )
        for column in TABLES[table].schema
        if column.name in columns
    ]
    return pa.schema(fields)


def write_table(columns: dict[str, pa.Array], *, table: str, folder: Path) -> int:
    """Write a table of the contract, with the columns that there are, and return the number of rows."""
    schema = pa.schema([field for field in TABLES[table].schema if field.name in columns])
    arrays = [columns[name].cast(schema.field(name).type) for name in schema.names]
    written = pa.Table.from_arrays(arrays, schema=schema)
    pq.write_table(written, folder / f"{table}.parquet", store_schema=False)
    return int(written.num_rows)


def refuse_other_folders(out: Path, *, overwrite: bool) -> None:
    """Raise `OutputError` where `out` holds other files than a simulation, or one and not `overwrite`."""
    if not out.exists():
        return
    names = {path.name for path in out.iterdir()} if out.is_dir() else {out.name}
    if not out.is_dir() or names - {DATA, TRUTH}:
        raise OutputError(
            f"{out} exists and is not a simulation.",
            expected="a new folder, or one an earlier simulation wrote.",
            advice="Name another folder.",
        )
    if names and not overwrite:
        raise OutputError(
            f"{out} holds a simulation already.",
            expected="a new folder.",
            advice="Name another folder, or ask for it to be overwritten.",
        )
