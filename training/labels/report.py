"""Label report: the alarms on outcomes as plain data, written and read as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from features.errors import DataError
from training.leaks.alarm import Alarm


@dataclass(frozen=True)
class LabelReport:
    """All alarms on outcomes that were tried, in a fixed order."""

    alarms: tuple[Alarm, ...]

    @property
    def raised(self) -> tuple[Alarm, ...]:
        """The alarms that are raised: what they name must be looked at before such a model is promoted."""
        return tuple(alarm for alarm in self.alarms if alarm.raised)

    def to_json(self) -> str:
        """Return the report as JSON text."""
        content = {"alarms": [asdict(alarm) for alarm in self.alarms]}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def to_text(self) -> Iterator[str]:
        """Yield what is doubted, alarm by alarm, then what could not be judged, as lines for a terminal."""
        unjudged = [alarm.name for alarm in self.alarms if alarm.value is None]
        if self.raised:
            yield f"OUTCOMES DOUBTED: {len(self.raised)} of {len(self.alarms)} alarms are raised"
        else:
            yield f"no outcome doubted: {len(self.alarms) - len(unjudged)} alarms are silent"
        for alarm in self.raised:
            yield f"  {alarm.name}: {alarm.sentence}"
        if unjudged:
            yield f"not judged, for want of data: {', '.join(unjudged)}"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the report that `to_json` wrote; raises `DataError` where it is none."""
        try:
            return cls(tuple(Alarm(**alarm) for alarm in json.loads(text)["alarms"]))
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f"The report of the label alarm cannot be read: {type(error).__name__}: {error}.",
                expected="a report as `audit-yield train` writes it.",
                advice="Train the model anew.",
            ) from error
