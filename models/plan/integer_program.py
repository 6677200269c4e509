"""Integer programs by HiGHS, whose own lines are kept from standard output."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scipy.optimize import OptimizeResult, milp

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2


def solve_integers(*arguments: Any, **settings: Any) -> OptimizeResult:
    """Return what `scipy.optimize.milp` returns.

    HiGHS writes a line where it tries a solution anew, whatever its options say (`tmpSolver.run()`). It goes
    to standard error: what a command writes to standard output, JSON above all, is its own.
    """
    with _to_standard_error():
        return milp(*arguments, **settings)


@contextmanager
def _to_standard_error() -> Iterator[None]:
    """Lead what libraries in C write to standard output to standard error."""
    c_library = ctypes.CDLL(None)
    sys.stdout.flush()
    duplicate = os.dup(STANDARD_OUTPUT)
    try:
        os.dup2(STANDARD_ERROR, STANDARD_OUTPUT)
        yield
    finally:
        c_library.fflush(None)
        os.dup2(duplicate, STANDARD_OUTPUT)
        os.close(duplicate)
