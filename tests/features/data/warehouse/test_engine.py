"""The embedded engine: what it writes of its own."""

import subprocess
import sys

CODE = """
from pathlib import Path
from features.data.warehouse.engine import embedded
print(embedded(Path(".")).con.execute("SELECT current_setting('enable_progress_bar')").fetchone())
"""
"""Given by -c, which DuckDB takes for an interactive session, as it does a notebook."""


def test_duckdb_draws_no_progress_bar_into_standard_output() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "(False,)\n"
