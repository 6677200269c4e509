"""Inputs: the columns that a feature must name when it reads them, and those that none may read."""

from collections.abc import Collection, Mapping

from features.build import FeatureSet
from features.data.contract import TABLES

OPTIONAL_TABLES = tuple(name for name, table in TABLES.items() if not table.required)
OPTIONAL_COLUMNS = tuple(
    f"{table.name}.{column.name}"
    for table in TABLES.values()
    for column in table.columns
    if not column.required and not column.default
)
READ_WHERE_THERE: Mapping[str, str] = {
    "declarations.supplementary_quantity": "unit prices are per kilogram where no quantity is given",
    "declarations.supplementary_unit": "as the quantity",
    "declarations.preference_code": "all rates paid are then those without preference",
    "declarations.excise_assessed": "taxes are then duty and VAT",
    "declarations.cancelled_on": "every declaration then stands",
    "levies.amount": "taxes are then duty, VAT and excise",
    "levies.rate": "a levy then has the rate that its amount is of the value",
    "traders.sector": "traders are then compared with all others",
    "traders.size_band": "traders are then compared with all of their sector",
    "tariff.rate": "the rate that others pay then stands for the general one",
    "tariff.preference_code": "all rates are then those without preference",
    "tariff.valid_to": "a rate then holds until the next begins",
    "controls.item_number": "a control then speaks of the whole declaration",
    "controls.finding_type": "a control then found something where it gained revenue",
    "links.valid_to": "a tie then holds for ever",
    "findings.declaration_id": "goods then move after the faults that controls found",
    "findings.item_number": "a finding then speaks of the whole declaration",
    "findings.corrects": "every event then stands",
}
"""Columns that sharpen features that do without them."""
TO_NAME = tuple(column for column in OPTIONAL_COLUMNS if column not in READ_WHERE_THERE)
"""The columns that a feature reads only where it names them among its inputs."""
NEVER_INPUTS: Mapping[str, str] = {
    "audits.team_id": "it corrects for the skill of auditors and says nothing of the trader",
    "traders.name": "a name is shown, never judged",
    "audits.inclusion_probability": "how an audit was drawn is no trait of the trader",
    "audits.selection_run_id": "as its probability",
    "audits.hours_spent": "known only once the audit has ended",
}
"""The columns that no feature may know, each with its reason."""


def named_by(features: FeatureSet, columns: Collection[str]) -> set[str]:
    """Return the features that name one of the columns, or are combined of some that do."""
    named: set[str] = set()
    for feature in features.features:
        parts = feature.parameters if feature.source is None else ()
        if set(feature.inputs) & set(columns) or named & set(parts):
            named.add(feature.name)
    return named
