"""Integer programs by HiGHS, whose own lines are kept from standard output."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scipy.optimize import OptimizeResult, milp

STANDARD_OUTPUT = 1


def solve_integers(*arguments: Any, **settings: Any) -> OptimizeResult:
    """Return what `scipy.optimize.milp` returns.

    HiGHS writes a line to standard output where it tries a solution anew, whatever its options say
    (`tmpSolver.run()`). It is dropped: what a command writes there, JSON above all, is its own.
    """
    with _silent():
        return milp(*arguments, **settings)


@contextmanager
def _silent() -> Iterator[None]:
    """Drop what libraries in C write to standard output."""
    c_library = ctypes.CDLL(None)
    sys.stdout.flush()
    duplicate, nowhere = os.dup(STANDARD_OUTPUT), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STANDARD_OUTPUT)
        yield
    finally:
        c_library.fflush(None)
        os.dup2(duplicate, STANDARD_OUTPUT)
        os.close(duplicate)
        os.close(nowhere)
