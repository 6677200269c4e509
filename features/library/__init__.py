"""The library of features by family: each feature is one small function and the texts an auditor reads.

A family is a module, or a package of modules where it is large.
"""

from collections.abc import Mapping
from types import ModuleType

from features.build import FeatureSet
from features.feature import Definition
from features.library import physical
from features.library.classification import cheaper_codes, doubtful_codes, usual_rates, variety
from features.library.exposure import beside_others, levels, own_rates, procedures, rhythm, volume
from features.library.history import (
    audits,
    authorisation,
    border,
    corrections,
    debts,
    identity,
    money,
    offences,
)
from features.library.origin import countries, levies, preferences, relief
from features.library.parties import brokers, kin, sellers
from features.library.tax import beside_customs, conduct, tax_at_stake
from features.library.valuation import digits, own_past, own_prices, peer_prices, terms

FAMILIES: Mapping[str, tuple[ModuleType, ...]] = {
    "exposure": (volume, levels, own_rates, beside_others, rhythm, procedures),
    "valuation": (peer_prices, own_past, own_prices, terms, digits),
    "classification": (cheaper_codes, usual_rates, variety, doubtful_codes),
    "origin": (preferences, countries, levies, relief),
    "physical": (physical,),
    "parties": (brokers, sellers, kin),
    "history": (audits, money, offences, border, corrections, debts, authorisation, identity),
    "tax": (beside_customs, tax_at_stake, conduct),
}
"""The modules of each family; their order is that of the columns."""


def definitions(module: ModuleType) -> list[Definition]:
    """Return the definitions of features in a module, in the order of its source."""
    return [each for each in vars(module).values() if isinstance(each, Definition)]


LIBRARY = FeatureSet.of(
    each for modules in FAMILIES.values() for module in modules for each in definitions(module)
)
