"""Import LightGBM without the libraries beside it, as in the serving image."""

import sys

BESIDE = ("sklearn", "pandas", "dask")
"""The libraries that LightGBM imports where they are installed, for classes that none of our models uses."""


def import_lightgbm() -> None:
    """Import LightGBM as where none of `BESIDE` is installed, unless it was imported before.

    Else they take 2 of the 3 seconds from a command to its answer. They can be imported afterwards, and what
    was imported before stays; but in this process LightGBM refuses to make its own estimators, and pandas'
    categories are unknown to it. So this is not for code that others import as a library.
    """
    if "lightgbm" in sys.modules:
        return
    hidden = [name for name in BESIDE if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: there is no such module
    try:
        import lightgbm  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
