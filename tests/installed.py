"""The installed command, run by tests as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

EXECUTABLE = Path(sys.executable).with_name("audit-yield")


def run(
    *arguments: str,
    folder: Path | None = None,
    timeout: float = 240,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, with more in its environment than the tests have; times are in seconds."""
    return subprocess.run(
        [EXECUTABLE, *arguments],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
