"""The kernel in C: loaded where the package was built with a compiler."""

import ctypes
import hashlib
from functools import cache
from pathlib import Path

import numpy as np

from models.prediction import Floats
from models.treeshap.forest import Forest

SOURCE = Path(__file__).with_name("kernel.c")
LIBRARY = SOURCE.with_suffix(".lib")  # not .so, which Python takes for a module
SLOWER = (
    "Explanations have no compiled kernel here: NumPy makes the same, to the last bit, many times slower. "
    "Install a C compiler, such as gcc, and install audit-yield again."
)
MANY, FEW = 32, 8
"""Rows that go through a tree together, in `explain_many` and `explain_few`."""


class _Forest(ctypes.Structure):
    """`struct forest` of `kernel.c`."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("trees", "splits", "words", "rules")),
        *((name, ctypes.c_int64) for name in ("tree_count", "features", "boosters", "largest", "rule_nodes")),
    )


@cache
def library() -> ctypes.CDLL | None:
    """Return the compiled kernel; None where there is none for this machine, or it is of another source."""
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
        digest = (ctypes.c_char * 64).in_dll(loaded, "source_digest").value.decode()
    except (OSError, ValueError):
        return None
    return loaded if digest == hashlib.sha256(SOURCE.read_bytes()).hexdigest() else None


def explain(kernel: ctypes.CDLL, forest: Forest, X: Floats) -> tuple[Floats, Floats]:
    """As `numpy_kernel.explain`, by a kernel that `library` returned; other threads run meanwhile."""
    rows, features = X.shape
    if features != forest.features:
        raise ValueError(f"{features} features for a forest of {forest.features}")
    X = np.ascontiguousarray(X, np.float64)
    phi, values = np.empty((rows, features)), np.empty((rows, forest.boosters))
    lanes, function = (FEW, kernel.explain_few) if rows <= FEW else (MANY, kernel.explain_many)
    space = np.empty((2 * features + forest.boosters + 4 * forest.largest + 1) * lanes)
    about = _Forest(
        *(each.ctypes.data for each in (forest.trees, forest.splits, forest.words, forest.rules)),
        *(len(forest.trees), features, forest.boosters, forest.largest, forest.rules.shape[1]),
    )
    pointers = (ctypes.c_void_p(each.ctypes.data) for each in (phi, values, space))
    function(ctypes.byref(about), ctypes.c_void_p(X.ctypes.data), ctypes.c_int64(rows), *pointers)
    return phi, values
