from pathlib import Path

from features.data.contract import TABLES
from features.data.contract.document import document

PAGE = Path(__file__).parents[4] / "docs" / "contract.md"


def test_the_page_agrees_with_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "run `make fix`"


def test_every_column_of_every_table_stands_on_the_page() -> None:
    sections = document().split("\n## ")[1:-1]
    assert [section.split()[0] for section in sections] == list(TABLES)
    for section, table in zip(sections, TABLES.values(), strict=True):
        written = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]
        assert written[1:] == list(table.names)
