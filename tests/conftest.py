"""What every test may rely on."""

import pytest

UPSTREAM_WARNINGS = (
    # Ibis 12 streams DuckDB's rows by a call that DuckDB 1.5 renamed
    "ignore:fetch_record_batch:DeprecationWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    """Let pass the warnings that only an upstream project can mend."""
    for warning in UPSTREAM_WARNINGS:
        config.addinivalue_line("filterwarnings", warning)
