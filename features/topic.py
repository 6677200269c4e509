"""Topics: indicators that an auditor looks into as one, under a heading that holds for either direction."""

from collections.abc import Mapping

TOPICS: Mapping[str, str] = {
    "How much it imports": """
        activity taxes_12m value_12m
    """,
    "When and by what routes it imports": """
        burstiness growth office_shopping route_change
    """,
    "The range of its goods": """
        hs_entropy hs_novelty
    """,
    "Its prices beside those of others": """
        overvalue_money share_below_p10 undervalue_money unit_price_gap
    """,
    "How its own prices vary": """
        own_past_price own_price_drift own_price_spread seller_price_split
    """,
    "Terms, additions and invoices": """
        adjustments_absent digit_anomaly freight_ratio_gap method_not_1_share related_party_share royalty_gap
    """,
    "Tariff codes and rates": """
        effective_rate hs_finding_exposure lowest_rate_share own_past_rate residual_code_share
        sibling_rate_gap switch_to_lower usual_rate_gap
    """,
    "Preferences and duty forgone": """
        preference_money preference_no_doc preference_share revenue_at_stake
    """,
    "Countries of origin and dispatch": """
        levies_avoided origin_finding_exposure origin_not_dispatch origin_shift
    """,
    "Special procedures and relief": """
        relief_open special_regime_share
    """,
    "Weights and quantities": """
        mass_ratio_anomaly value_per_kg value_per_kg_tail
    """,
    "Its brokers and sellers": """
        broker_churn broker_finding_rate seller_finding_rate
    """,
    "Traders tied to it": """
        graph_risk shared_identity
    """,
    "Its audits, controls and corrections": """
        amendments audits_and_recency border_hits letter_response offences overturned_share
        shrunk_adjustment_rate shrunk_yield_per_value
    """,
    "The company, and how it files and pays": """
        aeo_state entity lateness tax_conduct
    """,
    "Its books beside its declarations": """
        implied_margin import_purchases_gap import_vat_gap payments_gap
    """,
}
"""The indicators of each topic.

Few enough that the ten weightiest hold nearly all that is said of a trader (.92 of the money moved, at the
tenth percentile of traders, where the ten weightiest of 64 indicators hold .61), and enough to tell apart
what an auditor would look at."""
TOPIC_OF = {indicator: topic for topic, indicators in TOPICS.items() for indicator in indicators.split()}


def topic_of(indicator: str) -> str:
    """Return the topic of an indicator; one that no topic holds stands for itself.

    >>> topic_of("value_per_kg"), topic_of("gate_hours")
    ('Weights and quantities', 'Gate hours')
    """
    return TOPIC_OF.get(indicator) or indicator.replace("_", " ").capitalize()
