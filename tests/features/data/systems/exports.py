"""A tiny export of the Korean form, and short ways to import and to read what came of it."""

from pathlib import Path

import pyarrow.parquet as pq

from features.data.systems import SYSTEMS, ImportReport, import_export
from features.data.warehouse import Dialect
from tests.features.tables import Row

ROOT = Path(__file__).parents[4]
KCS_FILES = [ROOT / ".." / "shared" / "data" / "kcs" / f"{part}.csv" for part in ("train", "valid", "test")]
ASYCUDA = ROOT / "tests" / "fixtures" / "asycuda"

KCS_NAMES = (
    "Declaration ID,Date,Office ID,Process Type,Import Type,Import Use,Payment Type,Mode of Transport,"
    "Declarant ID,Importer ID,Seller ID,Courier ID,HS6 Code,Country of Departure,Country of Origin,Tax Rate,"
    "Tax Type,Country of Origin Indicator,Net Mass,Item Price,Fraud,Critical Fraud"
)
KCS_LINES = (
    "001,2020-01-01,30,B,11,21,11,10,D1,I1,S1,,010129,BE,BE,8.0,A,G,108.5,1000.5,1,1",
    "002,2020-03-31,30,B,11,21,11,10,D1,I1,S1,,440890,BE,FR,6.5,FEU1,G,1.0,200.0,1,2",
    "003,2020-03-31,40,B,15,11,11,40,D2,I1,,C1,690722,CN,CN,13.0,C,Y,2.0,5000.0,0,0",
    "004,2020-04-01,40,B,11,21,11,40,D2,I1,,,690722,CN,CN,13.0,E1,Y,2.0,300.0,0,0",
    "005,2020-04-15,40,B,11,21,11,40,D2,I2,,,690722,CN,CN,0.0,CIT,Y,2.0,9000.0,1,1",
    "006,2021-06-30,40,B,11,21,11,40,D2,I2,,,690722,CN,BD,0.1,R,Y,2.0,0.3,1,1",
)


Imported = tuple[Path, ImportReport]
"""The folder of the tables that were written, and the report of the import."""


def kcs_file(folder: Path, *lines: str, names: str = KCS_NAMES, name: str = "kcs.csv") -> Path:
    """Write a Korean export; the tiny one where no lines are given."""
    file = folder / name
    file.write_text("\n".join((names, *(lines or KCS_LINES))) + "\n", encoding="utf-8")
    return file


def bring(
    system: str, *files: Path, out: Path, dialect: Dialect | None = None, overwrite: bool = False
) -> ImportReport:
    """Import files of a source system."""
    return import_export(SYSTEMS[system], files, out=out, dialect=dialect, overwrite=overwrite)


def rows(out: Path, table: str) -> list[Row]:
    """Read a table that was written."""
    return list(pq.read_table(out / f"{table}.parquet").to_pylist())


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its bytes."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
