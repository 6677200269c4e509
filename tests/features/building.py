"""Features built of tiny tables, for the tests whose values are worked by hand."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from uuid import uuid4

from features.library import LIBRARY
from features.spine import Spine
from features.warehouse import open_warehouse
from tests.features.tables import Row, Tables, write_parquet

Asked = tuple[str, date]


def built(folder: Path, tables: Tables, features: str, asked: Iterable[Asked]) -> dict[Asked, Row]:
    """Return the named features, blank-separated, of each trader and cutoff asked."""
    pairs = list(asked)
    place = write_parquet(folder / uuid4().hex, tables)
    with open_warehouse(str(place)) as warehouse:
        spine = Spine.of([trader for trader, _ in pairs], [day for _, day in pairs])
        rows = LIBRARY.select(features.split()).build(warehouse, spine).to_pyarrow().to_pylist()
    return {(row["trader_id"], row["cutoff"]): row for row in rows}
