"""Every feature worked out a second time: slowly, plainly, from what its words say and not from its code.

A feature's reference is the function of its name, without the window, in the module of its family's name. It
takes a `View`, what one trader's cutoff may see, and the months of the window, and returns a number or None.
What several families need stands apart: `world`, `rows`, `arithmetic`, `peers`, `sector`, `audited`, `moves`.
"""

from importlib import import_module
from types import ModuleType

from features.feature import Feature
from tests.features.proofs.reference.arithmetic import Number
from tests.features.proofs.reference.world import View


def expected(feature: Feature, view: View) -> Number:
    """Return the value of a feature."""
    number: Number = getattr(family(feature), feature.function.__name__)(view, feature.months)
    return number


def family(feature: Feature) -> ModuleType:
    """Return the module that holds the reference of a feature."""
    return import_module(f"{__name__}.{feature.family}")
