"""What every test may rely on."""

from pathlib import Path

import pytest

LONG = ("training", "serving", "torture", "docs", "e2e")
UPSTREAM_WARNINGS = (
    # Ibis 12 streams DuckDB's rows by a call that DuckDB 1.5 renamed
    "ignore:fetch_record_batch:DeprecationWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    """Let pass the warnings that only an upstream project can mend."""
    for warning in UPSTREAM_WARNINGS:
        config.addinivalue_line("filterwarnings", warning)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose files take long, so that the short ones fill the gaps between workers."""
    items.sort(key=lambda item: item.path.relative_to(Path(__file__).parent).parts[0] not in LONG)
