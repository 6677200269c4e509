"""The features, a family a module: each feature is one small function and the words an auditor reads."""

from types import ModuleType

from features.build import FeatureSet
from features.feature import Definition
from features.library import classification, exposure, history, origin, parties, physical, tax, valuation

FAMILIES: tuple[ModuleType, ...] = (
    exposure,
    valuation,
    classification,
    origin,
    physical,
    parties,
    history,
    tax,
)


def definitions(family: ModuleType) -> list[Definition]:
    """Return what a module of features defines, in the order in which it stands there."""
    return [each for each in vars(family).values() if isinstance(each, Definition)]


LIBRARY = FeatureSet.of(each for family in FAMILIES for each in definitions(family))
