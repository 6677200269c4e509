"""Notice to the trader itself: what was looked at, without others' values, thresholds, ranks or scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.build import FeatureSet
from features.feature import window_words
from models.reasons import Reason
from serving.live.state import Live
from serving.page.lines import topic_reasons
from serving.settings import Settings

OWN = {
    "your declarations": "lines subheadings months offices ports transport_modes goods "
    "goods_of_sellers seller_goods switches_after_rises switches_after_findings",
    "your amendments of declarations": "amendments",
    "earlier audits of your company": "audits letters",
    "controls of your goods": "controls",
    "your payments of customs debts": "payments",
    "your tax returns": "tax_returns compared_returns filings",
    "your entry in the register of traders": "descriptions past_descriptions",
}
"""The trader's own records, and the kinds of rows made of them. A kind that is not here may speak of others,
or of inquiries that a notice must not give away: it counts as experience in general."""
RECORD_OF = {kind: record for record, kinds in OWN.items() for kind in kinds.split()}
GENERAL = "general experience with comparable trade, and other information lawfully held"
COUNTED = 6


@dataclass(frozen=True)
class Letterhead:
    """What a notice says of whoever sends it: the day, and as set the office and the legal basis."""

    dated: date
    office: str = ""
    legal_basis: str = ""

    @classmethod
    def of(cls, settings: Settings, dated: date) -> "Letterhead":
        """Return the letterhead that is set, for a day."""
        return cls(dated, settings.notice_office, settings.notice_legal_basis)


def notice(live: Live, row: Mapping[str, Any], letterhead: Letterhead) -> dict[str, object]:
    """Return the values of the notice template."""
    own, speaks_generally = notice_reasons(live, row["trader_id"])
    general = GENERAL if speaks_generally else None
    return {"row": row, "own": own, "general": general, "letterhead": letterhead}


def notice_reasons(live: Live, trader_id: str) -> tuple[dict[str, list[str]], bool]:
    """Return labels of what raised the expectation by the trader's own record behind, and whether more did.

    Of the `COUNTED` weightiest reasons that raised it; in the order of the alphabet, so that no weight shows.
    """
    _, _, topics = topic_reasons(live, trader_id)
    raising = [each.leading for each in topics if each.money > 0 and each.leading][:COUNTED]
    labels_by_record: dict[str, list[str]] = {}
    for each in raising:
        record = record_of(live.snapshot.features, each.feature)
        labels_by_record.setdefault(record, []).append(_label(live, each))
    own = {record: sorted(labels) for record, labels in sorted(labels_by_record.items()) if record != GENERAL}
    return own, GENERAL in labels_by_record


def _label(live: Live, reason: Reason) -> str:
    """Return the label of a feature and its window."""
    months = next(each.months for each in live.bundle.words if each.name == reason.feature)
    if months is None:
        return reason.label
    words = live.language.gettext("{label}, in {window}")
    return words.format(label=reason.label, window=window_words(months, live.language))


def record_of(features: FeatureSet, name: str) -> str:
    """Return the record that a feature rests on, where that is the trader's own and one alone."""
    feature = features.by_name[name]
    if feature.source is not None:
        return RECORD_OF.get(feature.source, GENERAL)
    records = {record_of(features, parameter) for parameter in feature.parameters}
    return records.pop() if len(records) == 1 else GENERAL
