"""Audit yields by finding type: the words that their features share."""

from features.feature import Decorator, Example, feature
from features.library.history.inputs import RECORD
from features.library.literature import DATE
from features.unit import Unit


def yield_from(
    finding_type: str, *, fault: str, row: tuple[float, float, float, float], value: float
) -> Decorator:
    """Make an aggregate of the track record the feature of the yield of one type of findings.

    `fault` is what such findings are about. The worked example is `row`, the assessed and the audited value
    of the trader and then of others, and the `value` that it comes to.
    """
    return feature(
        source="track_record",
        unit=Unit.SHARE,
        indicator="shrunk_yield_per_value",
        reference=DATE,
        inputs=f"{RECORD} findings.finding_type",
        label=f"Audit yield from {finding_type}",
        phrase="By its own audits and those of others of its sector and size, audits assess {value} of the "
        f"customs value they cover for {fault}.",
        why=f"The more audits assessed for {fault} here, or with others of its sector and size, the more the "
        "next may.",
        finding_type=finding_type,
        monotone=1,
        example=Example(
            f"assessed_{finding_type} audited_value other_assessed_{finding_type} other_audited_value",
            [row],
            value,
        ),
    )
