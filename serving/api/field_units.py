"""Units of numbers in the OpenAPI document, as `x-unit` of each, by name."""

from collections.abc import Mapping

from features.unit import Unit
from serving.api.serialise import JsonObject

OF_FEATURE = "the feature's"
"""As /models names it for each feature."""
OF_CAP = "the cap's"
"""Hours, visits or a share of them, as its `kind` says."""

FIELD_UNITS: Mapping[str, Unit | str] = {
    "after": OF_FEATURE,
    "amount": Unit.MONEY,
    "base": Unit.MONEY,
    "before": OF_FEATURE,
    "beyond": Unit.SHARE,
    "bound": Unit.MONEY,
    "CapGiven.bound": OF_CAP,
    "bound_of_plan": Unit.MONEY,
    "by_type": Unit.MONEY,
    "customs_value": Unit.MONEY,
    "desk": Unit.HOUR,
    "duty_assessed": Unit.MONEY,
    "expected": Unit.MONEY,
    "expected_before": Unit.MONEY,
    "expected_hours": Unit.HOUR,
    "expected_yield": Unit.MONEY,
    "Ranked.features": OF_FEATURE,
    "field": Unit.HOUR,
    "high": Unit.MONEY,
    "DetectionKnown.high": Unit.SHARE,
    "high_if_adjusted": Unit.MONEY,
    "hours": Unit.HOUR,
    "hours_without_caps": Unit.HOUR,
    "in_vain": Unit.COUNT,
    "invoice_amount": "as invoice_currency says",
    "least_money": Unit.MONEY,
    "low": Unit.MONEY,
    "DetectionKnown.low": Unit.SHARE,
    "low_if_adjusted": Unit.MONEY,
    "money": Unit.MONEY,
    "money_an_hour": Unit.MONEY,
    "most_hours": Unit.HOUR,
    "naive": Unit.MONEY,
    "net_effect": Unit.MONEY,
    "net_mass_kg": Unit.KILOGRAM,
    "predicted": Unit.MONEY,
    "predicted_beyond": Unit.MONEY,
    "price": Unit.MONEY,
    "probability": Unit.PROBABILITY,
    "probability_desk": Unit.PROBABILITY,
    "probability_field": Unit.PROBABILITY,
    "probability_joint": Unit.PROBABILITY,
    "probability_letter": Unit.PROBABILITY,
    "pursued": Unit.SHARE,
    "random_share": Unit.SHARE,
    "rest": Unit.MONEY,
    "selection_rate": Unit.SHARE,
    "share": Unit.SHARE,
    "silent_money": Unit.MONEY,
    "supplementary_quantity": "as supplementary_unit says",
    "treated": Unit.COUNT,
    "turns_at": OF_FEATURE,
    "used": OF_CAP,
    "value": OF_FEATURE,
    "PlanAnswer.value": Unit.MONEY,
    "value_without_caps_on_groups": Unit.MONEY,
    "vat_assessed": Unit.MONEY,
    "visits": Unit.COUNT,
    "visits_without_caps": Unit.COUNT,
    "widths": Unit.MONEY,
}
"""By name, or by schema and name where it means another thing there; the contract's know theirs."""


def add_units(document: JsonObject, *, currency: str) -> None:
    """Give each number that is no whole one its `x-unit`, and end its description with it.

    Generated clients show descriptions alone. Money is in units of `currency`, where that is known.
    """
    units: dict[Unit | str, str] = {Unit.MONEY: currency or "reporting currency"}
    for model, schema in document["components"]["schemas"].items():
        for name, member in schema.get("properties", {}).items():
            if is_number(member):
                unit = member.get("x-unit") or FIELD_UNITS.get(f"{model}.{name}") or FIELD_UNITS[name]
                _add_unit(member, member, units.get(unit, unit))
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if is_number(parameter["schema"]):
                    unit = FIELD_UNITS[parameter["name"]]
                    _add_unit(parameter["schema"], parameter, units.get(unit, unit))


def _add_unit(schema: JsonObject, described: JsonObject, unit: str) -> None:
    schema["x-unit"] = unit
    described["description"] = f"{described['description'].rstrip('.')}. Unit: {unit}."


def is_number(schema: JsonObject) -> bool:
    """Whether a schema is of a number that need not be whole, or of an object of such numbers."""
    values = schema.get("additionalProperties")
    within = [*schema.get("anyOf", ()), *([values] if isinstance(values, dict) else ())]
    return schema.get("type") == "number" or any(map(is_number, within))
