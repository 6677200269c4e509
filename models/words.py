"""Words of a feature: name, topic, label, phrase and unit, saved with the model that takes it."""

from dataclasses import dataclass

from features.feature import Feature, sentence
from features.language import ENGLISH, Language


@dataclass(frozen=True)
class Words:
    """The name, label, phrase and other words of a feature, as they were when the model was trained."""

    name: str
    family: str
    topic: str
    unit: str
    label: str
    phrase: str
    why: str
    months: int | None
    finding_type: str | None
    direction: int = 0
    """0 too in a model of an earlier release, which saved none."""

    @classmethod
    def of(cls, feature: Feature) -> "Words":
        """Return the words of a feature."""
        return cls(
            name=feature.name,
            family=feature.family,
            topic=feature.topic,
            unit=str(feature.unit),
            label=feature.label,
            phrase=feature.phrase,
            why=feature.why,
            months=feature.months,
            finding_type=feature.finding_type,
            direction=feature.direction,
        )

    def say(self, value: str, language: Language = ENGLISH) -> str:
        """Return the sentence with a value, written as a person reads it."""
        return sentence(self.phrase, value, months=self.months, language=language)
