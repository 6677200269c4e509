"""Inputs of several features: the columns of the contract for unit prices by goods and origin."""

PRICED = (
    "declarations.customs_value declarations.net_mass_kg declarations.hs_code declarations.origin_country"
)
