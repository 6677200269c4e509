"""Examples of answers in the OpenAPI document, each put together from values of its members by name."""

from collections.abc import Mapping

from features.data.contract.required import FINDING_TYPES
from models.card import LEARNED
from serving.api.serialise import JsonObject

BY_TYPE = dict.fromkeys(FINDING_TYPES, 0.0) | {"valuation": 30148.51, "origin": 12250.0}

FIELD_EXAMPLES: Mapping[str, object] = {
    "additive": True,
    "adjusted": 31,
    "aeo_revalidation_due": "2026-03-01",
    "aeo_status": "aeo_c",
    "after": 2500000.0,
    "amount": 41800000.0,
    "answered": 96,
    "answers": 96,
    "as_of": "2024-10-01",
    "audit_id": "A0000123",
    "audits": 0,
    "base": 12398.51,
    "before": 2487500.0,
    "beyond": 0.02,
    "bound": 5210000.0,
    "CapGiven.bound": 5100.0,
    "bound_of_plan": 5090000.0,
    "by": "size_band",
    "PlanDecisionAnswer.by": "team 3",
    "by_type": BY_TYPE,
    "card": {"model": "hurdle", "metrics": {"calibration": 1.02}},
    "chosen": 118,
    "confirmed": False,
    "decision": "taken",
    "drawn": 100,
    "event_number": 1,
    "expected": 42398.51,
    "expected_before": 41150.0,
    "expected_hours": 120.0,
    "expected_yield": 42398.51,
    "family": "exposure",
    "feature": "customs_value_12m",
    "feature_digest": "5f0c1ed6b6c1d8a1f1f6f7b5a5e0b3b7c9d2e4f6a8b0c2d4e6f8a0b2c4d6e8f0",
    "features": ["customs_value_12m", "duty_12m"],
    "Ranked.features": {"customs_value_12m": 2500000.0},
    "fingerprint": "0b9d3f7a1c5e2d4f6a8b0c2d4e6f8a0b2c4d6e8f05f0c1ed6b6c1d8a1f1f6f7b5",
    "finding_type": "valuation",
    "first_day": "2024-10-01",
    "group": "large",
    "high": 147293.4,
    "DetectionKnown.high": 0.58,
    "GapAmount.high": 55200000.0,
    "high_if_adjusted": 301275.66,
    "hours": 120.0,
    "hours_without_caps": 130.0,
    "in_vain": 61.5,
    "is_audited": False,
    "is_provisional": False,
    "is_recorded": True,
    "is_without_teams": False,
    "is_tax_audited": False,
    "judgement_id": "1-3-0c4d9e1f",
    "kind": "hours",
    "known_on": "2024-11-05",
    "label": "Customs value, 12 months",
    "last_day": "2025-09-30",
    "last_opened_on": "2022-05-16",
    "leads_today": False,
    "learned_before": "2024-10-01",
    "lotteries": ["2023-10-01_2024-09-30-1"],
    "low": 0.0,
    "DetectionKnown.low": 0.41,
    "GapAmount.low": 30900000.0,
    "low_if_adjusted": 1834.02,
    "made_at": "2024-09-30T08:15:00+00:00",
    "means": "The audit is certain: no lot decided it.",
    "model_digest": "9e1f0c4d8a1f1f6f7b5a5e0b3b7c9d2e4f6a8b0c2d4e6f8a0b2c4d6e8f05f0c1",
    "model_version": "1",
    "money": 30000.0,
    "money_an_hour": 353.32,
    "month_before": "2024-09-01",
    "months": 12,
    "naive": 96400000.0,
    "name": "Lighthouse Trading",
    "CapGiven.name": "field hours of XA01",
    "FeatureTold.name": "customs_value_12m",
    "PlanAnswer.name": "2024-10-01_2025-09-30-1",
    "PlanListed.name": "2024-10-01_2025-09-30-1",
    "net_effect": 38211.4,
    "non_zero": 39,
    "office": "XA01",
    "office_code": "XA01",
    "page": 1,
    "pages": 3,
    "plan": "2024-10-01_2025-09-30-1",
    "predicted": {"2025": 43900000.0},
    "predicted_beyond": 0.0,
    "prediction_id": "1-1-f6b02714",
    "price": 61.2,
    "probability": 0.486653,
    "probability_desk": 0.0,
    "probability_field": 1.0,
    "probability_joint": 0.0,
    "probability_letter": 0.0,
    "promoted_at": "2024-09-30T08:00:00+00:00",
    "pursued": 0.44,
    "rank": 3,
    "rank_before": 57,
    "ranked": LEARNED,
    "reason": None,
    "recorded": True,
    "refused": 2,
    "region": "XA-01",
    "rest": 0.0,
    "rest_count": 0,
    "role": "certain",
    "EvidenceGiven.rows": [{"declaration_id": "24XA0000000001", "item_number": 1, "share": 12500.0}],
    "rows_in_all": 1,
    "sector": "G46",
    "selection_rate": 0.08,
    "sentence": "Goods worth 2,500,000 were declared in the 12 months before.",
    "sentences": ["Audits of all traders would book 41.8 million, give or take a third."],
    "share": 0.49,
    "silent": [],
    "silent_money": 0.0,
    "size_band": "large",
    "snapshot_digest": "c9d2e4f6a8b0c2d4e6f8a0b2c4d6e8f05f0c1ed6b6c1d8a1f1f6f7b5a5e0b3b7",
    "source": "the administration's study of 2021",
    "topic": "Size of the imports",
    "total": 212,
    "trader_id": "T0000012",
    "traders": 480,
    "treated": 38,
    "PlanWhatIfAnswer.treated": {"letter": 12.0, "desk": 9.0, "field": 15.5, "joint": 1.5},
    "treatment": "field",
    "turns_at": 1900000.0,
    "unit": "money",
    "unknown": [],
    "used": 5100.0,
    "value": 2500000.0,
    "PlanAnswer.value": 5090000.0,
    "value_without_caps_on_groups": 5150000.0,
    "verdict": "cannot tell",
    "visits": 17,
    "visits_without_caps": 19.5,
    "warnings": [],
    "why": "What can be adjusted grows with what is imported.",
    "widths": {"200": 8600000.0},
    "year": 2024,
}
"""By name, or by schema and name where it means another thing there.

Base, money and rest add up to the expected money.
"""


def add_examples(document: JsonObject) -> None:
    """Give each JSON answer, and each part of a path, of an OpenAPI document an example."""
    schemas = document["components"]["schemas"]
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["example"] = FIELD_EXAMPLES[parameter["name"]]
            for response in operation["responses"].values():
                content = response.get("content", {}).get("application/json")
                if content is not None:
                    content["example"] = _example(content["schema"], schemas, owner="", name="")


def _example(schema: JsonObject, schemas: Mapping[str, JsonObject], *, owner: str, name: str) -> object:
    """Return an example of a schema, that of a member of another: of the first option that it has."""
    if reference := schema.get("$ref"):
        model = reference.rpartition("/")[2]
        whole = schemas[model]
        if "examples" in whole:
            return whole["examples"][0]
        return {
            member: _example(within, schemas, owner=model, name=member)
            for member, within in whole["properties"].items()
        }
    if any("$ref" in option or "items" in option for option in schema.get("anyOf", ())):
        return _example(schema["anyOf"][0], schemas, owner=owner, name=name)
    if {"$ref", "anyOf"} & set(schema.get("items", ())):
        return [_example(schema["items"], schemas, owner=owner, name=name)]
    specific = f"{owner}.{name}"
    return FIELD_EXAMPLES[specific if specific in FIELD_EXAMPLES else name]
