"""Label report: the alarms on outcomes as plain data, written and read as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from training.leaks.alarm import Alarm, alarm_lines, unreadable


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
        """Return what is doubted, alarm by alarm, then what could not be judged, as lines of text."""
        return alarm_lines(self.alarms, raised="OUTCOMES DOUBTED", silent="no outcome doubted")

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the report that `to_json` wrote; raises `DataError` where it is none."""
        try:
            return cls(tuple(Alarm(**alarm) for alarm in json.loads(text)["alarms"]))
        except (ValueError, TypeError, KeyError) as error:
            raise unreadable("label alarm", error) from error
