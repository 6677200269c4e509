from pathlib import Path

from features.document import document
from features.library import LIBRARY

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_page_agrees_with_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "run `make fix`"


def test_every_feature_stands_on_the_page() -> None:
    page = document()
    assert [name for name in LIBRARY.names if f"`{name}`" not in page] == []
