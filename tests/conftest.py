"""What every test may rely on."""

import gc
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.postgres import postgres  # noqa: F401  a fixture: one server a worker

LONG = ("training", "serving", "torture", "docs", "e2e")
UPSTREAM_WARNINGS = (
    # Ibis 12 streams DuckDB's rows by a call that DuckDB 1.5 renamed
    "ignore:fetch_record_batch:DeprecationWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    """Let pass the warnings that only an upstream project can mend; let children hear Ctrl-C.

    A shell that runs the tests in the background has it ignored, and children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for warning in UPSTREAM_WARNINGS:
        config.addinivalue_line("filterwarnings", warning)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose files take long, so that the short ones fill the gaps between workers.

    Of these folders a file each comes in turn: the files of one wait for what they share to be made.
    """
    turns, files = dict[Path, int](), Counter[str]()
    for item in items:
        if item.path not in turns:
            turns[item.path] = files[_folder(item)]
            files[_folder(item)] += 1
    items.sort(key=lambda item: turns[item.path] if _folder(item) in LONG else len(turns))


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not among what stays: else it takes a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a session share: what takes long is made there once, under a lock."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
