"""The version of a database: another where the server counts changes, that of the day where it does not."""

import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from features.data.dataset import Dataset
from features.data.version import version_of
from features.errors import DataError
from tests.features.tables import TODAY
from tests.postgres import Server

PATIENCE = 60.0


def version(url: str, *, today: date = TODAY) -> str:
    return version_of(url, today=today, home=Path("unused")).digest


def changed(url: str, before: str) -> bool:
    """Whether the version becomes another: the counters of a session arrive when it ends, or soon after."""
    until = time.monotonic() + PATIENCE
    while version(url) == before and time.monotonic() < until:
        time.sleep(0.2)
    return version(url) != before


def settled(url: str) -> str:
    """Return the version once the counters of those who filled the database have arrived."""
    before = version(url)
    while True:
        time.sleep(2.0)
        if (now := version(url)) == before:
            return before
        before = now


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO traders SELECT * FROM traders LIMIT 1",
        "UPDATE traders SET name = 'Other' WHERE trader_id = '007'",
        "DELETE FROM findings",
        "TRUNCATE findings",
        "ALTER TABLE traders RENAME COLUMN name TO called",
        "ALTER TABLE traders ADD COLUMN other TEXT",
    ],
)
def test_every_change_makes_another_version(
    postgres: Server, url: str, database: str, statement: str
) -> None:
    before = settled(url)
    assert version(url) == before
    postgres.run(database, statement)
    assert changed(url, before)


def test_the_version_is_of_its_day_and_names_no_password(url: str, postgres: Server) -> None:
    assert version(url, today=TODAY + timedelta(days=1)) != version(url)
    parts = version_of(url, today=TODAY, home=Path("unused")).parts
    assert {"address", "today", "traders", "declarations"} <= set(parts)
    assert postgres.password not in str(parts)


def test_a_view_says_nothing_of_changes(postgres: Server, url: str, database: str) -> None:
    postgres.run(
        database, "ALTER TABLE traders RENAME TO people", "CREATE VIEW traders AS SELECT * FROM people"
    )
    assert "traders" not in version_of(url, today=TODAY, home=Path("unused")).parts


def test_a_database_is_checked_once_for_each_version(
    postgres: Server, url: str, database: str, tmp_path: Path
) -> None:
    dataset = Dataset(data=url, cutoff=TODAY, today=TODAY, home=tmp_path)
    before = settled(url)
    for _ in range(2):
        with dataset.open():
            pass
    [outcome] = (tmp_path / "checks").iterdir()
    postgres.run(database, "UPDATE declarations SET customs_value = -1")
    assert changed(url, before)
    with pytest.raises(DataError, match="declarations"), dataset.open():
        pass
    assert len(list((tmp_path / "checks").iterdir())) == 2
    assert outcome.exists()
