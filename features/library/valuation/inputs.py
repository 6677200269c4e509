"""The columns of the contract that make a unit price of goods of one kind and origin."""

PRICED = (
    "declarations.customs_value declarations.net_mass_kg declarations.hs_code declarations.origin_country"
)
